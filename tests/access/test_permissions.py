"""All that a customer may do, over HTTP and for screens."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tessera.access.batch import Batch
from tessera.access.engine import decide
from tessera.access.queries import effective_permissions
from tessera.access.types import Asked, Source, Target
from tessera.core.ids import Prefix, to_text
from tessera.http.scopes import Scope
from tessera.organizations.models import Organization
from tessera.people.types import CustomerStatus
from tests import make
from tests.make import FEB_10, JAN_10

pytestmark = pytest.mark.django_db


@pytest.fixture
def club() -> Organization:
    return make.organization(test_now=JAN_10)


def get(secret: str, path: str) -> tuple[int, Any]:
    answer = Client().get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {secret}"})
    return answer.status_code, json.loads(answer.content)


def test_all_permissions_own_and_inherited_each_with_its_source(club: Organization) -> None:
    acme = make.company(club, "Acme Ltd")
    make.membership(make.plan(club, "Corporate", permissions=["desk", "pool"]), company=acme)
    ada = make.employee(acme)
    make.membership(make.plan(club, "Gold", permissions=["pool", "gym"]), customer=ada, ends_at=FEB_10)
    make.permission(club, "sauna")

    held = effective_permissions(club, ada.pk, JAN_10)

    assert [(each.key, each.source, each.company_name, each.plan_name) for each in held] == [
        ("desk", Source.COMPANY, "Acme Ltd", "Corporate"),
        ("gym", Source.OWN, "", "Gold"),
        ("pool", Source.OWN, "", "Gold"),
    ]
    assert [each.valid_until for each in held] == [None, FEB_10, None]


@pytest.mark.parametrize("status", [CustomerStatus.BANNED, CustomerStatus.ARCHIVED])
def test_nobody_banned_or_archived_has_any(club: Organization, status: CustomerStatus) -> None:
    ada = make.customer(club, status=status)
    make.membership(make.plan(club, permissions=["pool"]), customer=ada)

    assert effective_permissions(club, ada.pk, JAN_10) == []


def test_the_api_lists_them_at_any_instant(club: Organization) -> None:
    acme = make.company(club, "Acme Ltd")
    held = make.membership(make.plan(club, "Corporate", permissions=["desk"]), company=acme, ends_at=FEB_10)
    ada = make.employee(acme)
    _, secret = make.key(club, [Scope.ACCESS_READ])
    ref = to_text(Prefix.CUSTOMER, ada.pk)

    status, body = get(secret, f"customers/{ref}/permissions")

    assert status == 200
    assert body["evaluated_at"] == "2026-01-10T12:00:00Z"
    (desk,) = body["data"]
    assert (desk["key"], desk["source"], desk["in_grace"]) == ("desk", "company", False)
    assert desk["company"] == {"id": to_text(Prefix.COMPANY, acme.pk), "name": "Acme Ltd"}
    assert desk["membership"] == to_text(Prefix.MEMBERSHIP, held.pk)
    assert desk["valid_until"] == "2026-02-10T12:00:00Z"
    assert get(secret, f"customers/{ref}/permissions?at=2026-02-10T12:00:00Z")[1]["data"] == []
    assert get(secret, f"customers/{ref}/permissions?at=2026-02-10T12:00:00")[0] == 422


def test_the_api_refuses_strangers(club: Organization) -> None:
    ref = to_text(Prefix.CUSTOMER, make.customer(club).pk)
    _, foreign = make.key(make.organization(), [Scope.ACCESS_READ])
    _, without_scope = make.key(club, [Scope.CUSTOMERS_READ])

    assert get(foreign, f"customers/{ref}/permissions")[0] == 404
    assert get(without_scope, f"customers/{ref}/permissions")[0] == 403


def test_twenty_permissions_and_memberships_cost_as_many_queries_as_one(club: Organization) -> None:
    def queries(number: int) -> int:
        acme = make.company(club)
        ada = make.employee(acme)
        for each in range(number):
            make.membership(make.plan(club, permissions=[f"own-{each}"]), customer=ada)
            make.membership(make.plan(club, permissions=[f"inherited-{each}"]), company=acme)
        with CaptureQueriesContext(connection) as captured:
            assert len(effective_permissions(club, ada.pk, JAN_10)) == 2 * number
        return len(captured)

    assert queries(1) == queries(20)


def test_a_batch_answers_as_single_questions_do(club: Organization) -> None:
    make.permission(club, "all-doors", targets=["enter door:*", "use permission:pool"])
    make.permission(club, "front", targets=["enter door:front", "enter gate:1*"])
    ada, brook = make.customer(club), make.customer(club)
    make.membership(make.plan(club, permissions=["front", "pool"]), customer=ada, ends_at=FEB_10)
    make.membership(make.plan(club, permissions=["all-doors"]), customer=brook)
    foreign = make.organization()
    make.permission(foreign, "sauna", targets=["enter door:sauna"])
    asked: list[Asked] = [
        "pool",
        "sauna",
        Target("enter", "door", "front"),
        Target("enter", "door", "back"),
        Target("enter", "gate", "12"),
        Target("enter", "gate", "21"),
        Target("use", "permission", "pool"),
        Target("use", "permission", "front"),
        Target("use", "permission", "nothing"),
        Target("leave", "door", "front"),
    ]
    at = JAN_10 + timedelta(days=1)
    batch = Batch(organization_id=club.pk, asked=asked, at=at)

    for person in (ada, brook):
        for question in asked:
            single = decide(organization_id=club.pk, customer_id=person.pk, asked=question, at=at)
            assert batch.decide(person.pk, question) == single, question

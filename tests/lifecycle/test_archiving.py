"""Customers and companies that are done with are put away, and taken back out; nothing is deleted."""

from datetime import timedelta

import pytest
import time_machine

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.events.types import Actor, EventType
from tessera.lifecycle.archive import archive_company, archive_customer, restore_company, restore_customer
from tessera.lifecycle.errors import MembershipsRunning
from tessera.memberships.errors import HolderBanned
from tessera.organizations.models import Organization
from tessera.people.errors import CustomerMerged
from tessera.people.types import CompanyStatus, CustomerStatus
from tests import make
from tests.http.client import Api

DESK = Actor.system("tests")
LATER = make.JAN_10 + timedelta(days=30)


def test_a_customer_is_archived_and_restored_with_one_event_each(club: Organization) -> None:
    ada, bystander = make.customer(club), make.customer(club)

    archived = archive_customer(customer=ada, at=make.JAN_10, actor=DESK)
    again = archive_customer(customer=ada, at=make.JAN_10, actor=DESK)
    restored = restore_customer(customer=ada, at=LATER, actor=DESK)
    restore_customer(customer=ada, at=LATER, actor=DESK)

    assert (archived.status, archived.version) == (CustomerStatus.ARCHIVED, 2)
    assert again.version == 2
    assert (restored.status, restored.version) == (CustomerStatus.ACTIVE, 3)
    assert list(Event.objects.order_by("sequence").values_list("type", "customer_id", "at")) == [
        (EventType.CUSTOMER_ARCHIVED, ada.pk, make.JAN_10),
        (EventType.CUSTOMER_RESTORED, ada.pk, LATER),
    ]
    bystander.refresh_from_db()
    assert bystander.status == CustomerStatus.ACTIVE


def test_a_company_is_archived_and_restored_and_keeps_its_people(club: Organization) -> None:
    acme = make.company(club)
    make.employee(acme)

    archived = archive_company(company=acme, at=make.JAN_10, actor=DESK)
    restored = restore_company(company=acme, at=LATER, actor=DESK)

    assert archived.status == CompanyStatus.ARCHIVED
    assert (restored.status, restored.version) == (CompanyStatus.ACTIVE, 3)
    assert list(Event.objects.order_by("sequence").values_list("type", "company_id")) == [
        (EventType.COMPANY_ARCHIVED, acme.pk),
        (EventType.COMPANY_RESTORED, acme.pk),
    ]
    assert acme.affiliations.count() == 1


def test_whoever_has_a_running_membership_is_not_archived(club: Organization) -> None:
    gold, ada, acme = make.plan(club), make.customer(club), make.company(club)
    held = make.membership(gold, customer=ada, ends_at=LATER)
    make.membership(gold, company=acme, starts_at=LATER)

    with pytest.raises(MembershipsRunning) as refused:
        archive_customer(customer=ada, at=make.JAN_10, actor=DESK)
    with pytest.raises(MembershipsRunning):
        archive_company(company=acme, at=make.JAN_10, actor=DESK)

    assert refused.value.extra["memberships"] == [ids.to_text(Prefix.MEMBERSHIP, held.pk)]
    assert not Event.objects.exists()
    assert archive_customer(customer=ada, at=LATER, actor=DESK).status == CustomerStatus.ARCHIVED


def test_an_inherited_membership_does_not_keep_anybody_from_being_archived(club: Organization) -> None:
    acme = make.company(club)
    make.membership(make.plan(club), company=acme)
    ada = make.employee(acme)

    assert archive_customer(customer=ada, at=make.JAN_10, actor=DESK).status == CustomerStatus.ARCHIVED


def test_a_ban_is_not_forgotten_by_archiving(club: Organization) -> None:
    ada = make.customer(club, status=CustomerStatus.BANNED)

    with pytest.raises(HolderBanned):
        archive_customer(customer=ada, at=make.JAN_10, actor=DESK)

    assert restore_customer(customer=ada, at=make.JAN_10, actor=DESK).status == CustomerStatus.BANNED


def test_who_was_merged_is_neither_archived_nor_restored(club: Organization) -> None:
    gone = make.customer(club, merged_into=make.customer(club), status=CustomerStatus.ARCHIVED)

    with pytest.raises(CustomerMerged):
        archive_customer(customer=gone, at=make.JAN_10, actor=DESK)
    with pytest.raises(CustomerMerged):
        restore_customer(customer=gone, at=make.JAN_10, actor=DESK)


@time_machine.travel(make.JAN_10, tick=False)
def test_archiving_and_restoring_over_http(club: Organization, api: Api, stranger: Api) -> None:
    ada, acme = make.customer(club), make.company(club)
    for path in (f"/customers/{ada.number}", f"/companies/{acme.number}"):
        assert stranger.post(f"{path}/archive").status == 404
        assert api.post(f"{path}/archive").json["status"] == "archived"
        assert api.post(f"{path}/restore").json["status"] == "active"

    make.membership(make.plan(club), company=acme)
    refused = api.post(f"/companies/{acme.number}/archive")

    assert (refused.status, refused.code) == (409, "memberships_running")
    assert len(refused.json["memberships"]) == 1

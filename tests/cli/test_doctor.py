"""`tessera doctor` finds what is wrong, says where, and changes nothing."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tessera.core.ids import Prefix, to_text
from tessera.events.models import EventCounter
from tessera.files import storage
from tessera.files.types import Kind
from tessera.memberships.models import Membership
from tessera.organizations.models import NumberSeries, Organization
from tessera.people.models import Affiliation
from tests import make
from tests.cli.conftest import Tessera

pytestmark = pytest.mark.django_db


def wrong(tessera: Tessera) -> dict[str, list[str]]:
    """The parts that are wrong, each with its examples."""
    report = json.loads(tessera("doctor", "--json", exit_code=1).stdout)
    assert not report["ok"]
    return {check["name"]: check["examples"] for check in report["checks"] if check["wrong"]}


def a_healthy_club(slug: str = "club") -> tuple[Organization, Membership]:
    club = make.organization(slug=slug)
    held = make.membership(make.plan(club), customer=make.customer(club), ends_at=make.FEB_10)
    make.employee(make.company(club))
    return club, held


def the_database_forgets_that_terms_do_not_overlap() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute('DROP TRIGGER "term_no_overlap_insert"')
        else:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE memberships_term DROP CONSTRAINT term_no_overlap")


def test_a_healthy_database_is_found_so(tessera: Tessera) -> None:
    a_healthy_club()

    report = json.loads(tessera("doctor", "--json").stdout)

    assert report["ok"]
    assert [check["name"] for check in report["checks"]] == [
        "schema", "database", "rules", "memberships", "events", "numbers", "seats", "secrets",
        "pictures",
    ]  # fmt: skip
    assert "ok" in tessera("doctor").stdout


def test_a_photo_whose_file_is_gone_is_found(tessera: Tessera, settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path
    photo = make.photo(make.customer(make.organization()))
    assert json.loads(tessera("doctor", "--json").stdout)["ok"]
    storage.path_of(photo.organization_id, photo.pk, Kind.CUSTOMER, 192).unlink()
    assert wrong(tessera) == {"pictures": [f"{to_text(Prefix.PICTURE, photo.pk)}: {photo.pk}-192.webp is missing"]}


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"ends_at": make.JAN_10}, "its stored end is not that of the last term"),
        ({"announce_at": None}, "what comes of it next would be announced at another instant"),
        ({"announced_until": make.FEB_10}, "what comes of it next would be announced at another instant"),
        ({"remind_at": make.JAN_10 + timedelta(days=9)}, "what comes of it next would be announced at another instant"),
    ],
)
def test_derived_instants_that_do_not_follow_from_the_terms_are_found(
    tessera: Tessera, columns: dict[str, object], fault: str
) -> None:
    _, bystander = a_healthy_club("other")
    _, held = a_healthy_club()
    Membership.objects.filter(pk=held.pk).update(**columns)

    (found,) = wrong(tessera)["memberships"]

    assert found.endswith(fault)
    assert str(bystander.pk) not in found


def test_a_membership_of_nothing_is_found(tessera: Tessera) -> None:
    _, held = a_healthy_club()
    held.terms.all().delete()

    (found,) = wrong(tessera)["memberships"]

    assert found.endswith("it has neither a term nor a plan that is asked for")


def test_a_gap_in_the_events_is_found(tessera: Tessera) -> None:
    club, _ = a_healthy_club()
    EventCounter.objects.create(organization=club, last=3)

    assert "no events, counted to 3" in wrong(tessera)["events"][0]


def test_a_number_that_would_be_given_out_again_is_found(tessera: Tessera) -> None:
    club, _ = a_healthy_club()
    make.customer(club, number="CUS-000900")
    make.customer(club, number="CUS-SPECIAL")
    NumberSeries.objects.filter(organization=club, kind="CUS").update(last=899)

    assert wrong(tessera)["numbers"][0].endswith("CUS-000900 would be given out again")


def test_a_place_in_the_queue_for_seats_that_nobody_is_due_is_found(tessera: Tessera) -> None:
    a_healthy_club()
    Affiliation.objects.update(queue_at=make.JAN_10 - timedelta(days=1))

    assert wrong(tessera)["seats"][0].endswith("another place in the queue is due")


def test_a_rule_that_the_database_has_lost_is_found(tessera: Tessera) -> None:
    a_healthy_club()
    the_database_forgets_that_terms_do_not_overlap()

    (found,) = wrong(tessera)["rules"]

    assert found.startswith("term_no_overlap")


def test_overlapping_terms_are_found_where_the_rule_was_lost(tessera: Tessera) -> None:
    _, held = a_healthy_club()
    the_database_forgets_that_terms_do_not_overlap()
    make.term(held, held.terms.get().plan, starts_at=make.JAN_10 + timedelta(days=1), ends_at=make.FEB_10)

    assert wrong(tessera)["memberships"][0].endswith("its terms or pauses overlap")


def test_a_database_of_another_version_is_not_examined_further(tessera: Tessera) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('people', '9999_later', '2026-01-10 12:00:00')"
        )

    report = json.loads(tessera("doctor", "--json", exit_code=1).stdout)

    assert [check["name"] for check in report["checks"]] == ["schema"]
    assert report["checks"][0]["examples"] == ["unknown people.9999_later"]

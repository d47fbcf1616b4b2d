"""Companies and their people over HTTP: linking, unlinking, what is inherited, and who has a seat."""

from datetime import timedelta

import pytest

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.organizations.models import Organization
from tessera.people.models import Affiliation
from tessera.people.types import CompanyStatus, CustomerStatus
from tests import make
from tests.api.client import Developer

ADA = "/companies/external:acme/customers/external:ada"


@pytest.fixture
def club(db: None) -> Organization:
    """A test organization at noon of 10 February 2026, with Acme, and with Ada, who does not belong to it."""
    club = make.organization("Strand House", test_now=make.FEB_10)
    make.company(club, "Acme", external_id="acme")
    make.customer(club, first_name="Ada", last_name="Ashby", external_id="ada")
    return club


@pytest.fixture
def api(club: Organization) -> Developer:
    """A program with a key of the organization."""
    return Developer(make.key(club)[1])


def test_linking_gives_what_the_company_holds_and_unlinking_takes_it(api: Developer, club: Organization) -> None:
    acme = club.companies.get(external_id="acme")
    make.membership(make.plan(club, "Corporate", permissions=["pool"], seats=5), company=acme)

    before = api.get("/customers/external:ada/memberships").json["data"]
    linked = api.put(ADA, {"title": "Engineer"})
    (inherited,) = api.get("/customers/external:ada/memberships").json["data"]
    held = api.get("/customers/external:ada/permissions").json["data"]
    unlinked = api.delete(ADA)

    assert before == []
    assert linked.status == 201
    assert linked.json["customer"]["number"] == "CUS-000001"
    assert (linked.json["title"], linked.json["status"], linked.json["via"]) == ("Engineer", "current", "api")
    assert (linked.json["starts_at"], linked.json["ends_at"]) == ("2026-02-10T12:00:00Z", None)
    assert inherited["inherited_from"] == {"id": ids.to_text(Prefix.COMPANY, acme.pk), "name": "Acme"}
    assert (inherited["holder"]["type"], inherited["seats"], inherited["seated"]) == ("company", 5, True)
    assert [(each["key"], each["source"]) for each in held] == [("pool", "company")]
    assert (unlinked.status, unlinked.text) == (204, "")
    assert api.get("/customers/external:ada/memberships").json["data"] == []
    assert api.get("/customers/external:ada/permissions").json["data"] == []


def test_linking_again_changes_the_position_and_nothing_else(api: Developer) -> None:
    api.put(ADA, {"title": "Engineer"})

    same = api.put(ADA, {"title": "Engineer"})
    empty = api.put(ADA)
    promoted = api.put(ADA, {"company_admin": True})

    assert (same.status, empty.status, promoted.status) == (200, 200, 200)
    assert (promoted.json["title"], promoted.json["company_admin"]) == ("Engineer", True)
    assert Affiliation.objects.count() == 1
    assert [event.type for event in Event.objects.order_by("sequence")] == [
        "affiliation.started",
        "affiliation.updated",
    ]


def test_unlinking_who_does_not_belong_is_not_found(api: Developer) -> None:
    api.put(ADA)
    api.delete(ADA)

    again = api.delete(ADA)

    assert (again.status, again.code) == (404, "not_affiliated")
    assert Event.objects.filter(type="affiliation.ended").count() == 1


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/companies/external:acme/customers/external:nobody", "customer_not_found"),
        ("/companies/external:nothing/customers/external:ada", "company_not_found"),
        ("/companies/CUS-000001/customers/COM-000001", "company_not_found"),
    ],
)
def test_who_does_not_exist_is_neither_linked_nor_unlinked(api: Developer, path: str, code: str) -> None:
    answers = [api.put(path), api.delete(path)]

    assert [(answer.status, answer.code) for answer in answers] == [(404, code)] * 2
    assert not Affiliation.objects.exists()


def test_belonging_can_be_planned(api: Developer) -> None:
    planned = api.put(ADA, {"starts_at": "2026-03-01T00:00:00Z", "ends_at": "2026-04-01T00:00:00Z"})
    overlapping = api.put(ADA, {"starts_at": "2026-03-15T00:00:00Z"})
    touching = api.put(ADA, {"starts_at": "2026-04-01T00:00:00Z"})

    assert (planned.status, planned.json["status"]) == (201, "planned")
    assert (overlapping.status, overlapping.code) == (409, "already_affiliated")
    assert touching.status == 201


def test_links_that_make_no_sense_are_refused(api: Developer, club: Organization) -> None:
    make.company(club, external_id="gone", status=CompanyStatus.ARCHIVED)
    make.customer(club, external_id="banned", status=CustomerStatus.BANNED)

    backwards = api.put(ADA, {"starts_at": "2026-03-01T00:00:00Z", "ends_at": "2026-02-20T00:00:00Z"})
    archived = api.put("/companies/external:gone/customers/external:ada")
    banned = api.put("/companies/external:acme/customers/external:banned")
    unknown = api.put(ADA, {"role": "admin"})

    assert (backwards.status, backwards.code) == (422, "affiliation_ends_before_start")
    assert backwards.faults == {"/ends_at": "affiliation_ends_before_start"}
    assert (archived.status, archived.code) == (409, "holder_archived")
    assert (banned.status, banned.code) == (409, "holder_banned")
    assert (unknown.status, unknown.faults) == (422, {"/role": "unknown_field"})
    assert not Affiliation.objects.exists()


def test_above_the_seats_nothing_is_inherited_until_one_is_free(api: Developer, club: Organization) -> None:
    acme = club.companies.get(external_id="acme")
    make.membership(make.plan(club, permissions=["pool"]), company=acme, seats=1)
    first = make.employee(acme)
    api.put(ADA)

    (above,) = api.get("/customers/external:ada/memberships").json["data"]
    held_above = api.get("/customers/external:ada/permissions").json["data"]
    api.delete(f"/companies/external:acme/customers/{first.number}")
    (seated,) = api.get("/customers/external:ada/memberships").json["data"]

    assert (above["seats"], above["seated"], held_above) == (1, False, [])
    assert seated["seated"] is True
    assert [each["key"] for each in api.get("/customers/external:ada/permissions").json["data"]] == ["pool"]


def test_what_is_inherited_ends_with_the_company_or_with_belonging_to_it(api: Developer, club: Organization) -> None:
    acme = club.companies.get(external_id="acme")
    make.membership(make.plan(club), company=acme, ends_at=make.FEB_10 + timedelta(days=20))
    api.put(ADA, {"ends_at": "2026-02-15T00:00:00Z"})

    (inherited,) = api.get("/customers/external:ada/memberships").json["data"]
    (own,) = api.get("/companies/external:acme/memberships").json["data"]

    assert (inherited["id"], inherited["ends_at"], inherited["last_day"]) == (
        own["id"],
        "2026-02-15T00:00:00Z",
        "2026-02-14",
    )
    assert (own["ends_at"], own["inherited_from"], own["seated"]) == ("2026-03-02T12:00:00Z", None, None)


def test_own_and_inherited_memberships_are_listed_together(api: Developer, club: Organization) -> None:
    ada, acme = club.customers.get(external_id="ada"), club.companies.get(external_id="acme")
    gold = make.plan(club, "Gold")
    make.membership(gold, customer=ada)
    make.membership(gold, company=acme)
    make.membership(make.plan(club, "Bygone"), customer=ada, ends_at=make.FEB_10)
    api.put(ADA)

    rows = api.get("/customers/external:ada/memberships").json["data"]

    assert [(row["plan"]["name"], row["status"], row["inherited_from"] is not None) for row in rows] == [
        ("Gold", "active", False),
        ("Gold", "active", True),
        ("Bygone", "expired", False),
    ]

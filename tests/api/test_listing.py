"""Finding memberships over HTTP: filters, pages, and the answers of references."""

import re
from datetime import timedelta

import pytest

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.memberships.models import Membership
from tessera.organizations.models import Organization
from tessera.people.models import Company, Customer
from tests import make
from tests.api.client import Developer

ADA = "ada@strand.example"


@pytest.fixture
def club(db: None) -> Organization:
    """A test organization, its clock at noon of 10 February 2026."""
    return make.organization("Strand House", test_now=make.FEB_10)


@pytest.fixture
def api(club: Organization) -> Developer:
    """A program with a key of the organization."""
    return Developer(make.key(club)[1])


def listed(api: Developer, query: str) -> list[str]:
    answer = api.get(f"/memberships?{query}")
    assert answer.status == 200, answer.text
    return [row["id"] for row in answer.json["data"]]


def membership_id(membership: Membership) -> str:
    return ids.to_text(Prefix.MEMBERSHIP, membership.pk)


def test_memberships_are_found_by_their_status_of_now(api: Developer, club: Organization) -> None:
    gold = make.plan(club)
    ada, late = make.customer(club), make.FEB_10 + timedelta(days=10)
    early = make.FEB_10 - timedelta(days=1)
    asleep = make.membership(gold, customer=ada, ends_at=late)
    make.pause(asleep, starts_at=make.JAN_10)
    by_status = {
        "active": make.membership(gold, customer=ada, ends_at=late),
        "paused": asleep,
        "scheduled": make.membership(gold, customer=ada, starts_at=late),
        "pending": make.membership(gold, customer=ada, starts_at=None, needs_approval=True),
        "expired": make.membership(gold, customer=ada, ends_at=early),
    }

    for status, membership in by_status.items():
        assert listed(api, f"status={status}") == [membership_id(membership)]
    assert set(listed(api, "")) == {membership_id(each) for each in by_status.values()}


def test_a_membership_expires_in_the_list_at_its_instant(api: Developer, club: Organization) -> None:
    end = make.FEB_10 + timedelta(hours=1)
    membership = make.membership(make.plan(club), customer=make.customer(club), ends_at=end)

    before = listed(api, "status=active")
    api.put("/test-clock", {"now": "2026-02-10T13:00:00Z"})

    assert before == listed(api, "status=expired") == [membership_id(membership)]
    assert listed(api, "status=active") == []


def test_memberships_are_found_by_plan_and_holder(api: Developer, club: Organization) -> None:
    gold, silver = make.plan(club), make.plan(club)
    ada, bo = make.customer(club, emails=[ADA]), make.customer(club)
    acme = make.company(club, external_id="acme")
    of_ada, of_bo = make.membership(gold, customer=ada), make.membership(silver, customer=bo)
    of_acme = make.membership(gold, company=acme)

    assert set(listed(api, f"plan={ids.to_text(Prefix.PLAN, gold.pk)}")) == {
        membership_id(of_ada),
        membership_id(of_acme),
    }
    assert listed(api, f"customer=email:{ADA}") == [membership_id(of_ada)]
    assert listed(api, f"customer={bo.number}") == [membership_id(of_bo)]
    assert listed(api, "company=external:acme") == [membership_id(of_acme)]
    assert listed(api, f"company=external:acme&customer={bo.number}") == []


def test_ends_are_compared_with_the_last_booked_end(api: Developer, club: Organization) -> None:
    gold, end = make.plan(club), make.FEB_10 + timedelta(days=10)
    soon = make.membership(gold, customer=make.customer(club), ends_at=end)
    later = make.membership(gold, customer=make.customer(club), ends_at=end + timedelta(days=10))
    never = make.membership(gold, customer=make.customer(club))

    assert listed(api, "ends_before=2026-02-20T12:00:00Z") == []
    assert listed(api, "ends_before=2026-02-20T12:00:01Z") == [membership_id(soon)]
    assert set(listed(api, "ends_after=2026-02-20T12:00:01Z")) == {membership_id(later), membership_id(never)}
    assert listed(api, "ends_after=2026-02-20T12:00:00Z&ends_before=2026-02-20T14:00:00%2B02:00") == []
    assert listed(api, "ends_after=2026-02-20T12:00:00Z&ends_before=2026-02-21T00:00:00Z") == [membership_id(soon)]


@pytest.mark.parametrize("filters", ["", "status=active&", "ends_after=2026-02-11T00:00:00Z&"])
def test_pages_show_every_membership_once_while_others_come_and_go(
    api: Developer, club: Organization, filters: str
) -> None:
    gold, end = make.plan(club), make.FEB_10 + timedelta(days=10)
    there = [
        make.membership(
            gold, customer=make.customer(club), ends_at=end, created_at=make.JAN_10 + timedelta(minutes=number % 3)
        )
        for number in range(7)
    ]
    seen: list[str] = []
    address: str | None = f"/memberships?{filters}limit=3"
    while address is not None:
        page = api.get(address)
        seen += [row["id"] for row in page.json["data"]]
        following, cursor = (
            re.match(r'</api/v1(.+)>; rel="next"$', page.headers.get("Link", "")),
            page.json["next_cursor"],
        )
        assert (following is None) == (cursor is None)
        address = following[1] if following else None
        make.membership(gold, customer=make.customer(club), ends_at=end, created_at=make.FEB_10)

    assert sorted(seen) == sorted(membership_id(each) for each in there)


@pytest.mark.parametrize(
    ("query", "status", "code", "pointer"),
    [
        ("status=lapsed", 422, "invalid", "/status"),
        ("plan=pln_01jh2xcejqtf2nbrexx3vqjhp4", 404, "plan_not_found", None),
        ("plan=gold", 404, "plan_not_found", None),
        ("customer=CUS-999999", 404, "customer_not_found", None),
        ("customer=email:nobody@strand.example", 404, "customer_not_found", None),
        ("customer=fax:5", 404, "customer_not_found", None),
        ("company=CUS-000001", 404, "company_not_found", None),
        ("ends_before=2026-02-20T12:00:00", 422, "invalid", "/ends_before"),
        ("ends_before=soon", 422, "invalid", "/ends_before"),
        ("ends_after=2026-02-20T12:00:00+01:00", 422, "invalid", "/ends_after"),
        ("limit=0", 422, "invalid", "/limit"),
        ("limit=201", 422, "invalid", "/limit"),
        ("cursor=abc", 422, "cursor_invalid", "/cursor"),
        ("holder=CUS-000001", 422, "invalid", "/holder"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(
    api: Developer, query: str, status: int, code: str, pointer: str | None
) -> None:
    answer = api.get(f"/memberships?{query}")

    assert (answer.status, answer.code) == (status, code)
    assert list(answer.faults) == ([] if pointer is None else [pointer])


def references(person: Customer | Company, prefix: Prefix) -> list[str]:
    return [ids.to_text(prefix, person.pk), person.number, person.number.lower(), f"external:{person.external_id}"]


def test_every_kind_of_reference_leads_to_the_customer(api: Developer, club: Organization) -> None:
    ada = make.customer(club, emails=[ADA], phones=["+442079460001"], external_id="crm/7:a")
    make.customer(club, emails=["bystander@strand.example"], phones=["+442079460002"], external_id="crm-8")

    for ref in (
        *references(ada, Prefix.CUSTOMER),
        "email:ADA@Strand.example",
        "phone:%2B442079460001",
        "phone:02079460001",
    ):
        assert api.get(f"/memberships?customer={ref}").status == 200, ref
        if "/" not in ref:
            assert api.get(f"/customers/{ref}").json["id"] == ids.to_text(Prefix.CUSTOMER, ada.pk), ref


def test_every_kind_of_reference_leads_to_the_company(api: Developer, club: Organization) -> None:
    acme = make.company(club, external_id="acme", email="office@acme.example", phone="+442079460003")
    make.company(club, external_id="other", email="office@other.example", phone="+442079460004")

    for ref in (*references(acme, Prefix.COMPANY), "email:Office@acme.example", "phone:%2B442079460003"):
        assert api.get(f"/companies/{ref}").json["id"] == ids.to_text(Prefix.COMPANY, acme.pk), ref


def test_a_reference_that_several_have_names_them_and_does_nothing(api: Developer, club: Organization) -> None:
    gold = make.plan(club)
    family = [make.customer(club, emails=[ADA], phones=["+442079460001"]) for _ in range(2)]
    twins = [make.company(club, email="office@acme.example") for _ in range(2)]
    plan = ids.to_text(Prefix.PLAN, gold.pk)
    persons = sorted(ids.to_text(Prefix.CUSTOMER, each.pk) for each in family)
    companies = sorted(ids.to_text(Prefix.COMPANY, each.pk) for each in twins)

    for answer, meant in (
        (api.get(f"/customers/email:{ADA}"), persons),
        (api.get("/customers/phone:+442079460001/memberships"), persons),
        (api.post("/memberships", {"plan": plan, "customer": f"email:{ADA}"}), persons),
        (api.post("/memberships", {"plan": plan, "company": "email:office@acme.example"}), companies),
        (api.put(f"/companies/{twins[0].number}/customers/email:{ADA}", {}), persons),
    ):
        assert (answer.status, answer.code) == (409, "reference_ambiguous")
        assert sorted(answer.json["matches"]) == meant
    assert not Membership.objects.exists()


def test_who_was_merged_is_found_as_who_they_are_now(api: Developer, club: Organization) -> None:
    ada = make.customer(club)
    double = make.customer(club, external_id="old", merged_into=ada)
    held = make.membership(make.plan(club), customer=ada)

    assert listed(api, f"customer={double.number}") == [membership_id(held)]
    assert [row["id"] for row in api.get("/customers/external:old/memberships").json["data"]] == [membership_id(held)]

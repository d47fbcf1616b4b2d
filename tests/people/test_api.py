"""Customers and companies over HTTP."""

from datetime import timedelta

import pytest
import time_machine

from tessera.core import ids
from tessera.http.scopes import Scope
from tessera.organizations.models import Organization
from tessera.organizations.rights import Role
from tessera.people.models import Company, Customer
from tests import make
from tests.http.client import Api

ADA = {
    "external_id": "crm-1",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "emails": [{"address": "Ada@example.org", "verified": True}],
    "phones": ["+44 20 7946 0000"],
    "birthday": "1990-12-10",
    "locale": "en-GB",
    "marketing_consent": True,
}


@time_machine.travel(make.JAN_10, tick=False)
def test_a_customer_is_made_read_and_changed(api: Api) -> None:
    made = api.post("/customers", ADA)
    changed = api.patch(
        "/customers/CUS-000001", {"version": 1, "birthday": None, "phones": None, "display_name": "Ada L."}
    )

    assert made.status == 201
    assert made.json == {
        **ADA,
        "id": made.json["id"],
        "version": 1,
        "number": "CUS-000001",
        "name": "Ada Lovelace",
        "display_name": "",
        "phones": ["+442079460000"],
        "tags": [],
        "photo_url": None,
        "status": "active",
        "ban_reason": "",
        "source": "api",
        "created_at": "2026-01-10T12:00:00Z",
        "erased_at": None,
    }
    assert changed.status == 200
    assert changed.json == {
        **made.json,
        "version": 2,
        "name": "Ada L.",
        "display_name": "Ada L.",
        "birthday": None,
        "phones": [],
    }
    assert api.get("/customers/external:crm-1").json == changed.json
    assert api.get("/customers?q=lovelace").json == {"data": [changed.json], "next_cursor": None}


def test_what_was_read_can_be_sent_back(api: Api) -> None:
    made = api.post("/customers", ADA).json

    again = api.patch(f"/customers/{made['id']}", {"emails": made["emails"], "phones": made["phones"]})

    assert (again.status, again.json["version"]) == (200, 1)


def test_a_company_is_made_read_and_changed(api: Api) -> None:
    made = api.post("/companies", {"name": "Acme", "email": "office@acme.example", "tags": ["tenant"], "number": "t-1"})
    changed = api.patch("/companies/T-1", {"email": None, "email_domains": ["Acme.example"], "version": 1})

    assert (made.status, made.json["number"], made.json["email"]) == (201, "T-1", "office@acme.example")
    assert changed.json == {**made.json, "version": 2, "email": "", "email_domains": ["acme.example"]}
    assert api.get("/companies?q=acme").json["data"] == [changed.json]


@pytest.mark.parametrize(
    ("body", "code", "faults"),
    [
        ({}, "customer_incomplete", {}),
        ({**ADA, "emails": [{"address": "ada"}]}, "email_invalid", {"/emails/0/address": "email_invalid"}),
        ({**ADA, "email": "ada@example.org"}, "invalid", {"/email": "unknown_field"}),
        ({**ADA, "birthday": "10.12.1990"}, "invalid", {"/birthday": "invalid"}),
        ({**ADA, "marketing_consent": "yes"}, "invalid", {"/marketing_consent": "wrong_type"}),
        ({**ADA, "first_name": 5}, "invalid", {"/first_name": "wrong_type"}),
        ({**ADA, "phones": ["1"]}, "phone_invalid", {"/phones/0": "phone_invalid"}),
    ],
)
def test_a_body_that_is_wrong_is_refused_by_field(
    api: Api, body: dict[str, object], code: str, faults: dict[str, str]
) -> None:
    answer = api.post("/customers", body)

    assert (answer.status, answer.code) == (422, code)
    assert {pointer: fault for pointer, fault in answer.faults.items() if code != "invalid"} == (
        {} if code == "invalid" else faults
    )
    assert set(answer.faults) == set(faults)
    assert not Customer.objects.exists()


def test_conflicts_name_the_holder(api: Api) -> None:
    ada = api.post("/customers", ADA).json
    bob = api.post("/customers", {"first_name": "Bob", "last_name": "Cole"}).json

    for change, code in (
        ({"external_id": "crm-1"}, "external_id_taken"),
        ({"emails": ADA["emails"]}, "email_taken"),
    ):
        answer = api.patch(f"/customers/{bob['id']}", change)
        assert (answer.status, answer.code, answer.json["holder"]) == (409, code, ada["id"])
    stale = api.patch(f"/customers/{ada['id']}", {"version": 9, "first_name": "A"})
    assert (stale.status, stale.code, stale.json["version"]) == (409, "version_stale", 1)
    taken = api.post("/customers", {**ADA, "external_id": None, "emails": [], "number": "CUS-000002"})
    assert (taken.status, taken.code, taken.json["holder"]) == (409, "number_taken", bob["id"])


def test_a_ban_is_laid_and_lifted(api: Api) -> None:
    ada = api.post("/customers", ADA).json["id"]

    banned = api.post(f"/customers/{ada}/ban", {"reason": "Shouted"})
    again = api.post(f"/customers/{ada}/ban", {"reason": "Shouted"})
    lifted = api.post(f"/customers/{ada}/lift-ban")

    assert (banned.status, banned.json["status"], banned.json["ban_reason"]) == (200, "banned", "Shouted")
    assert (again.status, again.code) == (409, "customer_already_banned")
    assert (lifted.status, lifted.json["status"]) == (200, "active")
    assert api.post(f"/customers/{ada}/lift-ban").code == "customer_not_banned"


@time_machine.travel(make.FEB_10, tick=False)
def test_companies_and_people_show_each_other(api: Api, club: Organization) -> None:
    acme = make.company(club, "Acme")
    ada = make.employee(acme)
    make.employee(acme, ends_at=make.JAN_10 + timedelta(days=1))

    of_ada = api.get(f"/customers/{ada.number}/companies").json["data"]
    of_acme = api.get(f"/companies/{acme.number}/customers").json["data"]

    assert of_ada == [of_acme[0]]
    assert [row["status"] for row in of_acme] == ["current", "ended"]
    assert of_ada[0]["company"] == {
        "id": ids.to_text(ids.Prefix.COMPANY, acme.pk),
        "number": "COM-000001",
        "name": "Acme",
    }
    assert [row["id"] for row in api.get(f"/companies/{acme.number}/customers?status=ended").json["data"]] == [
        of_acme[1]["id"]
    ]


def test_the_timeline_tells_of_those_merged_in_too(api: Api, club: Organization) -> None:
    ada, twin = (api.post("/customers", {"first_name": "Ada", "last_name": name}).json for name in ("A", "B"))
    api.post("/customers", {"first_name": "By", "last_name": "Stander"})
    survivor = Customer.objects.get(number=ada["number"])
    Customer.objects.filter(number=twin["number"]).update(merged_into=survivor)

    lines = api.get(f"/customers/{twin['id']}/timeline").json["data"]

    assert [(line["type"], line["customer_id"]) for line in lines] == [
        ("customer.created", twin["id"]),
        ("customer.created", ada["id"]),
    ]


ADDRESSES: list[tuple[str, str, object]] = [
    ("GET", "/customers/{customer}", None),
    ("PATCH", "/customers/{customer}", {"first_name": "Eve"}),
    ("GET", "/customers/{customer}/companies", None),
    ("GET", "/customers/{customer}/timeline", None),
    ("POST", "/customers/{customer}/ban", {"reason": "x"}),
    ("POST", "/customers/{customer}/lift-ban", None),
    ("GET", "/companies/{company}", None),
    ("PATCH", "/companies/{company}", {"name": "Eve"}),
    ("GET", "/companies/{company}/customers", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ADDRESSES)
def test_a_stranger_finds_nobody_here(club: Organization, stranger: Api, method: str, path: str, body: object) -> None:
    company = make.company(club)
    customer = make.employee(company)
    text = path.format(
        customer=ids.to_text(ids.Prefix.CUSTOMER, customer.pk), company=ids.to_text(ids.Prefix.COMPANY, company.pk)
    )

    assert stranger.call(method, text, body).status == 404

    customer.refresh_from_db()
    company.refresh_from_db()
    assert (customer.version, company.version) == (1, 1)
    assert stranger.get("/customers").json["data"] == stranger.get("/companies").json["data"] == []


@pytest.mark.parametrize(
    ("method", "path", "body"), [*ADDRESSES, ("POST", "/customers", ADA), ("POST", "/companies", {"name": "A"})]
)
def test_a_key_without_the_scope_does_nothing(club: Organization, method: str, path: str, body: object) -> None:
    useless = Api(make.key(club, [Scope.ACCESS_READ])[1])
    company = make.company(club)
    customer = make.employee(company)

    answer = useless.call(method, path.format(customer=customer.number, company=company.number), body)

    assert (answer.status, answer.code) == (403, "scope_missing")
    assert (Customer.objects.count(), Company.objects.count()) == (1, 1)


def test_a_shared_address_is_a_conflict_and_a_wrong_one_not_found(api: Api, club: Organization) -> None:
    for _ in range(2):
        make.customer(club, emails=["family@example.org"])

    shared = api.get("/customers/email:family@example.org")
    assert (shared.status, shared.code, len(shared.json["matches"])) == (409, "reference_ambiguous", 2)
    assert api.get("/customers/email:nobody@example.org").code == "customer_not_found"
    assert api.get("/companies/nonsense").code == "company_not_found"


@pytest.mark.parametrize("ref", ["{number}%0A", "%0A", "external:a%0Ab", "{number}%7F", "email:a%C2%85b"])
def test_a_reference_with_control_characters_is_nowhere(api: Api, club: Organization, ref: str) -> None:
    ada = make.customer(club)
    for _ in range(2):
        make.affiliation(ada, make.company(club))

    answer = api.get(f"/customers/{ref.format(number=ada.number)}/companies?limit=1")

    assert (answer.status, answer.code) == (404, "customer_not_found")


def test_the_next_page_is_linked_to_by_the_address_as_it_was_written(api: Api, club: Organization) -> None:
    ada = make.customer(club, external_id="crm 1>é")
    for _ in range(2):
        make.affiliation(ada, make.company(club))

    answer = api.get("/customers/external:crm%201%3E%C3%A9/companies?limit=1")

    assert answer.headers["Link"].startswith("</api/v1/customers/external%3Acrm%201%3E%C3%A9/companies?")
    following = answer.headers["Link"].removeprefix("</api/v1").partition(">")[0]
    assert api.get(following).status == 200


@pytest.mark.parametrize("verb", ["ban", "lift-ban"])
def test_who_may_only_write_may_not_ban(club: Organization, verb: str) -> None:
    ada = make.customer(club)
    writer = Api(make.key(club, [each for each in Scope if each is not Scope.CUSTOMERS_BAN])[1])
    desk = Api(make.key(club, made_by=make.staff(club, Role.FRONT_DESK))[1])
    manager = Api(make.key(club, [Scope.CUSTOMERS_BAN], made_by=make.staff(club, Role.MANAGER))[1])

    for without in (writer, desk):
        answer = without.post(f"/customers/{ada.number}/{verb}", {"reason": "Shouted"} if verb == "ban" else None)
        assert (answer.status, answer.json["scope"]) == (403, "customers:ban")
    assert manager.post(f"/customers/{ada.number}/ban", {"reason": "Shouted"}).status == 200

"""The catalogue over HTTP."""

from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from tessera.core import ids
from tessera.core.periods import Interval
from tessera.http.scopes import Scope
from tessera.organizations.models import Organization
from tessera.plans import queries
from tessera.plans.models import Permission, Plan, Price
from tessera.plans.types import Audience, Billing, Rule, Visibility
from tests import make
from tests.http.client import Api

GBP_35 = {"amount": 3500, "currency": "GBP"}
FREE = {"amount": 0, "currency": "GBP"}
POOL = {"key": "pool", "name": "Pool", "targets": [{"action": "enter", "resource_type": "door", "resource_id": "main"}]}


def price_id(plan: Plan) -> str:
    """The id of the plan's only price."""
    return ids.to_text(ids.Prefix.PRICE, Price.objects.get(plan=plan).pk)


@time_machine.travel(make.JAN_10, tick=False)
def test_a_permission_is_made_read_changed_and_deleted(api: Api) -> None:
    made = api.post("/permissions", POOL)
    changed = api.patch("/permissions/pool", {"description": "The big one"})

    assert made.status == 201
    assert made.json == {**POOL, "id": made.json["id"], "description": "", "created_at": "2026-01-10T12:00:00Z"}
    assert changed.json == {**made.json, "description": "The big one"} == api.get("/permissions/pool").json
    assert api.get("/permissions").json == {"data": [changed.json], "next_cursor": None}
    assert api.post("/permissions", POOL).code == "permission_key_taken"
    assert api.call("DELETE", "/permissions/pool").status == 204
    assert api.get("/permissions/pool").code == "permission_not_found"


@time_machine.travel(make.JAN_10, tick=False)
def test_a_plan_is_made_read_and_changed(api: Api, club: Organization) -> None:
    make.permission(club, "pool")
    made = api.post(
        "/plans",
        {
            "name": "Gold",
            "rule": "fixed",
            "cycle": {"start": "01-01", "rollover": "11-01"},
            "permissions": ["pool"],
            "prices": [{"amount": GBP_35, "interval": "year"}],
        },
    )
    plan = made.json["id"]
    changed = api.patch(f"/plans/{plan}", {"rule": "rolling", "cycle": None, "seats": 5, "version": 1})

    assert made.status == 201, made.text
    assert made.json == {
        "id": plan,
        "version": 1,
        "name": "Gold",
        "description": "",
        "audience": "both",
        "rule": "fixed",
        "cycle": {"start": "01-01", "rollover": "11-01"},
        "visibility": "public",
        "needs_approval": False,
        "seats": None,
        "pauses_allowed": False,
        "capacity": None,
        "pauses_extend": False,
        "revival_days": 0,
        "colour": "#1f5f4a",
        "position": 0,
        "permissions": ["pool"],
        "prices": [
            {
                "id": made.json["prices"][0]["id"],
                "plan_id": plan,
                "amount": GBP_35,
                "joining_fee": FREE,
                "billing": "recurring",
                "interval": "year",
                "interval_count": 1,
                "trial_days": 0,
                "active": True,
                "created_at": "2026-01-10T12:00:00Z",
            }
        ],
        "archived_at": None,
        "created_at": "2026-01-10T12:00:00Z",
    }
    assert changed.json == {**made.json, "version": 2, "rule": "rolling", "cycle": None, "seats": 5}
    assert api.get(f"/plans/{plan}").json == changed.json == api.get("/plans").json["data"][0]
    assert api.post(f"/plans/{plan}/archive").json["archived_at"] == "2026-01-10T12:00:00Z"
    assert api.get("/plans?archived=false").json["data"] == []


def test_prices_are_added_and_taken_out_of_use(api: Api, club: Organization) -> None:
    plan = make.plan(club)
    path = f"/plans/{ids.to_text(ids.Prefix.PLAN, plan.pk)}/prices"
    old = price_id(plan)

    added = api.post(path, {"amount": {"amount": 99_00, "currency": "GBP"}, "billing": "open", "joining_fee": GBP_35})
    out_of_use = api.patch(f"/prices/{old}", {"active": False})
    last = api.patch(f"/prices/{added.json['id']}", {"active": False})

    assert (added.status, added.json["interval"], added.json["joining_fee"]) == (201, None, GBP_35)
    assert (out_of_use.status, out_of_use.json["active"]) == (200, False)
    assert (last.status, last.code) == (409, "last_active_price")
    assert [row["id"] for row in api.get(path).json["data"]] == [old, added.json["id"]]
    assert api.get(f"/prices/{added.json['id']}").json == added.json


def test_a_used_price_and_a_held_plan_are_conflicts(api: Api, club: Organization) -> None:
    plan = make.plan(club, permissions=["pool"])
    make.membership(plan, customer=make.customer(club))

    used = api.patch(f"/prices/{price_id(plan)}", {"amount": GBP_35 | {"amount": 1}})
    held = api.patch(f"/plans/{ids.to_text(ids.Prefix.PLAN, plan.pk)}", {"audience": "companies"})
    granted = api.call("DELETE", "/permissions/pool")

    assert [(each.status, each.code) for each in (used, held, granted)] == [
        (409, "price_used"),
        (409, "plan_held"),
        (409, "permission_in_use"),
    ]


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"/name", "/prices"}),
        ({"name": "Gold", "prices": []}, {"/prices"}),
        ({"name": "Gold", "prices": [{"amount": 3500}]}, {"/prices/0/amount"}),
        ({"name": "Gold", "prices": [{"amount": {"amount": 3500, "currency": "EUR"}}]}, {"/prices/0/amount"}),
        ({"name": "Gold", "prices": [{"amount": {"amount": -1, "currency": "GBP"}}]}, {"/prices/0/amount/amount"}),
        ({"name": "Gold", "prices": [{"amount": {"amount": 1.5, "currency": "GBP"}}]}, {"/prices/0/amount/amount"}),
        ({"name": "Gold", "prices": [{"amount": GBP_35, "interval": "fortnight"}]}, {"/prices/0/interval"}),
        ({"name": "Gold", "prices": [{"amount": GBP_35}], "colour": "green"}, {"/colour"}),
        ({"name": "Gold", "prices": [{"amount": GBP_35}], "permissions": ["pool"]}, {"/permissions/0"}),
        ({"name": "Gold", "prices": [{"amount": GBP_35}], "price": 35}, {"/price"}),
        ({"name": "Gold", "prices": [{"amount": GBP_35}], "rule": "fixed"}, {"/cycle"}),
    ],
)
def test_a_plan_that_is_wrong_is_refused_by_field(api: Api, body: dict[str, Any], faults: set[str]) -> None:
    answer = api.post("/plans", body)

    assert answer.status == 422 and set(answer.faults) == faults
    assert not Plan.objects.exists()


def test_a_schedule_lists_terms_in_the_organizations_calendar(api: Api, club: Organization) -> None:
    monthly = price_id(make.plan(club))

    answer = api.get(f"/prices/{monthly}/schedule?starts_at=2026-01-31T00:00:00Z&take=4")

    assert answer.json == {
        "data": [
            {"starts_at": start, "ends_at": end, "last_day": last}
            for start, end, last in (
                ("2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z", "2026-02-27"),
                ("2026-02-28T00:00:00Z", "2026-03-30T23:00:00Z", "2026-03-30"),
                ("2026-03-30T23:00:00Z", "2026-04-29T23:00:00Z", "2026-04-29"),
                ("2026-04-29T23:00:00Z", "2026-05-30T23:00:00Z", "2026-05-30"),
            )
        ]
    }


@time_machine.travel(make.JAN_10, tick=False)
def test_what_starts_now_ends_at_midnight(api: Api, club: Organization) -> None:
    monthly = price_id(make.plan(club))

    first = api.get(f"/prices/{monthly}/schedule?take=1").json["data"]

    assert first == [{"starts_at": "2026-01-10T12:00:00Z", "ends_at": "2026-02-10T00:00:00Z", "last_day": "2026-02-09"}]


def test_a_fixed_plans_schedule_follows_its_cycle(api: Api, club: Organization) -> None:
    plan = make.plan(club, interval=Interval.YEAR, rule=Rule.FIXED, cycle_start="01-01", cycle_rollover="11-01")

    terms = api.get(f"/prices/{price_id(plan)}/schedule?starts_at=2026-11-15T09:00:00Z&take=2").json["data"]

    assert [term["last_day"] for term in terms] == ["2027-12-31", "2028-12-31"]


def test_an_open_ended_price_has_one_term_without_an_end_and_a_single_one_one_term(
    api: Api, club: Organization
) -> None:
    opened, once = make.plan(club, billing=Billing.OPEN), make.plan(club, billing=Billing.ONCE)
    start = "2026-01-10T09:00:00Z"

    assert api.get(f"/prices/{price_id(opened)}/schedule?starts_at={start}").json["data"] == [
        {"starts_at": start, "ends_at": None, "last_day": None}
    ]
    assert len(api.get(f"/prices/{price_id(once)}/schedule?starts_at={start}").json["data"]) == 1


@pytest.mark.parametrize(
    "query", ["starts_at=2026-01-31", "starts_at=2026-01-31T09:00:00", "take=0", "take=201", "zone=UTC"]
)
def test_a_schedule_refuses_nonsense(api: Api, club: Organization, query: str) -> None:
    assert api.get(f"/prices/{price_id(make.plan(club))}/schedule?{query}").status == 422


ADDRESSES: list[tuple[str, str, object]] = [
    ("GET", "/permissions/pool", None),
    ("PATCH", "/permissions/pool", {"name": "Eve"}),
    ("DELETE", "/permissions/pool", None),
    ("GET", "/plans/{plan}", None),
    ("PATCH", "/plans/{plan}", {"name": "Eve"}),
    ("POST", "/plans/{plan}/archive", None),
    ("GET", "/plans/{plan}/prices", None),
    ("POST", "/plans/{plan}/prices", {"amount": GBP_35}),
    ("GET", "/prices/{price}", None),
    ("PATCH", "/prices/{price}", {"active": False}),
    ("GET", "/prices/{price}/schedule", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ADDRESSES)
def test_a_stranger_finds_nothing_here(club: Organization, stranger: Api, method: str, path: str, body: object) -> None:
    plan = make.plan(club)
    make.permission(club, "pool")
    text = path.format(plan=ids.to_text(ids.Prefix.PLAN, plan.pk), price=price_id(plan))

    assert stranger.call(method, text, body).status == 404

    plan.refresh_from_db()
    assert (plan.version, Price.objects.count(), Permission.objects.count()) == (1, 1, 1)
    assert stranger.get("/plans").json["data"] == stranger.get("/permissions").json["data"] == []


@pytest.mark.parametrize(("method", "path", "body"), [*ADDRESSES, ("POST", "/permissions", POOL)])
def test_a_key_without_the_scope_does_nothing(club: Organization, method: str, path: str, body: object) -> None:
    useless = Api(make.key(club, [Scope.ACCESS_READ])[1])
    plan = make.plan(club)

    answer = useless.call(method, path.format(plan=ids.to_text(ids.Prefix.PLAN, plan.pk), price=price_id(plan)), body)

    assert (answer.status, answer.code) == (403, "scope_missing")


@pytest.mark.parametrize("text", ["nonsense", "pln_1", "prc_" + "0" * 26, "pln_" + "0" * 26])
def test_a_malformed_id_is_simply_not_found(api: Api, text: str) -> None:
    assert api.get(f"/plans/{text}").code == "plan_not_found"
    assert api.get(f"/prices/{text}").code == "price_not_found"


def test_plans_are_listed_by_whom_they_are_for_and_who_sees_them(club: Organization, elsewhere: Organization) -> None:
    make.plan(elsewhere)
    people = make.plan(club, audience=Audience.CUSTOMERS, position=1)
    both = make.plan(club, visibility=Visibility.PRIVATE, position=2)
    firms = make.plan(club, audience=Audience.COMPANIES, position=3)

    assert [row.id for row in queries.plans(club, audience=Audience.CUSTOMERS).data] == [people.pk, both.pk]
    assert [row.id for row in queries.plans(club, audience=Audience.COMPANIES).data] == [both.pk, firms.pk]
    assert [row.id for row in queries.plans(club, visibility=Visibility.PRIVATE).data] == [both.pk]


@pytest.mark.parametrize("rows", [1, 20])
def test_lists_cost_the_same_number_of_queries_however_long(
    club: Organization, django_assert_num_queries: DjangoAssertNumQueries, rows: int
) -> None:
    for place in range(rows):
        plan = make.plan(club, permissions=[f"p{place}", "pool"], position=place)
        make.price(plan)
        make.permission(club, f"p{place}", targets=[f"enter door:{place}"])
    prices = make.plan(club)
    for _ in range(rows - 1):
        make.price(prices)

    with django_assert_num_queries(3):
        assert len(queries.plans(club).data) == rows + 1
    with django_assert_num_queries(2):
        assert len(queries.permissions(club).data) == rows + 1
    with django_assert_num_queries(1):
        assert len(queries.prices_of(prices).data) == rows

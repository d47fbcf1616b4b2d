"""Granting over HTTP, to a customer or a company: what is answered and what is refused, at noon of 10 February."""

from tessera.core.periods import Interval
from tessera.memberships.models import Membership
from tessera.people.types import CustomerStatus
from tessera.plans.models import Plan, Price
from tessera.plans.types import Audience, Billing
from tests import make
from tests.api.calls import granted, membership_id, plan_id, price_id, refused
from tests.api.client import Developer
from tests.api.world import World

ALWAYS = {
    *("id", "version", "status", "in_grace", "plan", "price", "holder", "inherited_from", "starts_at", "ends_at"),
    *("last_day", "grace_until", "pause", "renews", "cancel_at", "ended_reason", "seats", "source", "permissions"),
}
MARCH_10 = "2026-03-10T00:00:00Z"


def test_a_granted_membership_says_everything_about_itself(api: Developer, world: World) -> None:
    plan = make.plan(world.club, "Pool", permissions=["sauna", "pool"])
    price = Price.objects.get(plan=plan)

    answer = api.post("/memberships", {"plan": plan_id(plan), "customer": "CUS-000001", "external_reference": "crm-7"})

    assert answer.status == 201
    assert answer.json == {
        "id": answer.json["id"],
        "version": 1,
        "status": "active",
        "in_grace": False,
        "plan": {"id": plan_id(plan), "name": "Pool"},
        "price": {
            "id": price_id(price),
            "amount": {"amount": 3500, "currency": "GBP"},
            "billing": "recurring",
            "interval": "month",
            "interval_count": 1,
        },
        "holder": {"type": "customer", "id": world.addresses["customers"], "name": "Ada Strand House"},
        "inherited_from": None,
        "seated": None,
        "starts_at": "2026-02-10T12:00:00Z",
        "ends_at": MARCH_10,
        "last_day": "2026-03-09",
        "grace_until": None,
        "pause": None,
        "renews": False,
        "cancel_at": None,
        "next_plan": None,
        "awaiting": [],
        "pending_until": None,
        "ended_at": None,
        "ended_reason": None,
        "seats": None,
        "source": "api",
        "external_reference": "crm-7",
        "created_at": "2026-02-10T12:00:00Z",
        "permissions": ["pool", "sauna"],
    }
    assert answer.json.keys() >= ALWAYS
    assert api.get(f"/memberships/{answer.json['id']}").json == answer.json
    (term,) = api.get(f"/memberships/{answer.json['id']}/terms").json["data"]
    assert (term["starts_at"], term["ends_at"], term["last_day"]) == ("2026-02-10T12:00:00Z", MARCH_10, "2026-03-09")


def test_a_company_is_granted_seats_of_its_own(api: Developer, world: World) -> None:
    plan = make.plan(world.club, seats=10)

    held = granted(api, plan, company="COM-000001", seats=3)

    assert (held["holder"]["type"], held["seats"]) == ("company", 3)
    assert granted(api, make.plan(world.club, seats=10), company="COM-000001")["seats"] == 10


def test_a_grant_names_a_price_a_start_and_an_end(api: Developer, world: World) -> None:
    plan = make.plan(world.club)
    yearly = make.price(plan, amount=30_000, interval=Interval.YEAR)

    held = granted(
        api, plan, price=price_id(yearly), starts_at="2026-03-01T10:00:00+01:00", ends_at="2026-06-01T00:00:00+01:00"
    )

    assert (held["status"], held["price"]["amount"]["amount"]) == ("scheduled", 30_000)
    assert (held["starts_at"], held["ends_at"]) == ("2026-03-01T09:00:00Z", "2026-05-31T23:00:00Z")
    assert held["last_day"] == "2026-05-31"


def test_grants_that_make_no_sense_are_refused_and_leave_nothing(api: Developer, world: World) -> None:
    club = world.club
    plan, free = make.plan(club), make.plan(club, billing=Billing.ONCE)
    two_prices, retired = make.plan(club), make.plan(club)
    make.price(two_prices)
    inactive = make.price(retired, active=False)
    ada, acme = {"customer": "CUS-000001"}, {"company": "COM-000001"}
    banned = {"customer": make.customer(club, status=CustomerStatus.BANNED).number}
    archived = {"customer": make.customer(club, status=CustomerStatus.ARCHIVED).number}
    before = Membership.objects.count()

    def refusal(of: Plan, **said: object) -> tuple[int, str, list[str]]:
        return refused(api.post("/memberships", {"plan": plan_id(of), **said}))

    assert refusal(world.plan, **ada) == (409, "membership_already_held", ["/plan"])
    assert refusal(plan) == (422, "one_holder", ["/customer"])
    assert refusal(plan, **ada, **acme) == (422, "one_holder", ["/customer"])
    assert refusal(make.plan(club, audience=Audience.COMPANIES), **ada) == (409, "wrong_audience", ["/plan"])
    assert refusal(make.plan(club, archived_at=make.JAN_10), **ada) == (409, "plan_archived", ["/plan"])
    assert refusal(two_prices, **ada) == (422, "price_ambiguous", ["/price"])
    assert refusal(retired, price=price_id(inactive), **ada) == (409, "price_inactive", ["/price"])
    assert refusal(plan, price=price_id(world.price), **ada) == (422, "price_not_of_plan", ["/price"])
    assert refusal(plan, **banned) == (409, "holder_banned", [])
    assert refusal(plan, **archived) == (409, "holder_archived", [])
    assert refusal(plan, trial=True, **ada) == (409, "trial_not_possible", ["/trial"])
    assert refusal(free, renews=True, **ada) == (422, "renewal_not_possible", ["/renews"])
    assert refusal(plan, seats=5, **ada) == (422, "seats_not_possible", ["/seats"])
    assert refusal(plan, ends_at="2026-02-01T00:00:00Z", **ada) == (422, "ends_before_start", ["/ends_at"])
    early = {"starts_at": "2025-01-01T00:00:00Z", "ends_at": "2025-02-01T00:00:00Z"}
    assert refusal(plan, **early, **ada) == (422, "ends_in_past", ["/ends_at"])
    assert Membership.objects.count() == before


def test_what_is_held_already_is_named(api: Developer, world: World) -> None:
    answer = api.post("/memberships", {"plan": plan_id(world.plan), "customer": "CUS-000001"})

    assert answer.json["membership"] == membership_id(world.own)

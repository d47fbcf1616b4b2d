"""Who is granted a plan, at which price, and that nobody holds it twice."""

from typing import Any

import pytest

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.core.periods import Interval
from tessera.memberships import errors
from tessera.memberships.types import EndedReason
from tessera.people.models import Company, Customer
from tessera.people.types import CompanyStatus, CustomerStatus
from tessera.plans.types import Audience, Billing
from tests import make
from tests.memberships.desk import Desk, london, one_event, plans, refused, rows, status, terms

pytestmark = pytest.mark.django_db

NOON = make.JAN_10


def test_a_company_may_have_seats_of_its_own_number(desk: Desk, acme: Company) -> None:
    membership = desk.grant(make.plan(desk.club, seats=5), acme, at=NOON, seats=3)
    with one_event(desk.club, "membership.granted") as told:
        plain = desk.grant(make.plan(desk.club, seats=5), acme, at=NOON)

    assert (membership.seats, membership.company_id, membership.customer_id) == (3, acme.pk, None)
    assert plain.seats is None
    assert (told[0].company_id, told[0].customer_id) == (acme.pk, None)


def test_a_customer_has_no_seats(desk: Desk, ada: Customer) -> None:
    with refused(errors.NoSeats, code="seats_not_possible"):
        desk.grant(make.plan(desk.club), ada, at=NOON, seats=3)


def test_a_price_is_named_where_there_are_several(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)
    yearly = make.price(plan, interval=Interval.YEAR)

    with refused(errors.PriceAmbiguous, code="price_ambiguous"):
        desk.grant(plan, ada, at=NOON)
    membership = desk.grant(plan, ada, at=NOON, price=yearly)

    assert [term.price for term in rows(membership)] == [yearly]
    assert terms(membership) == [(NOON, london("2027-01-10"))]


def test_a_price_that_takes_nobody_new_is_not_granted(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)
    old = make.price(plan, interval=Interval.YEAR, active=False)

    with refused(errors.PriceInactive, code="price_inactive"):
        desk.grant(plan, ada, at=NOON, price=old)
    assert terms(desk.grant(plan, ada, at=NOON)) == [(NOON, london("2026-02-10"))]


def test_a_plan_without_an_active_price_is_not_granted(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)
    plan.prices.update(active=False)

    with refused(errors.PriceAmbiguous, code="price_ambiguous"):
        desk.grant(plan, ada, at=NOON)


def test_the_price_of_another_plan_is_refused(desk: Desk, ada: Customer) -> None:
    with refused(errors.PriceNotOfPlan, code="price_not_of_plan"):
        desk.grant(make.plan(desk.club), ada, at=NOON, price=make.plan(desk.club).prices.get())


def test_an_archived_plan_takes_nobody_new(desk: Desk, ada: Customer) -> None:
    with refused(errors.PlanArchived, code="plan_archived"):
        desk.grant(make.plan(desk.club, archived_at=NOON), ada, at=NOON)


def test_a_plan_is_granted_only_to_those_it_is_for(desk: Desk, ada: Customer, acme: Company) -> None:
    for_people = make.plan(desk.club, audience=Audience.CUSTOMERS)
    for_companies = make.plan(desk.club, audience=Audience.COMPANIES)

    with refused(errors.WrongAudience, code="wrong_audience"):
        desk.grant(for_people, acme, at=NOON)
    with refused(errors.WrongAudience, code="wrong_audience"):
        desk.grant(for_companies, ada, at=NOON)
    desk.grant(for_people, ada, at=NOON)
    desk.grant(for_companies, acme, at=NOON)


def test_the_banned_and_the_archived_are_given_nothing(desk: Desk) -> None:
    plan = make.plan(desk.club)
    banned = make.customer(desk.club, status=CustomerStatus.BANNED)
    archived = make.customer(desk.club, status=CustomerStatus.ARCHIVED)
    closed = make.company(desk.club, status=CompanyStatus.ARCHIVED)

    with refused(errors.HolderBanned, code="holder_banned"):
        desk.grant(plan, banned, at=NOON)
    with refused(errors.HolderArchived, code="holder_archived"):
        desk.grant(plan, archived, at=NOON)
    with refused(errors.HolderArchived, code="holder_archived"):
        desk.grant(plan, closed, at=NOON)


def test_a_ban_since_the_customer_was_looked_up_counts(desk: Desk, ada: Customer) -> None:
    Customer.objects.filter(pk=ada.pk).update(status=CustomerStatus.BANNED)

    with refused(errors.HolderBanned, code="holder_banned"):
        desk.grant(make.plan(desk.club), ada, at=NOON)


def test_nonsensical_ends_are_refused(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)

    with refused(errors.EndsBeforeStart, code="ends_before_start"):
        desk.grant(plan, ada, at=NOON, ends_at=NOON)
    with refused(errors.EndsBeforeStart, code="ends_before_start"):
        desk.grant(plan, ada, at=NOON, starts_at=make.FEB_10, ends_at=london("2026-02-01"))
    with refused(errors.EndsInPast, code="ends_in_past"):
        desk.grant(plan, ada, at=NOON, starts_at=london("2025-01-01"), ends_at=london("2026-01-01"))


@pytest.mark.parametrize(
    "held",
    [
        {},
        {"starts_at": make.FEB_10},
        {"await_approval": True},
        {"await_payment": True},
        {"billing": Billing.OPEN},
    ],
    ids=["active", "scheduled", "applied for", "to be paid", "open"],
)
def test_a_plan_is_held_once_at_a_time(desk: Desk, ada: Customer, acme: Company, held: dict[str, Any]) -> None:
    plan = make.plan(desk.club, billing=held.pop("billing", Billing.RECURRING))
    first = desk.grant(plan, ada, at=NOON, **held)

    with refused(errors.AlreadyHeld, code="membership_already_held"):
        desk.grant(plan, ada, at=NOON)
    desk.grant(plan, make.customer(desk.club), at=NOON)
    desk.grant(plan, acme, at=NOON)
    desk.grant(make.plan(desk.club), ada, at=NOON)
    desk.cancel_now(first, at=NOON)
    desk.grant(plan, ada, at=NOON)


def test_a_plan_in_grace_or_paused_is_still_held(desk: Desk, ada: Customer) -> None:
    gold = make.plan(desk.club)
    silver = make.plan(desk.club, pauses_allowed=True, pauses_extend=True)
    desk.grant(gold, ada, at=NOON, renews=True)
    desk.pause(desk.grant(silver, ada, at=NOON), at=NOON)

    with refused(errors.AlreadyHeld, code="membership_already_held"):
        desk.grant(gold, ada, at=make.FEB_10)
    with refused(errors.AlreadyHeld, code="membership_already_held"):
        desk.grant(silver, ada, at=london("2026-07-01"))
    desk.grant(gold, ada, at=london("2026-02-17"))


def test_a_plan_that_a_membership_will_change_to_is_held_already_and_so_is_the_one_it_changes_from(
    desk: Desk, ada: Customer
) -> None:
    gold, silver, free = make.plan(desk.club), make.plan(desk.club), make.plan(desk.club, amount=0)
    desk.change_at_renewal(desk.grant(free, ada, at=NOON), gold, at=NOON)
    paying = desk.grant(make.plan(desk.club), ada, at=NOON)
    desk.change_at_renewal(paying, silver, at=NOON)

    for plan in (gold, free, silver):
        with refused(errors.AlreadyHeld, code="membership_already_held"):
            desk.grant(plan, ada, at=NOON)


def test_after_expiry_a_grant_makes_a_new_membership(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)
    old = desk.grant(plan, ada, at=NOON)

    new = desk.grant(plan, ada, at=london("2026-02-10"))

    assert new.pk != old.pk
    assert status(old, make.FEB_10) == "expired: lapsed"
    assert plans(new) == [plan]


@pytest.mark.parametrize("reason", list(EndedReason)[:4])
def test_what_somebody_ended_is_no_longer_held(desk: Desk, ada: Customer, reason: EndedReason) -> None:
    plan = make.plan(desk.club)
    make.membership(plan, customer=ada, ended_at=NOON, ended_reason=reason)

    assert status(desk.grant(plan, ada, at=NOON), NOON) == "active"


def test_the_refusal_names_the_membership_that_is_held(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)
    held = desk.grant(plan, ada, at=NOON)

    with pytest.raises(errors.AlreadyHeld) as refusal:
        desk.grant(plan, ada, at=NOON)

    assert refusal.value.extra["membership"] == ids.to_text(Prefix.MEMBERSHIP, held.pk)

"""How many places of a plan are taken: all memberships that are not over and are of it, or become it."""

from datetime import timedelta

from tessera.memberships.capacity import full_plans, places_taken
from tessera.memberships.types import EndedReason
from tessera.plans.models import Plan
from tests import make
from tests.memberships.desk import Desk

NOON = make.JAN_10
DAY = timedelta(days=1)


def taken(plan: Plan) -> int:
    return places_taken(plan, NOON)


def test_every_membership_that_is_not_over_takes_a_place(desk: Desk) -> None:
    club = desk.club
    plan, other = make.plan(club), make.plan(club)
    paused = make.membership(plan, customer=make.customer(club))
    make.pause(paused, starts_at=NOON - DAY)
    make.membership(plan, company=make.company(club))
    make.membership(plan, customer=make.customer(club), starts_at=NOON + DAY)
    make.membership(plan, customer=make.customer(club), starts_at=None, needs_approval=True)
    make.membership(
        plan, customer=make.customer(club), starts_at=NOON - 40 * DAY, ends_at=NOON - DAY, grace_until=NOON + DAY,
        renews=True,
    )  # fmt: skip
    assert taken(plan) == 5

    changing = make.membership(other, customer=make.customer(club))
    changing.next_plan = plan
    changing.save()
    assert (taken(plan), taken(other)) == (6, 1)


def test_what_is_over_takes_none(desk: Desk) -> None:
    club, plan = desk.club, make.plan(desk.club)
    make.membership(plan, customer=make.customer(club), starts_at=NOON - 40 * DAY, ends_at=NOON)
    make.membership(plan, customer=make.customer(club), ended_at=NOON, ended_reason=EndedReason.CANCELED)
    make.membership(plan, customer=make.customer(club), starts_at=None, awaits_payment=True, pending_until=NOON)
    make.membership(make.plan(make.organization()), customer=None, company=make.company(make.organization()))

    assert taken(plan) == 0


def test_a_plan_without_a_limit_is_never_full(desk: Desk) -> None:
    full, free, no_limit = (make.plan(desk.club, capacity=many) for many in (1, 2, None))
    for plan in (full, free, no_limit):
        make.membership(plan, customer=make.customer(desk.club))

    assert full_plans([full, free, no_limit], NOON) == {full.pk}

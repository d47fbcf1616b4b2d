"""Ending: now, at the period's end, undone; and taken away."""

from datetime import datetime, timedelta

import pytest

from tessera.memberships import errors
from tessera.memberships.models import Membership
from tessera.people.models import Customer
from tessera.people.types import CustomerStatus
from tessera.plans.types import Billing
from tests import make
from tests.memberships.desk import Desk, april, graces, london, one_event, plans, refused, status, terms

pytestmark = pytest.mark.django_db

NOON = make.JAN_10
DAY = timedelta(days=1)


def kept(membership: Membership) -> Membership:
    """The membership as the database has it."""
    return Membership.objects.get(pk=membership.pk)


def test_canceling_now_ends_it_and_leaves_its_terms_as_booked(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)
    membership = desk.grant(plan, ada, at=NOON)
    desk.renew(membership, at=NOON)
    booked = terms(membership)

    with one_event(desk.club, "membership.canceled") as told:
        desk.cancel_now(membership, at=NOON + DAY)

    assert terms(membership) == booked
    assert status(membership, NOON + DAY - timedelta.resolution) == "active"
    assert status(membership, NOON + DAY) == "expired: canceled"
    assert (kept(membership).ended_at, kept(membership).version) == (NOON + DAY, 3)
    assert (kept(membership).ends_at, kept(membership).announce_at) == (booked[-1][1], None)
    assert (told[0].membership_id, told[0].plan_id, told[0].at) == (membership.pk, plan.pk, NOON + DAY)


@pytest.mark.parametrize("at", [NOON, make.FEB_10], ids=["running", "in grace"])
def test_what_runs_or_is_in_grace_can_be_canceled_now(desk: Desk, ada: Customer, at: datetime) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, renews=True)

    desk.cancel_now(membership, at=at)

    assert status(membership, at) == "expired: canceled"


def test_what_is_over_is_neither_canceled_nor_revoked_again(desk: Desk, ada: Customer) -> None:
    canceled = desk.cancel_now(desk.grant(make.plan(desk.club), ada, at=NOON), at=NOON)
    lapsed = desk.grant(make.plan(desk.club), ada, at=NOON)

    for membership in (canceled, lapsed):
        for verb in (desk.cancel_now, desk.cancel_at_period_end, desk.revoke):
            with refused(errors.MembershipExpired, code="membership_is_expired"):
                verb(membership, at=london("2026-02-10"))


def test_revoking_takes_it_away_and_it_cannot_be_renewed(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)
    membership = desk.grant(plan, ada, at=NOON)

    with one_event(desk.club, "membership.revoked") as told:
        desk.revoke(membership, at=NOON + DAY)

    assert status(membership, NOON + DAY) == "expired: revoked"
    assert told[0].membership_id == membership.pk
    with refused(errors.NotRenewable, code="membership_not_renewable"):
        desk.renew(membership, at=NOON + DAY)
    desk.grant(plan, ada, at=NOON + DAY)


def test_the_banned_may_leave_and_be_thrown_out(desk: Desk, ada: Customer) -> None:
    leaves, stays = desk.grant(make.plan(desk.club), ada, at=NOON), desk.grant(make.plan(desk.club), ada, at=NOON)
    Customer.objects.filter(pk=ada.pk).update(status=CustomerStatus.BANNED)

    desk.cancel_now(leaves, at=NOON)
    desk.revoke(stays, at=NOON)

    assert status(leaves, NOON) == "expired: canceled"
    assert status(stays, NOON) == "expired: revoked"


def test_canceling_at_the_periods_end_stops_the_renewal_and_clears_the_grace(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, renews=True)

    with one_event(desk.club, "membership.cancel_booked") as told:
        desk.cancel_at_period_end(membership, at=NOON + DAY)

    assert status(membership, london("2026-02-09 23:59")) == "active"
    assert status(membership, london("2026-02-10")) == "expired: lapsed"
    assert graces(membership) == [None]
    row = kept(membership)
    assert (row.renews, row.cancel_booked_at, row.version) == (False, NOON + DAY, 2)
    assert (row.ends_at, row.announce_at) == (london("2026-02-10"), london("2026-02-10"))
    assert told[0].data["cancel_at"] == "2026-02-10T00:00:00Z"


def test_undone_it_renews_again_with_its_grace(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, renews=True)
    desk.cancel_at_period_end(membership, at=NOON)

    with one_event(desk.club, "membership.cancel_undone"):
        desk.undo_cancel(membership, at=london("2026-02-09 23:59"))

    row = kept(membership)
    assert (row.renews, row.cancel_booked_at, row.version) == (True, None, 3)
    assert graces(membership) == [london("2026-02-17")]
    assert row.announce_at == london("2026-02-17")
    assert status(membership, london("2026-02-12")) == "active in grace"


def test_it_can_be_undone_only_until_the_end(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, renews=True)

    with refused(errors.CancelNotBooked, code="cancel_not_booked"):
        desk.undo_cancel(membership, at=NOON)
    desk.cancel_at_period_end(membership, at=NOON)
    with refused(errors.CancelNotBooked, code="cancel_not_booked"):
        desk.undo_cancel(membership, at=london("2026-02-10"))
    desk.cancel_now(membership, at=NOON + DAY)
    with refused(errors.CancelNotBooked, code="cancel_not_booked"):
        desk.undo_cancel(membership, at=NOON + DAY)


def test_the_banned_undo_nothing(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, renews=True)
    desk.cancel_at_period_end(membership, at=NOON)
    Customer.objects.filter(pk=ada.pk).update(status=CustomerStatus.BANNED)

    with refused(errors.HolderBanned, code="holder_banned"):
        desk.undo_cancel(membership, at=NOON)


def test_the_cancelling_moves_with_the_last_booked_end(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, renews=True)
    desk.cancel_at_period_end(membership, at=NOON)

    desk.extend(membership, london("2026-03-01"), at=NOON)

    assert kept(membership).cancel_booked_at == NOON
    assert status(membership, london("2026-02-28")) == "active"
    assert status(membership, london("2026-03-01")) == "expired: lapsed"


def test_only_what_renews_by_itself_is_stopped(desk: Desk, ada: Customer) -> None:
    by_hand = desk.grant(make.plan(desk.club), ada, at=NOON)
    open_ended = desk.grant(make.plan(desk.club, billing=Billing.OPEN), ada, at=NOON)
    renewing = desk.grant(make.plan(desk.club), ada, at=NOON, renews=True)
    stopped = desk.cancel_at_period_end(desk.grant(make.plan(desk.club, amount=0), ada, at=NOON), at=NOON)

    with refused(errors.NotRenewing, code="membership_not_renewing"):
        desk.cancel_at_period_end(by_hand, at=NOON)
    with refused(errors.OpenEnded, code="membership_open_ended"):
        desk.cancel_at_period_end(open_ended, at=NOON)
    with refused(errors.MembershipInGrace, code="membership_in_grace"):
        desk.cancel_at_period_end(renewing, at=make.FEB_10)
    with refused(errors.NotRenewing, code="membership_not_renewing"):
        desk.cancel_at_period_end(stopped, at=NOON)


def test_what_renews_for_free_ends_with_its_computed_period_and_is_opened_again(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, amount=0), ada, at=london("2026-01-31 10:00"))

    desk.cancel_at_period_end(membership, at=london("2026-04-15 10:00"))
    assert terms(membership) == [(london("2026-01-31 10:00"), london("2026-04-30"))]
    assert kept(membership).announce_at == london("2026-04-30")
    desk.undo_cancel(membership, at=london("2026-04-20"))

    assert terms(membership) == [(london("2026-01-31 10:00"), None)]
    assert (kept(membership).renews, kept(membership).announce_at, kept(membership).ends_at) == (True, None, None)
    desk.cancel_at_period_end(membership, at=london("2026-05-01"))
    assert terms(membership) == [(london("2026-01-31 10:00"), london("2026-05-31"))]


def test_right_at_the_end_of_a_computed_period_the_next_one_counts(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, amount=0), ada, at=NOON)

    desk.cancel_at_period_end(membership, at=london("2026-02-10"))

    assert terms(membership) == [(NOON, london("2026-03-10"))]


def test_a_free_fixed_plan_ends_with_its_cycle(desk: Desk, ada: Customer) -> None:
    early = desk.grant(april(desk.club, amount=0), ada, at=london("2025-06-15 12:00"))
    late = desk.grant(april(desk.club, amount=0), ada, at=london("2026-02-15 12:00"))

    for membership in (early, late):
        desk.cancel_at_period_end(membership, at=london("2026-02-20"))

    assert terms(early) == [(london("2025-06-15 12:00"), london("2026-04-01"))]
    assert terms(late) == [(london("2026-02-15 12:00"), london("2027-04-01"))]  # joined after the rollover


def test_one_that_is_still_to_start_ends_with_its_first_period(desk: Desk, ada: Customer) -> None:
    starts_at = london("2026-03-05 09:00")
    membership = desk.grant(make.plan(desk.club, amount=0), ada, at=NOON, starts_at=starts_at)

    desk.cancel_at_period_end(membership, at=NOON)

    assert terms(membership) == [(starts_at, london("2026-04-05 09:00"))]


def test_an_end_set_by_hand_stays_the_end_of_the_period_after_undoing(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, amount=0), ada, at=NOON)
    desk.cancel_at_period_end(membership, at=NOON)
    desk.extend(membership, london("2026-03-05"), at=NOON)
    desk.undo_cancel(membership, at=NOON)

    desk.cancel_at_period_end(membership, at=NOON + DAY)

    assert terms(membership) == [(NOON, london("2026-03-05"))]


@pytest.mark.parametrize("amount", [0, 5000], ids=["to a free plan", "to a paid plan"])
def test_canceling_takes_a_booked_change_back_and_undoing_books_it_again(
    desk: Desk, ada: Customer, amount: int
) -> None:
    free, other = make.plan(desk.club, amount=0), make.plan(desk.club, amount=amount)
    membership = desk.grant(free, ada, at=london("2026-01-31 10:00"))
    now = london("2026-02-05")
    desk.change_at_renewal(membership, other, at=now)
    booked = terms(membership)

    desk.cancel_at_period_end(membership, at=now)
    assert terms(membership) == [(london("2026-01-31 10:00"), london("2026-02-28"))]
    assert status(membership, london("2026-02-28")) == "expired: lapsed"
    desk.undo_cancel(membership, at=now)

    assert terms(membership) == booked
    assert plans(membership) == [free, other]
    assert kept(membership).renews is (amount == 0)
    assert kept(membership).next_plan_id is None


def test_a_change_booked_on_a_fixed_plan_is_taken_back_to_the_same_end(desk: Desk, ada: Customer) -> None:
    fixed = april(desk.club, amount=0)
    membership = desk.grant(fixed, ada, at=london("2026-02-15 12:00"))  # after the rollover: until April 2027
    desk.change_at_renewal(membership, make.plan(desk.club), at=london("2026-02-20"))
    assert terms(membership)[0][1] == london("2027-04-01")

    desk.cancel_at_period_end(membership, at=london("2026-02-21"))

    assert terms(membership) == [(london("2026-02-15 12:00"), london("2027-04-01"))]

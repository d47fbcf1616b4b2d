"""Renewing by hand, early and late, and moving an end later by hand."""

from datetime import datetime, timedelta

import pytest

from tessera.core.periods import Interval
from tessera.memberships import errors
from tessera.memberships.models import Membership
from tessera.memberships.types import EndedReason
from tessera.people.models import Company, Customer
from tessera.people.types import CustomerStatus
from tessera.plans.models import Plan
from tessera.plans.types import Billing
from tests import make
from tests.memberships.desk import Desk, april, graces, london, one_event, plans, refused, rows, status, terms

pytestmark = pytest.mark.django_db

NOON = make.JAN_10
DAY = timedelta(days=1)


def ends(membership: Membership) -> list[datetime | None]:
    return [end for _, end in terms(membership)]


def test_early_renewals_stack_and_never_move_the_anchor(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=london("2026-01-31 18:00"))

    for _ in range(3):
        desk.renew(membership, at=london("2026-02-01 09:00"))

    assert ends(membership) == [london("2026-02-28"), london("2026-03-31"), london("2026-04-30"), london("2026-05-31")]
    starts = [start for start, _ in terms(membership)]
    assert starts[1:] == ends(membership)[:-1]


def test_29_february_comes_back_every_fourth_year(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, interval=Interval.YEAR), ada, at=london("2024-02-29 10:00"))

    for _ in range(3):
        desk.renew(membership, at=london("2024-03-01"))

    assert ends(membership) == [
        london(f"{year}-02-{day}") for year, day in ((2025, 28), (2026, 28), (2027, 28), (2028, 29))
    ]


def test_a_time_of_day_that_dst_takes_away_comes_back(desk: Desk, ada: Customer) -> None:
    starts_at = london("2026-02-28 01:30")
    membership = desk.grant(
        make.plan(desk.club, interval=Interval.DAY, interval_count=29), ada, at=NOON, starts_at=starts_at
    )

    desk.renew(membership, at=starts_at)
    desk.renew(membership, at=starts_at)

    # On 29 March clocks go from 01:00 to 02:00; the next end is at 01:30 again.
    assert ends(membership) == [london("2026-03-29 02:00"), london("2026-04-27 01:30"), london("2026-05-26 01:30")]


def test_a_renewal_is_one_term_one_version_and_one_event(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)
    membership = desk.grant(plan, ada, at=NOON)

    with one_event(desk.club, "membership.renewed") as told:
        renewed = desk.renew(membership, at=NOON + DAY)

    assert renewed.version == 2
    row = Membership.objects.get(pk=membership.pk)
    assert (row.version, row.ends_at, row.announce_at) == (2, london("2026-03-10"), london("2026-03-10"))
    assert (told[0].at, told[0].membership_id, told[0].customer_id, told[0].plan_id) == (
        NOON + DAY,
        membership.pk,
        ada.pk,
        plan.pk,
    )
    assert told[0].data["starts_at"] == "2026-02-10T00:00:00Z"
    assert told[0].data["ends_at"] == "2026-03-10T00:00:00Z"


def test_holders_renew_on_an_archived_plan_and_a_price_that_takes_nobody_new(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)
    membership = desk.grant(plan, ada, at=NOON)
    plan.prices.update(active=False)
    Plan.objects.filter(pk=plan.pk).update(archived_at=NOON)

    desk.renew(membership, at=NOON)
    desk.renew(membership, at=london("2026-05-05 10:00"))

    assert ends(membership) == [london("2026-02-10"), london("2026-03-10"), london("2026-06-05")]


def test_within_the_revival_days_it_goes_on_from_the_old_end(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, revival_days=10), ada, at=london("2026-01-31 10:00"))

    desk.renew(membership, at=london("2026-03-09 23:59"))

    assert terms(membership)[1] == (london("2026-02-28"), london("2026-03-31"))
    assert status(membership, london("2026-03-01")) == "active"


def test_after_the_revival_days_it_starts_now_with_a_new_anchor(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, revival_days=10), ada, at=london("2026-01-31 10:00"))
    now = london("2026-03-10")

    desk.renew(membership, at=now)

    assert terms(membership)[1] == (now, london("2026-04-10"))
    assert Membership.objects.get(pk=membership.pk).anchor == "2026-03-10T00:00:00"


def test_without_revival_days_a_lapsed_one_starts_now(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON)

    desk.renew(membership, at=london("2026-02-10 08:00"))

    assert terms(membership)[1] == (london("2026-02-10 08:00"), london("2026-03-10"))


def test_a_term_from_the_old_end_that_would_be_over_starts_now_instead(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(
        make.plan(desk.club, revival_days=60, interval=Interval.WEEK), ada, at=london("2026-01-01 10:00")
    )

    desk.renew(membership, at=london("2026-01-15"))  # one from 8 January would have ended right now

    assert terms(membership)[1] == (london("2026-01-15"), london("2026-01-22"))


def test_after_its_grace_one_that_renewed_by_payment_is_renewed_by_hand(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, renews=True)

    with refused(errors.AlreadyRenewing, code="membership_already_renewing"):
        desk.renew(membership, at=NOON)
    with refused(errors.AlreadyRenewing, code="membership_already_renewing"):
        desk.renew(membership, at=london("2026-02-12"))  # in grace
    desk.renew(membership, at=london("2026-02-17 09:00"))

    assert terms(membership)[1] == (london("2026-02-17 09:00"), london("2026-03-17"))
    assert Membership.objects.get(pk=membership.pk).renews is False


def test_what_has_no_end_is_not_renewed(desk: Desk, ada: Customer) -> None:
    open_ended = desk.grant(make.plan(desk.club, billing=Billing.OPEN), ada, at=NOON)
    free = desk.grant(make.plan(desk.club, amount=0), ada, at=NOON)

    with refused(errors.OpenEnded, code="membership_open_ended"):
        desk.renew(open_ended, at=NOON)
    with refused(errors.AlreadyRenewing, code="membership_already_renewing"):
        desk.renew(free, at=NOON)


@pytest.mark.parametrize("reason", [EndedReason.REFUNDED, EndedReason.REVOKED, EndedReason.REJECTED])
def test_what_was_taken_away_is_not_renewed(desk: Desk, ada: Customer, reason: EndedReason) -> None:
    membership = make.membership(make.plan(desk.club), customer=ada, ended_at=NOON, ended_reason=reason)

    with refused(errors.NotRenewable, code="membership_not_renewable"):
        desk.renew(membership, at=NOON)


def test_after_canceling_now_a_renewal_starts_now_and_what_was_booked_stays_gone(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, revival_days=30), ada, at=NOON)
    desk.renew(membership, at=NOON)
    desk.cancel_now(membership, at=NOON + 5 * DAY)
    now = NOON + 7 * DAY

    desk.renew(membership, at=now)

    assert terms(membership) == [(NOON, NOON + 5 * DAY), (now, london("2026-02-17"))]
    assert status(membership, NOON + 4 * DAY) == "active"
    assert status(membership, NOON + 6 * DAY) != "active"
    row = Membership.objects.get(pk=membership.pk)
    assert (row.ended_at, row.ended_reason, row.announce_at) == (None, "", london("2026-02-17"))


def test_what_was_canceled_before_it_started_can_be_renewed_from_now(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, starts_at=make.FEB_10)
    desk.cancel_now(membership, at=NOON + DAY)

    desk.renew(membership, at=NOON + 2 * DAY)

    assert terms(membership) == [(NOON + 2 * DAY, london("2026-02-12"))]


def test_a_pause_that_ran_when_it_was_canceled_does_not_come_back(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club, pauses_allowed=True, pauses_extend=True)
    membership = desk.grant(plan, ada, at=NOON)
    desk.pause(membership, at=NOON + DAY)
    desk.cancel_now(membership, at=NOON + 2 * DAY)

    desk.renew(membership, at=NOON + 3 * DAY)

    assert status(membership, NOON + DAY) == "paused"
    assert status(membership, NOON + 3 * DAY) == "active"


def test_an_open_ended_membership_that_was_canceled_can_be_renewed(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, billing=Billing.OPEN), ada, at=NOON)
    desk.cancel_now(membership, at=NOON + DAY)

    desk.renew(membership, at=NOON + 2 * DAY)

    assert terms(membership) == [(NOON, NOON + DAY), (NOON + 2 * DAY, None)]


def test_after_a_trial_terms_are_anchored_at_its_end(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, trial_days=21), ada, at=NOON)

    desk.renew(membership, at=NOON)
    desk.renew(membership, at=NOON)

    assert ends(membership) == [london("2026-01-31"), london("2026-02-28"), london("2026-03-31")]
    assert [term.trial for term in rows(membership)] == [True, False, False]


def test_a_fixed_plan_renews_by_whole_cycles(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(april(desk.club), ada, at=london("2025-06-15 12:00"))

    desk.renew(membership, at=london("2026-03-01"))  # after the rollover: no matter
    desk.renew(membership, at=london("2026-03-01"))

    assert ends(membership) == [london("2026-04-01"), london("2027-04-01"), london("2028-04-01")]


def test_a_fixed_plan_renewed_late_counts_as_joining(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(april(desk.club), ada, at=london("2025-06-15 12:00"))

    desk.renew(membership, at=london("2027-02-01 12:00"))

    assert terms(membership)[1] == (london("2027-02-01 12:00"), london("2028-04-01"))


def test_once_stacks_likewise(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club, billing=Billing.ONCE, interval=Interval.DAY, interval_count=10)
    membership = desk.grant(plan, ada, at=NOON)

    desk.renew(membership, at=NOON)

    assert ends(membership) == [london("2026-01-20"), london("2026-01-30")]


def test_a_renewal_takes_the_plan_that_was_booked_for_it(desk: Desk, ada: Customer) -> None:
    gold, silver = make.plan(desk.club), make.plan(desk.club, interval=Interval.YEAR)
    membership = desk.grant(gold, ada, at=london("2026-01-31 12:00"))
    desk.change_at_renewal(membership, silver, at=NOON + 30 * DAY)

    desk.renew(membership, at=NOON + 31 * DAY)

    assert plans(membership) == [gold, silver]
    assert ends(membership) == [london("2026-02-28"), london("2027-02-28")]
    assert Membership.objects.get(pk=membership.pk).next_plan_id is None


def test_a_rolling_plan_after_a_fixed_one_is_anchored_where_the_cycle_ended(desk: Desk, ada: Customer) -> None:
    fixed, monthly = april(desk.club), make.plan(desk.club)
    membership = desk.grant(fixed, ada, at=NOON, starts_at=london("2025-06-15 15:30"))
    desk.change_at_renewal(membership, monthly, at=NOON)

    desk.renew(membership, at=NOON)
    desk.renew(membership, at=NOON)

    assert ends(membership) == [london("2026-04-01"), london("2026-05-01"), london("2026-06-01")]


def test_a_free_membership_that_was_to_end_goes_on_when_renewed(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, amount=0), ada, at=NOON)
    desk.cancel_at_period_end(membership, at=NOON)

    desk.renew(membership, at=NOON + DAY)

    assert terms(membership) == [(NOON, london("2026-02-10")), (london("2026-02-10"), None)]
    row = Membership.objects.get(pk=membership.pk)
    assert (row.renews, row.cancel_booked_at, row.announce_at) == (True, None, None)


def test_a_renewal_by_hand_leaves_a_booked_cancelling_standing_and_moves_its_end(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, renews=True)
    desk.cancel_at_period_end(membership, at=NOON)

    desk.renew(membership, at=NOON)

    row = Membership.objects.get(pk=membership.pk)
    assert (row.cancel_booked_at, row.renews, row.ends_at) == (NOON, False, london("2026-03-10"))


def test_what_somebody_else_grants_meanwhile_bars_the_renewal_of_the_old(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club, revival_days=100)
    old = desk.grant(plan, ada, at=NOON)
    desk.grant(plan, ada, at=london("2026-02-20"))

    with refused(errors.AlreadyHeld, code="membership_already_held"):
        desk.renew(old, at=london("2026-02-21"))


def test_the_banned_and_archived_renew_and_extend_nothing(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON)

    for standing, error, code in (
        (CustomerStatus.BANNED, errors.HolderBanned, "holder_banned"),
        (CustomerStatus.ARCHIVED, errors.HolderArchived, "holder_archived"),
    ):
        Customer.objects.filter(pk=ada.pk).update(status=standing)
        with refused(error, code=code):
            desk.renew(membership, at=NOON)
        with refused(error, code=code):
            desk.extend(membership, make.FEB_10, at=NOON)


def test_a_membership_of_another_club_does_not_exist_here(desk: Desk, acme: Company) -> None:
    elsewhere = Desk.open()
    theirs = elsewhere.grant(make.plan(elsewhere.club), make.customer(elsewhere.club), at=NOON)

    for verb in (desk.renew, desk.cancel_now, desk.cancel_at_period_end, desk.revoke, desk.pause, desk.approve):
        with refused(errors.MembershipNotFound, code="membership_not_found"):
            verb(theirs, at=NOON)


def test_extending_moves_the_last_end_and_its_grace_and_anchors_there(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, renews=True)

    with one_event(desk.club, "membership.extended") as told:
        extended = desk.extend(membership, london("2026-03-05 18:00"), at=NOON)

    assert terms(membership) == [(NOON, london("2026-03-05 18:00"))]
    assert graces(membership) == [london("2026-03-12 18:00")]
    assert (extended.anchor, extended.version) == ("2026-03-05T18:00:00", 2)
    assert extended.announce_at == london("2026-03-12 18:00")
    assert told[0].data["from_end"] == "2026-02-10T00:00:00Z"
    assert told[0].data["ends_at"] == "2026-03-05T18:00:00Z"


def test_a_renewal_goes_on_from_the_extended_end(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON)
    desk.extend(membership, london("2026-03-31"), at=NOON)

    desk.renew(membership, at=NOON)
    desk.renew(membership, at=NOON)

    assert ends(membership) == [london("2026-03-31"), london("2026-04-30"), london("2026-05-31")]


def test_extending_moves_only_the_last_of_several_terms(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON)
    desk.renew(membership, at=NOON)

    desk.extend(membership, london("2026-03-20"), at=NOON)

    assert ends(membership) == [london("2026-02-10"), london("2026-03-20")]


def test_an_end_is_never_extended_backwards(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, renews=True)

    with refused(errors.NotLater, code="end_not_later"):
        desk.extend(membership, london("2026-02-10"), at=NOON)
    with refused(errors.NotLater, code="end_not_later"):
        desk.extend(membership, london("2026-02-12"), at=london("2026-02-13"))  # in grace


def test_what_is_over_or_has_no_end_is_not_extended(desk: Desk, ada: Customer) -> None:
    lapsed = desk.grant(make.plan(desk.club), ada, at=NOON)
    open_ended = desk.grant(make.plan(desk.club, billing=Billing.OPEN), ada, at=NOON)

    with refused(errors.MembershipExpired, code="membership_is_expired"):
        desk.extend(lapsed, london("2026-04-01"), at=london("2026-02-10"))
    with refused(errors.OpenEnded, code="membership_open_ended"):
        desk.extend(open_ended, london("2026-04-01"), at=NOON)

"""Pausing and resuming, and the ends that an extending pause moves."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tessera.core.periods import Interval
from tessera.memberships import errors
from tessera.memberships.models import Membership, Pause
from tessera.people.models import Customer
from tessera.people.types import CustomerStatus
from tessera.plans.models import Plan
from tessera.plans.types import Billing
from tests import make
from tests.memberships.desk import Desk, april, graces, london, one_event, pauses, plans, refused, status, terms

pytestmark = pytest.mark.django_db

NOON = make.JAN_10
DAY = timedelta(days=1)


def extending(desk: Desk, **plan: Any) -> Plan:
    """A plan whose pauses extend the term."""
    return make.plan(desk.club, pauses_allowed=True, pauses_extend=True, **plan)


def plain(desk: Desk, **plan: Any) -> Plan:
    """A plan whose pauses leave the end alone."""
    return make.plan(desk.club, pauses_allowed=True, **plan)


def kept(membership: Membership) -> Membership:
    """The membership as the database has it."""
    return Membership.objects.get(pk=membership.pk)


def ends(membership: Membership) -> list[datetime | None]:
    return [end for _, end in terms(membership)]


def test_a_pause_from_now_lasts_until_it_is_resumed(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(plain(desk), ada, at=NOON)

    with one_event(desk.club, "membership.paused") as told:
        paused = desk.pause(membership, at=NOON + DAY, reason="Travelling")
    assert status(membership, NOON + DAY - timedelta.resolution) == "active"
    assert status(membership, NOON + DAY) == "paused"
    assert status(membership, NOON + 20 * DAY) == "paused"
    with one_event(desk.club, "membership.resumed") as resumed:
        desk.resume(membership, at=NOON + 5 * DAY)

    assert status(membership, NOON + 5 * DAY) == "active"
    assert pauses(membership) == [(NOON + DAY, NOON + 5 * DAY)]
    assert ends(membership) == [london("2026-02-10")]
    assert (paused.version, kept(membership).version) == (2, 3)
    assert (told[0].data["starts_at"], told[0].data["until"]) == ("2026-01-11T12:00:00Z", None)
    assert "Travelling" not in str(told[0].data)
    assert (resumed[0].membership_id, resumed[0].customer_id) == (membership.pk, ada.pk)


def test_a_pause_may_be_planned_with_its_end(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(plain(desk), ada, at=NOON)

    desk.pause(membership, at=NOON, starts_at=NOON + 2 * DAY, ends_at=NOON + 4 * DAY)

    assert [status(membership, NOON + number * DAY) for number in (1, 2, 3, 4)] == [
        "active",
        "paused",
        "paused",
        "active",
    ]
    assert (kept(membership).ends_at, kept(membership).announce_at) == (london("2026-02-10"), NOON + 2 * DAY)


def test_a_plain_pause_does_not_outlive_its_term(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(plain(desk), ada, at=NOON)

    desk.pause(membership, at=NOON)

    assert status(membership, london("2026-02-10")) == "expired: lapsed"
    assert kept(membership).announce_at == london("2026-02-10")


def test_an_extending_pause_moves_the_end_when_it_is_planned(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(extending(desk), ada, at=NOON, renews=True)

    desk.pause(membership, at=NOON, starts_at=london("2026-01-20"), ends_at=london("2026-01-30"))

    assert ends(membership) == [london("2026-02-20")]
    assert graces(membership) == [london("2026-02-27")]
    row = kept(membership)
    assert (row.anchor, row.ends_at, row.announce_at) == (
        "2026-02-20T00:00:00",
        london("2026-02-20"),
        london("2026-01-20"),
    )


def test_it_moves_this_term_and_every_later_one_but_none_before(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(extending(desk), ada, at=NOON)
    desk.renew(membership, at=NOON)
    desk.renew(membership, at=NOON)

    desk.pause(membership, at=NOON, starts_at=london("2026-02-15"), ends_at=london("2026-02-20"))

    assert terms(membership) == [
        (NOON, london("2026-02-10")),
        (london("2026-02-10"), london("2026-03-15")),
        (london("2026-03-15"), london("2026-04-15")),
    ]
    assert kept(membership).anchor == "2026-04-15T00:00:00"


@pytest.mark.parametrize(
    ("paused", "resumed", "end"),
    [
        ("2026-03-25 12:00", "2026-03-31 12:00", "2026-04-16"),  # 6 days less an hour, in hours
        ("2026-03-28 12:00", "2026-03-29 12:00", "2026-04-11"),  # 23 hours
        ("2026-03-20 09:00", "2026-03-20 15:30", "2026-04-10 06:30"),
    ],
)
def test_ends_move_by_wall_clock_time_across_dst(
    desk: Desk, ada: Customer, paused: str, resumed: str, end: str
) -> None:
    membership = desk.grant(extending(desk), ada, at=london("2026-03-10 10:00"))

    desk.pause(membership, at=london(paused))
    desk.resume(membership, at=london(resumed))

    assert ends(membership) == [london(end)]


def test_a_day_that_is_25_hours_long_is_a_day(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(extending(desk), ada, at=london("2026-10-10 10:00"))

    desk.pause(membership, at=london("2026-10-24 12:00"), ends_at=london("2026-10-25 12:00"))

    assert ends(membership) == [london("2026-11-11")]


def test_while_it_is_open_an_extending_pause_outlives_the_term_and_moves_it_on_resume(
    desk: Desk, ada: Customer
) -> None:
    membership = desk.grant(extending(desk), ada, at=NOON)
    desk.renew(membership, at=NOON)
    booked = terms(membership)

    desk.pause(membership, at=london("2026-02-05"))
    assert terms(membership) == booked
    assert status(membership, london("2026-06-01")) == "paused"
    assert kept(membership).announce_at is None
    assert desk.announce(at=london("2026-06-01")) == 0
    desk.resume(membership, at=london("2026-06-05"))

    assert terms(membership) == [(NOON, london("2026-06-10")), (london("2026-06-10"), london("2026-07-08"))]
    assert status(membership, london("2026-06-05")) == "active"
    assert (kept(membership).ends_at, kept(membership).announce_at) == (london("2026-07-08"), london("2026-07-08"))
    assert kept(membership).anchor == "2026-07-08T00:00:00"


def test_resuming_early_gives_back_only_what_was_paused(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(extending(desk), ada, at=NOON, renews=True)
    desk.renew(desk.cancel_at_period_end(membership, at=NOON), at=NOON)
    desk.pause(membership, at=NOON, starts_at=london("2026-01-20"), ends_at=london("2026-01-30"))

    desk.resume(membership, at=london("2026-01-23"))

    assert pauses(membership) == [(london("2026-01-20"), london("2026-01-23"))]
    assert terms(membership) == [(NOON, london("2026-02-13")), (london("2026-02-13"), london("2026-03-13"))]
    assert kept(membership).anchor == "2026-03-13T00:00:00"


def test_a_planned_pause_that_is_taken_back_leaves_no_trace(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(extending(desk), ada, at=london("2026-01-31 10:00"))
    desk.renew(membership, at=london("2026-01-31 10:00"))
    before, anchor = terms(membership), kept(membership).anchor
    desk.pause(membership, at=NOON + 22 * DAY, starts_at=london("2026-02-10"), ends_at=london("2026-02-25"))
    assert ends(membership) == [london("2026-03-15"), london("2026-04-15")]

    desk.resume(membership, at=london("2026-02-09"))

    assert (terms(membership), kept(membership).anchor, pauses(membership)) == (before, anchor, [])
    desk.renew(membership, at=london("2026-02-09"))
    assert ends(membership)[-1] == london("2026-04-30")


def test_a_pause_taken_back_in_the_instant_it_begins_never_was(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(extending(desk), ada, at=NOON)
    desk.pause(membership, at=NOON + DAY)

    desk.resume(membership, at=NOON + DAY)

    assert (pauses(membership), ends(membership)) == ([], [london("2026-02-10")])
    assert status(membership, NOON + DAY) == "active"


def test_resuming_ends_the_pause_that_runs_before_one_that_is_planned(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(extending(desk), ada, at=NOON)
    desk.pause(membership, at=NOON, ends_at=NOON + 4 * DAY)
    desk.pause(membership, at=NOON, starts_at=NOON + 10 * DAY, ends_at=NOON + 12 * DAY)
    assert ends(membership) == [london("2026-02-16")]

    desk.resume(membership, at=NOON + DAY)
    assert pauses(membership) == [(NOON, NOON + DAY), (NOON + 10 * DAY, NOON + 12 * DAY)]
    assert ends(membership) == [london("2026-02-13")]
    desk.resume(membership, at=NOON + DAY)

    assert pauses(membership) == [(NOON, NOON + DAY)]
    assert ends(membership) == [london("2026-02-11")]


def test_a_fixed_cycles_end_never_moves(desk: Desk, ada: Customer) -> None:
    plan = april(desk.club, pauses_allowed=True, pauses_extend=True)
    membership = desk.grant(plan, ada, at=london("2025-06-15 12:00"))

    desk.pause(membership, at=london("2025-07-01"), ends_at=london("2025-08-01"))
    desk.pause(membership, at=london("2025-09-01"))
    desk.resume(membership, at=london("2025-10-01"))

    assert ends(membership) == [london("2026-04-01")]
    desk.pause(membership, at=london("2026-03-01"))
    assert status(membership, london("2026-04-01")) == "expired: lapsed"


def test_a_fixed_term_booked_after_a_rolling_one_begins_later_and_ends_with_its_cycle(
    desk: Desk, ada: Customer
) -> None:
    membership = desk.grant(extending(desk), ada, at=NOON)
    fixed = april(desk.club)
    desk.change_at_renewal(membership, fixed, at=NOON)
    desk.renew(membership, at=NOON)

    desk.pause(membership, at=NOON, starts_at=NOON + DAY, ends_at=NOON + 11 * DAY)
    assert terms(membership) == [(NOON, london("2026-02-20")), (london("2026-02-20"), london("2026-04-01"))]
    desk.resume(membership, at=NOON)

    assert terms(membership) == [(NOON, london("2026-02-10")), (london("2026-02-10"), london("2026-04-01"))]
    assert plans(membership)[-1] == fixed


def test_a_fixed_term_that_a_pause_pushes_past_its_cycle_takes_the_next(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(extending(desk), ada, at=NOON)
    desk.change_at_renewal(membership, april(desk.club), at=NOON)
    desk.renew(membership, at=NOON)

    desk.pause(membership, at=NOON, starts_at=london("2026-01-20"), ends_at=london("2026-03-20"))

    assert terms(membership) == [(NOON, london("2026-04-10")), (london("2026-04-10"), london("2027-04-01"))]


def test_what_has_no_end_is_paused_and_nothing_moves(desk: Desk, ada: Customer) -> None:
    open_ended = desk.grant(extending(desk, billing=Billing.OPEN), ada, at=NOON)
    free = desk.grant(extending(desk, amount=0), ada, at=NOON)

    for membership in (open_ended, free):
        desk.pause(membership, at=NOON, starts_at=NOON + 2 * DAY, ends_at=NOON + 4 * DAY)
        assert ends(membership) == [None]
        assert status(membership, NOON + 3 * DAY) == "paused"
    desk.cancel_at_period_end(free, at=NOON)
    desk.resume(free, at=NOON)

    assert ends(free) == [london("2026-02-10")]


def test_an_open_term_booked_after_a_paused_one_begins_later_and_is_anchored_there(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(extending(desk), ada, at=NOON)
    desk.change_at_renewal(membership, make.plan(desk.club, amount=0), at=NOON)
    desk.renew(membership, at=NOON)
    desk.pause(membership, at=NOON, ends_at=NOON + 5 * DAY)

    assert terms(membership) == [(NOON, london("2026-02-15")), (london("2026-02-15"), None)]
    desk.cancel_at_period_end(membership, at=london("2026-02-20"))

    assert ends(membership)[-1] == london("2026-03-15")


def test_a_pause_may_fall_in_a_booked_term(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(extending(desk), ada, at=NOON, starts_at=make.FEB_10)

    desk.pause(membership, at=NOON, starts_at=make.FEB_10, ends_at=make.FEB_10 + DAY)

    assert status(membership, make.FEB_10) == "paused"
    assert ends(membership) == [london("2026-03-11 12:00")]


def test_pauses_do_not_overlap_but_may_touch(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(plain(desk), ada, at=NOON)
    desk.pause(membership, at=NOON, starts_at=NOON + 2 * DAY, ends_at=NOON + 4 * DAY)

    for starts, until in ((1, 3), (3, 5), (2, 4), (1, 5), (1, None), (2, None)):
        with refused(errors.PauseOverlaps, code="pause_overlaps"):
            desk.pause(
                membership,
                at=NOON,
                starts_at=NOON + starts * DAY,
                ends_at=None if until is None else NOON + until * DAY,
            )
    desk.pause(membership, at=NOON, starts_at=NOON + 4 * DAY, ends_at=NOON + 5 * DAY)
    desk.pause(membership, at=NOON, ends_at=NOON + 2 * DAY)

    assert len(pauses(membership)) == 3


def test_what_is_paused_is_not_paused_again(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(plain(desk), ada, at=NOON)
    desk.pause(membership, at=NOON)

    with refused(errors.PauseOverlaps, code="pause_overlaps"):
        desk.pause(membership, at=NOON + DAY)


def test_a_pause_does_not_start_in_the_past_or_end_before_it_starts(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(plain(desk), ada, at=NOON)

    with refused(errors.PauseInPast, code="pause_in_past"):
        desk.pause(membership, at=NOON + DAY, starts_at=NOON)
    with refused(errors.EndsBeforeStart, code="ends_before_start"):
        desk.pause(membership, at=NOON, ends_at=NOON)
    with refused(errors.EndsBeforeStart, code="ends_before_start"):
        desk.pause(membership, at=NOON, starts_at=NOON + DAY, ends_at=NOON)


def test_a_pause_starts_inside_a_term_never_in_grace(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(plain(desk), ada, at=NOON, renews=True)

    with refused(errors.MembershipInGrace, code="membership_in_grace"):
        desk.pause(membership, at=london("2026-02-10"))
    with refused(errors.MembershipInGrace, code="membership_in_grace"):
        desk.pause(membership, at=NOON, starts_at=london("2026-02-12"))
    with refused(errors.PauseOutsideTerm, code="pause_outside_term"):
        desk.pause(membership, at=NOON, starts_at=london("2026-02-17"))


def test_only_where_the_plan_allows_it(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON)

    with refused(errors.PausesNotAllowed, code="pauses_not_allowed"):
        desk.pause(membership, at=NOON)


def test_what_is_over_is_neither_paused_nor_resumed(desk: Desk, ada: Customer) -> None:
    lapsed = desk.grant(plain(desk), ada, at=NOON)
    canceled = desk.grant(plain(desk), ada, at=NOON)
    desk.pause(canceled, at=NOON)
    desk.cancel_now(canceled, at=NOON + DAY)

    for membership in (lapsed, canceled):
        for verb in (desk.pause, desk.resume):
            with refused(errors.MembershipExpired, code="membership_is_expired"):
                verb(membership, at=london("2026-02-10"))


def test_without_a_pause_there_is_nothing_to_resume(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(plain(desk), ada, at=NOON)
    desk.pause(membership, at=NOON, ends_at=NOON + DAY)

    with refused(errors.NotPaused, code="membership_not_paused"):
        desk.resume(membership, at=NOON + DAY)


def test_the_banned_are_not_resumed(desk: Desk, ada: Customer) -> None:
    membership = desk.pause(desk.grant(plain(desk), ada, at=NOON), at=NOON)
    Customer.objects.filter(pk=ada.pk).update(status=CustomerStatus.BANNED)

    with refused(errors.HolderBanned, code="holder_banned"):
        desk.resume(membership, at=NOON + DAY)


def test_a_later_choice_of_the_plan_leaves_a_pause_as_it_began(desk: Desk, ada: Customer) -> None:
    plan = extending(desk)
    membership = desk.pause(desk.grant(plan, ada, at=NOON), at=NOON)
    Plan.objects.filter(pk=plan.pk).update(pauses_extend=False)

    desk.resume(membership, at=NOON + 5 * DAY)

    assert ends(membership) == [london("2026-02-15")]
    assert Pause.objects.get(membership=membership.pk).extends


def test_a_renewal_while_paused_is_moved_with_the_rest(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(extending(desk, interval=Interval.MONTH), ada, at=NOON)
    desk.pause(membership, at=london("2026-02-05"))

    desk.renew(membership, at=london("2026-03-15"))
    assert status(membership, london("2026-03-15")) == "paused"
    desk.resume(membership, at=london("2026-03-25"))

    assert terms(membership) == [(NOON, london("2026-03-30")), (london("2026-03-30"), london("2026-04-27"))]

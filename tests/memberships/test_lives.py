"""Whole lives of a membership: whatever is done in whatever order, some things always hold."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tessera.core.errors import TesseraError
from tessera.core.periods import Anchor, Interval
from tessera.events.models import Event
from tessera.events.types import EventType
from tessera.memberships.calendar import remind_at
from tessera.memberships.milestones import KINDS, REMINDERS, milestones
from tessera.memberships.models import Membership, Term
from tessera.memberships.status import Facts, state_at, term_held
from tessera.memberships.types import Status
from tessera.organizations.time import zone
from tessera.plans.models import Plan
from tessera.plans.types import Billing, Rule
from tests import make
from tests.memberships import histories
from tests.memberships.desk import Desk, facts, graces, pauses, rows, terms
from tests.memberships.histories import MICROSECOND
from tests.scale import scaled

pytestmark = pytest.mark.django_db

START = make.JAN_10
LONG_AFTER = START + timedelta(days=3_000)
_ABOUT = {
    EventType.MEMBERSHIP_STARTED: "starts_at",
    EventType.MEMBERSHIP_PAUSE_STARTED: "starts_at",
    EventType.MEMBERSHIP_PAUSE_ENDED: "ended_at",
    EventType.MEMBERSHIP_RENEWAL_DUE: "ends_at",
    EventType.MEMBERSHIP_EXPIRY_DUE: "ends_at",
    EventType.MEMBERSHIP_EXPIRED: "expired_at",
}
OFTEN = ("renew", "cancel at period end", "pause", "pause now", "resume", "change now", "change at renewal")
SELDOM = ("extend", "cancel now", "undo", "approve", "pay", "announce")


@dataclass(frozen=True)
class Step:
    """Something somebody does, `after` the step before."""

    verb: str
    after: timedelta
    plan: int
    days: int
    length: int | None


@dataclass(frozen=True)
class Beginning:
    """How the membership is granted."""

    plan: int
    renews: bool | None
    starts_in: int | None
    await_approval: bool
    await_payment: bool


# Often nothing lies between two steps, often weeks: ends, graces and revivals come to pass.
_gaps = st.one_of(
    st.just(timedelta()),
    st.integers(1, 72).map(lambda hours: timedelta(hours=hours)),
    st.integers(3, 50).map(lambda days: timedelta(days=days)),
)
_seldom = st.sampled_from((False, False, False, True))
steps = st.builds(
    Step,
    verb=st.sampled_from((*OFTEN, *OFTEN, *SELDOM)),
    after=_gaps,
    plan=st.integers(0, 7),
    days=st.integers(0, 25),
    length=st.none() | st.integers(1, 40),
)
beginnings = st.builds(
    Beginning,
    plan=st.integers(0, 7),
    renews=st.none() | st.booleans(),
    starts_in=st.none() | st.integers(-10, 40),
    await_approval=_seldom,
    await_payment=_seldom,
)


def catalogue(desk: Desk) -> list[Plan]:
    """Plans of every kind."""
    club, pausable = desk.club, {"pauses_allowed": True, "pauses_extend": True}
    april = {"rule": Rule.FIXED, "cycle_start": "04-01", "cycle_rollover": "01-01", "interval": Interval.YEAR}
    kinds: list[dict[str, Any]] = [
        {"revival_days": 20, **pausable},
        {"revival_days": 3, "pauses_allowed": True},
        {"interval": Interval.WEEK, "interval_count": 2, **pausable},
        {"trial_days": 10, **pausable},
        {"amount": 0, **pausable},
        {**april, **pausable},
        {**april, "amount": 0},
        {"billing": Billing.OPEN, **pausable},
    ]
    return [make.plan(club, **kind) for kind in kinds]


def do(desk: Desk, membership: Membership, step: Step, plans: list[Plan], at: datetime) -> None:
    """Do what the step says. Raises what the verb does."""
    later = at + timedelta(days=step.days)
    until = None if step.length is None else later + timedelta(days=step.length)
    verbs: dict[str, Callable[[], object]] = {
        "renew": lambda: desk.renew(membership, at=at),
        "extend": lambda: desk.extend(membership, at + timedelta(days=step.days + 20), at=at),
        "cancel now": lambda: desk.cancel_now(membership, at=at),
        "cancel at period end": lambda: desk.cancel_at_period_end(membership, at=at),
        "undo": lambda: desk.undo_cancel(membership, at=at),
        "pause now": lambda: desk.pause(membership, at=at, ends_at=until),
        "pause": lambda: desk.pause(membership, at=at, starts_at=later, ends_at=until),
        "resume": lambda: desk.resume(membership, at=at),
        "change now": lambda: desk.change_now(membership, plans[step.plan], at=at),
        "change at renewal": lambda: desk.change_at_renewal(membership, plans[step.plan], at=at),
        "approve": lambda: desk.approve(membership, at=at),
        "pay": lambda: desk.pay(membership, at=at),
        "announce": lambda: desk.announce(at=at),
    }
    verbs[step.verb]()


def whole(membership: Membership) -> object:
    """All that is stored of the membership."""
    return (
        list(Membership.objects.filter(pk=membership.pk).values()),
        [list(term.__dict__.items())[1:] for term in rows(membership)],
        pauses(membership),
    )


def begun(desk: Desk, beginning: Beginning, plans: list[Plan]) -> Membership | None:
    """Grant the membership; None if that is refused."""
    starts_at = None if beginning.starts_in is None else START + timedelta(days=beginning.starts_in)
    try:
        return desk.grant(
            plans[beginning.plan],
            make.customer(desk.club),
            at=START,
            renews=beginning.renews,
            starts_at=starts_at,
            await_approval=beginning.await_approval,
            await_payment=beginning.await_payment,
        )
    except TesseraError:
        return None


def what_always_holds(membership: Membership, at: datetime) -> None:
    known = facts(membership)
    row, booked = Membership.objects.get(pk=membership.pk), rows(membership)

    assert all(a.ends_at is not None and a.ends_at <= b.starts_at for a, b in pairwise(booked))
    assert row.ends_at == (booked[-1].ends_at if booked else None)
    coming = milestones(row, known.terms, known.pauses, after=row.announced_until)
    assert row.announce_at == (coming[0].at if coming else None)
    assert row.remind_at == remind_at(row.ends_at, days=row.organization.reminder_days, zone=zone(row.organization))
    told = Event.objects.filter(membership_id=membership.pk)
    assert told.exclude(type__in=KINDS).count() == row.version

    state = state_at(known, at)
    assert (state.status is Status.PENDING) <= (not booked)
    assert (row.anchor != "") is bool(booked)
    if not booked:
        assert row.next_plan_id is not None
        return
    Anchor.parse(row.anchor)
    last = booked[-1]
    if row.ended_at is not None:
        return
    if not row.renews:
        assert last.grace_until is None
        assert last.ends_at is not None or last.price.billing == Billing.OPEN
    else:
        assert (last.ends_at is None) is last.price.renews_without_payment
        assert (last.grace_until is None) is last.price.renews_without_payment
    if row.cancel_booked_at is not None:
        assert not row.renews and last.ends_at is not None


def lived(known: Facts, at: datetime) -> tuple[str, object]:
    """What somebody could do at `at`: "active" under which plan, "paused", or "nothing"."""
    state = state_at(known, at)
    held = term_held(known.terms, at)
    if state.status is Status.ACTIVE and isinstance(held, Term):
        return ("in grace" if state.in_grace else "active", held.plan_id)
    return ("paused", None) if state.status is Status.PAUSED else ("nothing", None)


def the_past_stays(before: Facts, after: Facts, at: datetime, verb: str) -> None:
    """What was is not changed by what is done now.

    But for grace, which a membership has only while it renews, and for a renewal that goes on from the old end.
    """
    edges = {edge for each in (*before.terms, *after.terms) for edge in (each.starts_at, each.ends_at) if edge}
    edges |= {edge for each in (*before.pauses, *after.pauses) for edge in (each.starts_at, each.ends_at) if edge}
    instants = {edge + offset for edge in edges for offset in (-MICROSECOND, timedelta())} | {at - MICROSECOND}
    for instant in sorted(instant for instant in instants if instant < at):
        was, now_was = lived(before, instant), lived(after, instant)
        if "in grace" in (was[0], now_was[0]):
            continue
        if verb == "renew" and was[0] == "nothing":
            continue
        assert was == now_was, instant


@settings(max_examples=scaled(600), deadline=None)
@given(beginnings, st.lists(steps, max_size=9))
def test_whatever_is_done_to_it_a_membership_makes_sense(beginning: Beginning, life: list[Step]) -> None:
    with histories.taken_back():
        desk, at = Desk.open(), START
        plans = catalogue(desk)
        if (membership := begun(desk, beginning, plans)) is None:
            return
        what_always_holds(membership, at)
        for step in life:
            at += step.after
            before, stored = facts(membership), whole(membership)
            try:
                do(desk, membership, step, plans, at)
            except TesseraError as refusal:
                event(f"{step.verb}: {refusal.code}")
                assert whole(membership) == stored
            else:
                event(f"{step.verb}: done")
            what_always_holds(membership, at)
            the_past_stays(before, facts(membership), at, step.verb)


@settings(max_examples=scaled(400), deadline=None)
@given(beginnings, st.lists(steps, max_size=6), _gaps)
def test_whatever_was_done_before_what_is_taken_back_leaves_no_trace(
    beginning: Beginning, life: list[Step], last: timedelta
) -> None:
    with histories.taken_back():
        # Where clocks change, an end that a pause moved into a lost hour does not come back to the minute.
        desk, at = Desk.open(time_zone="Asia/Tokyo"), START
        plans = catalogue(desk)
        if (membership := begun(desk, beginning, plans)) is None:
            return
        for step in life:
            at += step.after
            with suppress(TesseraError):
                do(desk, membership, step, plans, at)
        at += last
        desk.announce(at=at)  # what came before is told once, whatever is taken back

        canceling = taken_back_at_once(
            membership,
            lambda: desk.cancel_at_period_end(membership, at=at),
            lambda: desk.undo_cancel(membership, at=at),
        )
        event(f"canceling: {canceling}")
        if not pauses(membership):
            starts_at = at + timedelta(days=3)
            pausing = taken_back_at_once(
                membership,
                lambda: desk.pause(membership, at=at, starts_at=starts_at, ends_at=starts_at + timedelta(days=5)),
                lambda: desk.resume(membership, at=at),
            )
            event(f"pausing: {pausing}")
        running = next((term for term in rows(membership)[-1:] if term.covers(at)), None)
        if running is not None and Membership.objects.get(pk=membership.pk).next_plan_id is None:
            other = next(plan for plan in plans if plan != running.plan)
            changing = taken_back_at_once(
                membership,
                lambda: desk.change_at_renewal(membership, other, at=at),
                lambda: desk.change_at_renewal(membership, running.plan, at=at),
            )
            event(f"changing: {changing}")
            if changing == canceling == "done":
                taken_back_at_once(
                    membership,
                    lambda: desk.cancel_at_period_end(membership, at=at),
                    lambda: desk.undo_cancel(membership, at=at),
                )


@settings(max_examples=scaled(400), deadline=None)
@given(beginnings, st.lists(steps, max_size=8))
def test_what_comes_is_announced_once_and_in_order_whoever_announces_it_and_when(
    beginning: Beginning, life: list[Step]
) -> None:
    with histories.taken_back():
        on_time, late = Desk.open(), Desk.open()
        one, other = (begun(desk, beginning, catalogue(desk)) for desk in (on_time, late))
        if one is None or other is None:
            return
        at = START
        for step in life:
            on_time.pass_time(since=at, until=at + step.after)
            at += step.after
            for desk, membership in ((on_time, one), (late, other)):
                with suppress(TesseraError):
                    do(desk, membership, step, list(desk.club.plans.order_by("pk")), at)
        on_time.pass_time(since=at, until=LONG_AFTER)
        late.announce(at=LONG_AFTER)

        first, second = announced(one), announced(other)
        event(f"announced: {len(first)}")
        # Of an end that has passed nobody is reminded; all else is told however late it is.
        lasting = [[each for each in told if each[0] not in REMINDERS] for told in (first, second)]
        assert lasting[0] == lasting[1]
        assert not Counter(second) - Counter(first)


def announced(membership: Membership) -> list[tuple[str, str]]:
    """What was announced of a membership, and the instant that it was about."""
    lines = Event.objects.filter(membership_id=membership.pk, type__in=KINDS).order_by("sequence")
    return [(line.type, str(line.data[_ABOUT[EventType(line.type)]])) for line in lines]


def taken_back_at_once(membership: Membership, do_it: Callable[[], object], undo_it: Callable[[], object]) -> str:
    """Do something and take it back: all is as before. Return "done", or why it was refused."""
    before = _kept(membership)
    try:
        do_it()
    except TesseraError as refusal:
        return refusal.code
    undo_it()
    assert _kept(membership) == before
    return "done"


def _kept(membership: Membership) -> object:
    row = Membership.objects.get(pk=membership.pk)
    booked = (terms(membership), graces(membership), [term.plan_id for term in rows(membership)])
    return (booked, pauses(membership), row.renews, row.next_plan_id, row.ends_at, row.announce_at)

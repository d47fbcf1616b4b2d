"""Random histories of memberships, written straight to the database: all that its constraints allow, and more."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from hypothesis import strategies as st

from tessera.memberships.models import Membership, Pause, Term
from tessera.memberships.status import Facts
from tessera.memberships.types import STORED_REASONS, EndedReason
from tessera.organizations.models import Organization
from tessera.plans.models import Plan
from tests import make

LAST_DAY = 14
MICROSECOND = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
Interval = tuple[int, int | None]  # days after 10 January; no end: open


def day(number: int) -> datetime:
    """Return the instant `number` days after 10 January."""
    return make.JAN_10 + timedelta(days=number)


class _Undo(Exception):
    """Takes an example's rows back."""


@contextmanager
def taken_back() -> Iterator[None]:
    """Take back what is written inside: examples of one test do not see each other."""
    with suppress(_Undo), transaction.atomic():
        yield
        raise _Undo


@dataclass(frozen=True)
class WrittenTerm:
    interval: Interval
    grace_days: int | None
    trial: bool
    plan: int


@dataclass(frozen=True)
class History:
    """What happened to one membership."""

    terms: list[WrittenTerm]
    pauses: list[tuple[Interval, bool]]
    renews: bool
    pending_until: int | None
    ended: tuple[int, EndedReason] | None


@st.composite
def intervals(draw: st.DrawFn, most: int) -> list[Interval]:
    """Intervals that do not overlap, but may touch; the last may be open."""
    days = st.lists(st.integers(0, LAST_DAY), max_size=2 * most, unique=True)
    edges = sorted(draw(days))
    found: list[Interval] = []
    while edges and len(found) < most:
        start, edges = edges[0], edges[1:]
        if not edges:
            found.append((start, None))
            break
        end = edges[0]
        found.append((start, end))
        if not draw(st.booleans()):  # else the next one touches
            edges = edges[1:]
    return found


@st.composite
def histories(draw: st.DrawFn) -> History:
    terms = [
        WrittenTerm(
            interval,
            grace_days=draw(st.none() | st.integers(0, 4)) if interval[1] is not None else None,
            trial=draw(st.booleans()),
            plan=draw(st.integers(0, 1)),
        )
        for interval in draw(intervals(most=4))
    ]
    days = st.integers(0, LAST_DAY)
    return History(
        terms=terms,
        pauses=[(interval, draw(st.booleans())) for interval in draw(intervals(most=3))],
        renews=draw(st.booleans()),
        pending_until=draw(st.none() | days),
        ended=draw(st.none() | st.tuples(days, st.sampled_from(STORED_REASONS))),
    )


def write(history: History, club: Organization, plans: list[Plan]) -> Membership:
    """Put the history of a new customer into the database."""
    at, reason = history.ended or (None, None)
    written = make.membership(
        plans[0],
        customer=make.customer(club),
        starts_at=None,
        renews=history.renews,
        pending_until=None if history.pending_until is None else day(history.pending_until),
        ended_at=None if at is None else day(at),
        ended_reason=reason,
    )
    for term in history.terms:
        starts_at, ends_at = _instants(term.interval)
        grace = None if ends_at is None or term.grace_days is None else ends_at + timedelta(days=term.grace_days)
        make.term(written, plans[term.plan], starts_at=starts_at, ends_at=ends_at, grace_until=grace, trial=term.trial)
    for interval, extends in history.pauses:
        starts_at, ends_at = _instants(interval)
        make.pause(written, starts_at=starts_at, ends_at=ends_at, extends=extends)
    return written


def imagined(history: History, plan_ids: tuple[UUID, UUID] = (UUID(int=1), UUID(int=2))) -> Facts:
    """The history as its facts alone, of records that are nowhere stored."""
    at, reason = history.ended or (None, "")
    pending = None if history.pending_until is None else day(history.pending_until)
    ended_at = None if at is None else day(at)
    terms, pauses = [], []
    for each in sorted(history.terms, key=lambda term: term.interval[0]):
        starts_at, ends_at = _instants(each.interval)
        grace = None if ends_at is None or each.grace_days is None else ends_at + timedelta(days=each.grace_days)
        plan_id = plan_ids[each.plan]
        terms.append(Term(plan_id=plan_id, starts_at=starts_at, ends_at=ends_at, grace_until=grace, trial=each.trial))
    for interval, extends in sorted(history.pauses, key=lambda pause: pause[0][0]):
        starts_at, ends_at = _instants(interval)
        pauses.append(Pause(starts_at=starts_at, ends_at=ends_at, extends=extends))
    membership = Membership(renews=history.renews, pending_until=pending, ended_at=ended_at, ended_reason=str(reason))
    return Facts(membership, terms, pauses)


def instants() -> list[datetime]:
    """Return every instant at which something of such a history can change, and those right before and after."""
    around = (-MINUTE, -MICROSECOND, timedelta(), MICROSECOND, MINUTE)
    return [day(number) + offset for number in range(LAST_DAY + 6) for offset in around]


def _instants(interval: Interval) -> tuple[datetime, datetime | None]:
    start, end = interval
    return day(start), None if end is None else day(end)

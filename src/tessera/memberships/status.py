"""What a membership is at an instant: the one definition of status, as pure functions over its intervals.

Its twin in SQL is `status_sql.py`; a property test proves that they agree. The rules are 2-domain's, "Status".
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tessera.core.intervals import Span, subtract, union
from tessera.memberships.types import EndedReason, Status


class TermFact(Protocol):
    """A term, in the model's own words. Terms of one membership never overlap."""

    starts_at: datetime
    ends_at: datetime | None
    grace_until: datetime | None


class PauseFact(Protocol):
    """A pause, in the model's own words."""

    starts_at: datetime
    ends_at: datetime | None
    extends: bool


class MembershipFact(Protocol):
    """A membership, in the model's own words."""

    renews: bool
    pending_until: datetime | None
    ended_at: datetime | None
    ended_reason: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a membership's status depends on. Terms and pauses are in order of their starts."""

    membership: MembershipFact
    terms: Sequence[TermFact]
    pauses: Sequence[PauseFact]


@dataclass(frozen=True, slots=True)
class State:
    """A status, and what it rests on.

    `term` is the one that covers the instant; in grace the one that has just ended. `reason` goes with `expired`.
    """

    status: Status
    in_grace: bool = False
    reason: EndedReason | None = None
    term: TermFact | None = None
    pause: PauseFact | None = None

    @property
    def unended(self) -> bool:
        """Whether the membership still occupies its plan: anything but expired."""
        return self.status is not Status.EXPIRED


def state_at(facts: Facts, at: datetime) -> State:
    """Return what the membership is at `at`: the first rule of 2-domain's table that matches."""
    membership = facts.membership
    if membership.ended_at is not None and membership.ended_at <= at:
        return State(Status.EXPIRED, reason=EndedReason(membership.ended_reason))
    if not facts.terms:
        if membership.pending_until is not None and membership.pending_until <= at:
            return State(Status.EXPIRED, reason=EndedReason.ABANDONED)
        return State(Status.PENDING)
    term = term_covering(facts.terms, at)
    for pause in facts.pauses:
        if _covers(pause, at) and (term is not None or _began_inside(pause, facts.terms)):
            return State(Status.PAUSED, term=term, pause=pause)
    if term is not None:
        return State(Status.ACTIVE, term=term)
    ended = last_ended(facts.terms, at)
    if membership.renews and ended is not None and ended.grace_until is not None and at < ended.grace_until:
        return State(Status.ACTIVE, in_grace=True, term=ended)
    if any(at < each.starts_at for each in facts.terms):
        return State(Status.SCHEDULED)
    return State(Status.EXPIRED, reason=EndedReason.LAPSED)


def granting_spans(facts: Facts, grants: Callable[[TermFact], bool]) -> list[Span]:
    """Return when the membership is active under a term that `grants` says yes to, if only time passes.

    The spans are in order and do not touch. Grace belongs to the term that has just ended. `state_at` is `active`
    with such a term exactly inside them.
    """
    spans = union([span for span in _active(facts) if span.term is not None and grants(span.term)])
    ended_at = facts.membership.ended_at
    return subtract(spans, [Span(ended_at, None)]) if ended_at is not None else spans


def lapses_at(facts: Facts) -> datetime | None:
    """Return when the membership expires if only time passes: lapsed or abandoned. None: never, or ended by somebody.

    That is the later of the last end and its grace, or `pending_until` where there is no term yet. While an extending
    pause is open nobody knows: the end moves when it is resumed.
    """
    membership = facts.membership
    if membership.ended_at is not None:
        return None
    if not facts.terms:
        return membership.pending_until
    last = facts.terms[-1]
    lapse = last.ends_at
    if lapse is None:
        return None
    if membership.renews and last.grace_until is not None:
        lapse = max(lapse, last.grace_until)
    for pause in facts.pauses:
        if pause.extends and _began_inside(pause, facts.terms):
            if pause.ends_at is None:
                return None
            lapse = max(lapse, pause.ends_at)
    return lapse


def term_covering(terms: Sequence[TermFact], at: datetime) -> TermFact | None:
    """Return the term that covers `at`; there is at most one."""
    for term in terms:
        if _covers(term, at):
            return term
    return None


def last_ended(terms: Sequence[TermFact], at: datetime) -> TermFact | None:
    """Return the term that was the last to end at or before `at`."""
    found = None
    for term in terms:
        if term.ends_at is not None and term.ends_at <= at:
            found = term
    return found


def term_held(terms: Sequence[TermFact], at: datetime) -> TermFact | None:
    """Return the term whose plan and price are the membership's at `at`.

    The one that covers it, else the last that ended, else the first to come; None while there is none.
    """
    return term_covering(terms, at) or last_ended(terms, at) or (terms[0] if terms else None)


@dataclass(frozen=True, slots=True)
class _ActiveSpan(Span):
    term: TermFact | None = None


def _active(facts: Facts) -> Iterator[_ActiveSpan]:
    """Yield when each term makes the membership active: inside it, and in its grace; less what pauses take."""
    every_pause = [Span(pause.starts_at, pause.ends_at) for pause in facts.pauses]
    # In grace no term covers, so only a pause that extends, and began inside a term, still takes anything.
    reaching_out = [
        Span(pause.starts_at, pause.ends_at)
        for pause in facts.pauses
        if pause.extends and _began_inside(pause, facts.terms)
    ]
    for index, term in enumerate(facts.terms):
        for span in subtract([Span(term.starts_at, term.ends_at)], every_pause):
            yield _ActiveSpan(span.starts_at, span.ends_at, term)
        if not facts.membership.renews or term.ends_at is None or term.grace_until is None:
            continue
        until = term.grace_until
        if index + 1 < len(facts.terms):
            until = min(until, facts.terms[index + 1].starts_at)
        if term.ends_at < until:
            for span in subtract([Span(term.ends_at, until)], reaching_out):
                yield _ActiveSpan(span.starts_at, span.ends_at, term)


def _covers(interval: TermFact | PauseFact, at: datetime) -> bool:
    return interval.starts_at <= at and (interval.ends_at is None or at < interval.ends_at)


def _began_inside(pause: PauseFact, terms: Sequence[TermFact]) -> bool:
    return pause.extends and term_covering(terms, pause.starts_at) is not None

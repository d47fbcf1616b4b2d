"""What comes of a membership as time passes, with nobody doing anything: pure, over its intervals.

Everything but the reminder follows from the one definition of status (`status.py`): it is a change of status that no
verb makes. Each is announced once (`announcing.py`); what they are and are not is in docs/decisions/0015-milestones.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from tessera.events.types import EventType
from tessera.memberships import status
from tessera.memberships.status import Facts, PauseFact, TermFact
from tessera.memberships.types import Status

# Of several at one instant, the first here is told first.
REMINDERS: Final = (EventType.MEMBERSHIP_RENEWAL_DUE, EventType.MEMBERSHIP_EXPIRY_DUE)
KINDS: Final = (
    EventType.MEMBERSHIP_STARTED,
    EventType.MEMBERSHIP_PAUSE_ENDED,
    EventType.MEMBERSHIP_PAUSE_STARTED,
    *REMINDERS,
    EventType.MEMBERSHIP_EXPIRED,
)
_ORDER: Final = {event: place for place, event in enumerate(KINDS)}


class MembershipFact(status.MembershipFact, Protocol):
    """A membership, in the model's own words."""

    cancel_booked_at: datetime | None
    remind_at: datetime | None


@dataclass(frozen=True, slots=True)
class Milestone:
    """Something that comes to pass at `at`. `event` is one of KINDS."""

    at: datetime
    event: EventType


def milestones(
    membership: MembershipFact, terms: Sequence[TermFact], pauses: Sequence[PauseFact], *, after: datetime
) -> list[Milestone]:
    """Return what comes of the membership later than `after` if only time passes, in order."""
    if membership.ended_at is not None and membership.ended_at <= after:
        return []
    facts = Facts(membership, terms, pauses)
    found = [*_changes_of_status(facts, after), *_reminder(membership, facts)]
    if (lapse := status.lapses_at(facts)) is not None:
        found.append(Milestone(lapse, EventType.MEMBERSHIP_EXPIRED))
    return sorted((each for each in found if each.at > after), key=lambda each: (each.at, _ORDER[each.event]))


def _changes_of_status(facts: Facts, after: datetime) -> Iterator[Milestone]:
    """Yield where it starts, where a pause begins to count, and where it is active again after one."""
    edges = sorted(edge for edge in set(_edges(facts)) if edge > after)
    if not edges:
        return
    before = status.state_at(facts, edges[0] - datetime.resolution).status
    for edge in edges:
        now = status.state_at(facts, edge).status
        if before is Status.SCHEDULED and now in (Status.ACTIVE, Status.PAUSED):
            yield Milestone(edge, EventType.MEMBERSHIP_STARTED)
        if before is not Status.PAUSED and now is Status.PAUSED:
            yield Milestone(edge, EventType.MEMBERSHIP_PAUSE_STARTED)
        if before is Status.PAUSED and now is Status.ACTIVE:
            yield Milestone(edge, EventType.MEMBERSHIP_PAUSE_ENDED)
        before = now


def _edges(facts: Facts) -> Iterator[datetime]:
    """Yield the instants at which the status can change, if not by somebody's doing."""
    intervals: list[TermFact | PauseFact] = [*facts.terms, *facts.pauses]
    for each in intervals:
        yield each.starts_at
        if each.ends_at is not None:
            yield each.ends_at
    for term in facts.terms:
        if term.grace_until is not None:
            yield term.grace_until


def _reminder(membership: MembershipFact, facts: Facts) -> Iterator[Milestone]:
    """Yield the reminder of the last booked end, if there is to be one.

    There is none of an end that is not known, before the term it is of has begun, or for who has canceled.
    """
    if membership.remind_at is None or membership.cancel_booked_at is not None or not facts.terms:
        return
    last = facts.terms[-1]
    if last.starts_at < membership.remind_at and status.lapses_at(facts) is not None:
        by_payment = membership.renews and last.grace_until is not None
        yield Milestone(
            membership.remind_at,
            EventType.MEMBERSHIP_RENEWAL_DUE if by_payment else EventType.MEMBERSHIP_EXPIRY_DUE,
        )

"""Pausing and resuming. An extending pause moves the end of the term it falls in, and every later term, with it."""

from datetime import datetime, timedelta
from uuid import UUID

from tessera.core import local_time
from tessera.core.periods import Anchor
from tessera.core.phrases import said
from tessera.events.services import text
from tessera.events.types import Actor, EventType
from tessera.memberships import status
from tessera.memberships.errors import (
    EndsBeforeStart,
    MembershipExpired,
    MembershipInGrace,
    MembershipPending,
    NotPaused,
    PauseInPast,
    PauseOutsideTerm,
    PauseOverlaps,
    PausesNotAllowed,
)
from tessera.memberships.held import Held, changing
from tessera.memberships.models import Membership, Pause, Term
from tessera.memberships.status import Facts
from tessera.memberships.types import Status
from tessera.organizations.models import Organization
from tessera.plans.types import Rule


def pause(
    *,
    organization: Organization,
    membership_id: UUID,
    at: datetime,
    actor: Actor,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    reason: str = "",
) -> Membership:
    """Let the membership grant nothing over `[starts_at, ends_at)`: from now if not given, until resumed if open.

    On a plan whose pauses extend, and whose ends are not fixed, the term's end, if it has one, moves by the wall-clock
    time paused: at once if the pause has an end, else when it is resumed. The moved end becomes the anchor.

    Raises PausesNotAllowed, PauseInPast, EndsBeforeStart, PauseOverlaps, PauseOutsideTerm, MembershipInGrace,
    MembershipExpired, MembershipPending.
    """
    with changing(organization=organization, membership_id=membership_id, at=at, actor=actor) as held:
        starts_at = starts_at or at
        term = _pausable(held, starts_at, ends_at)
        extends = _extends(term)
        new = Pause(
            membership=held.membership,
            starts_at=starts_at,
            ends_at=ends_at,
            extends=extends,
            anchor_before=held.membership.anchor,
            reason=reason,
            paused_by=str(actor),
            created_at=at,
        )
        new.save(force_insert=True)
        held.pauses.append(new)
        held.pauses.sort(key=lambda each: each.starts_at)
        if extends and ends_at is not None:
            _move_ends(held, term, local_time.wall_clock_between(starts_at, ends_at, held.zone))
        return held.settle(EventType.MEMBERSHIP_PAUSED, starts_at=text(starts_at), until=text(ends_at))


def resume(*, organization: Organization, membership_id: UUID, at: datetime, actor: Actor) -> Membership:
    """End the pause that runs, or take back the next one that is planned. Ends it moved are moved to what was paused.

    Raises NotPaused if there is neither; MembershipExpired if the membership is over.
    """
    with changing(organization=organization, membership_id=membership_id, at=at, actor=actor) as held:
        if not held.state.unended:
            raise MembershipExpired("it is over")
        found = next((each for each in held.pauses if each.ends_at is None or each.ends_at > at), None)
        if found is None:
            raise NotPaused("it is not paused, and no pause is planned")
        held.refuse_unwelcome()
        planned = _length(held, found, found.ends_at)
        unused = found.starts_at >= at
        actual = timedelta() if unused else _length(held, found, at)
        term = next(each for each in reversed(held.terms) if each.starts_at <= found.starts_at)
        if unused:
            held.pauses.remove(found)
            found.delete()
        else:
            found.ends_at = at
            found.save(update_fields=["ends_at"])
        if found.extends and actual != planned:
            anchored_by_pause = held.membership.anchor == _anchor_at_end(held)
            _move_ends(held, term, actual - planned)
            if unused and anchored_by_pause and found.anchor_before:
                held.membership.anchor = found.anchor_before
        return held.settle(EventType.MEMBERSHIP_RESUMED, paused_from=text(found.starts_at))


def replan(held: Held, *, since: datetime) -> None:
    """Let the pauses from `since` on extend the terms they now fall in, for those terms were booked anew.

    One that no term covers any more, or whose new plan has no pauses, is taken back.
    """
    for planned in [each for each in held.pauses if each.starts_at >= since]:
        term = next((each for each in held.terms if each.covers(planned.starts_at)), None)
        if term is None or not term.plan.pauses_allowed:
            held.pauses.remove(planned)
            planned.delete()
            continue
        planned.extends, planned.anchor_before = _extends(term), held.membership.anchor
        planned.save(update_fields=["extends", "anchor_before"])
        if planned.extends:
            _move_ends(held, term, _length(held, planned, planned.ends_at))


def _extends(term: Term) -> bool:
    return term.plan.pauses_extend and term.plan.rule == Rule.ROLLING and term.ends_at is not None


def _pausable(held: Held, starts_at: datetime, ends_at: datetime | None) -> Term:
    """Return the term that a pause from `starts_at` falls in; raises what `pause` documents."""
    state = held.state
    if state.status is Status.EXPIRED:
        raise MembershipExpired("it is over: there is nothing to pause")
    if state.status is Status.PENDING:
        raise MembershipPending("it has not begun: there is nothing to pause")
    if starts_at < held.at:
        raise PauseInPast("a pause cannot start in the past", pointer="/starts_at")
    if ends_at is not None and ends_at <= starts_at:
        raise EndsBeforeStart("the pause must end after it starts", pointer="/ends_at")
    term = next((each for each in held.terms if each.covers(starts_at)), None)
    if term is None:
        if status.state_at(Facts(held.membership, held.terms, []), starts_at).in_grace:
            raise MembershipInGrace("its period is over then and a payment is awaited: it cannot be paused")
        raise PauseOutsideTerm("no term covers the start of the pause", pointer="/starts_at")
    if not term.plan.pauses_allowed:
        raise PausesNotAllowed(said("{plan} has no pauses", plan=term.plan.name))
    for other in held.pauses:
        if (ends_at is None or other.starts_at < ends_at) and (other.ends_at is None or other.ends_at > starts_at):
            raise PauseOverlaps("another pause covers part of that time", pointer="/starts_at")
    return term


def _length(held: Held, found: Pause, until: datetime | None) -> timedelta:
    """The wall-clock time from the pause's start; none while it is open, for nothing has been moved yet."""
    return timedelta() if until is None else local_time.wall_clock_between(found.starts_at, until, held.zone)


def _move_ends(held: Held, first: Term, by: timedelta) -> None:
    """Move the end of `first`, and all of every later term, by wall-clock time. The last end becomes the anchor.

    A fixed cycle's end never moves: a later term of such a plan begins later, or earlier, and ends with its cycle.
    """
    if not by:
        return
    moving = held.terms[held.terms.index(first) :]
    for before, term in zip([None, *moving], moving, strict=False):
        _move(held, term, by, starts_at=before.ends_at if before is not None else None)
    # Terms must not overlap at any moment: move the far ones first when time is given, the near ones when it is taken.
    for term in reversed(moving) if by > timedelta() else moving:
        term.save(update_fields=["starts_at", "ends_at", "grace_until"])
    held.membership.grace_before_cancel = None  # it was of the end as it was
    last = held.terms[-1]
    if last.ends_at is None:
        held.membership.anchor = str(Anchor.at(last.starts_at, held.zone))
    else:
        held.membership.anchor = _anchor_at_end(held)


def _move(held: Held, term: Term, by: timedelta, *, starts_at: datetime | None) -> None:
    """Move a term's end; its start too if the term before it, which ends at `starts_at`, was moved."""
    if starts_at is not None:
        term.starts_at = starts_at
    if term.ends_at is None:
        return
    if (cycle := term.plan.cycle) is None:
        term.ends_at = local_time.add_wall_clock(term.ends_at, by, held.zone)
        if term.grace_until is not None:
            term.grace_until = local_time.add_wall_clock(term.grace_until, by, held.zone)
    elif term.ends_at <= term.starts_at:
        term.ends_at = cycle.renewed_end(term.starts_at, years=term.price.interval_count, zone=held.zone)
        term.grace_until = held.grace_of(term)


def _anchor_at_end(held: Held) -> str:
    """The anchor that the last booked end would make; empty if it is open."""
    end = held.terms[-1].ends_at
    return str(Anchor.at(end, held.zone)) if end is not None else ""

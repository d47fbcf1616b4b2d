"""Renewing by hand, early or late, and moving an end later by hand."""

from datetime import datetime
from uuid import UUID

from tessera.core.periods import Anchor
from tessera.core.phrases import said
from tessera.events.services import text
from tessera.events.types import Actor, EventType
from tessera.memberships import calendar
from tessera.memberships.calendar import Booking
from tessera.memberships.errors import (
    AlreadyRenewing,
    MembershipExpired,
    MembershipPending,
    NotLater,
    NotRenewable,
    OpenEnded,
)
from tessera.memberships.granting import refuse_held
from tessera.memberships.held import Held, changing
from tessera.memberships.models import Membership
from tessera.memberships.types import EndedReason, Status
from tessera.organizations.models import Organization
from tessera.plans.models import Plan, Price

_RENEWABLE = (EndedReason.LAPSED, EndedReason.CANCELED)
_NOT_RENEWABLE = {
    EndedReason.REFUNDED: said("a membership that was refunded cannot be renewed; grant a new one"),
    EndedReason.REVOKED: said("a membership that was revoked cannot be renewed; grant a new one"),
    EndedReason.REJECTED: said("a membership that was rejected cannot be renewed; grant a new one"),
    EndedReason.ABANDONED: said("a membership that was abandoned cannot be renewed; grant a new one"),
}


def renew(*, organization: Organization, membership_id: UUID, at: datetime, actor: Actor) -> Membership:
    """Book the next term, on the plan and price booked for it or else the present ones, even archived.

    Before the end: from the last booked end. Within the plan's revival days after it: from the old end, if that term
    still covers now. Otherwise, and after canceling at once, it starts now with a new anchor.

    Raises OpenEnded, AlreadyRenewing, MembershipPending, NotRenewable, AlreadyHeld, HolderBanned, HolderArchived.
    """
    with changing(organization=organization, membership_id=membership_id, at=at, actor=actor) as held:
        membership, state = held.membership, held.state
        if state.status is Status.PENDING:
            raise MembershipPending("it has not begun: approve it or confirm its payment first")
        if state.reason is not None and state.reason not in _RENEWABLE:
            raise NotRenewable(_NOT_RENEWABLE[state.reason])
        if state.unended and membership.renews:
            raise AlreadyRenewing("it renews by itself")
        if state.unended and held.terms[-1].ends_at is None:
            raise OpenEnded("it has no end: there is nothing to renew")
        if not held.terms:
            raise NotRenewable("it never began; grant a new one")
        held.refuse_unwelcome()
        plan, price = _next(held)
        refuse_held(held.holder, plan, at, but=membership.pk)
        membership.renews = price.renews_without_payment
        if state.status is Status.EXPIRED:
            membership.cancel_booked_at = None
            booking = _revival(held, plan, price)
        else:
            booking = calendar.next_term(plan, price, last=held.terms[-1], anchor=held.anchor, zone=held.zone)
        if price.renews_without_payment:
            membership.cancel_booked_at = None
        term = held.book(booking, plan=plan, price=price)
        membership.anchor_before_change = ""
        membership.next_plan = membership.next_price = None
        return held.settle(EventType.MEMBERSHIP_RENEWED, starts_at=text(term.starts_at))


def extend(
    *, organization: Organization, membership_id: UUID, ends_at: datetime, at: datetime, actor: Actor
) -> Membership:
    """Move the last booked end later, to `ends_at` (exclusive), which becomes the anchor.

    Raises MembershipExpired (renew instead), MembershipPending, OpenEnded, NotLater.
    """
    with changing(organization=organization, membership_id=membership_id, at=at, actor=actor) as held:
        state = held.state
        if state.status is Status.EXPIRED:
            raise MembershipExpired("it is over: renew it, or grant a new one")
        if state.status is Status.PENDING:
            raise MembershipPending("it has not begun, so there is no end to move")
        held.refuse_unwelcome()
        last = held.terms[-1]
        if last.ends_at is None:
            raise OpenEnded("it has no end to move")
        if ends_at <= last.ends_at or ends_at <= at:
            raise NotLater(said("the end must be later than {end}", end=max(last.ends_at, at)), pointer="/ends_at")
        before = last.ends_at
        held.set_end(last, ends_at)
        held.membership.anchor = str(Anchor.at(ends_at, held.zone))
        return held.settle(EventType.MEMBERSHIP_EXTENDED, from_end=text(before))


def _next(held: Held) -> tuple[Plan, Price]:
    """The plan and price of the next term: those booked for the renewal, else those of the last term."""
    membership, last = held.membership, held.terms[-1]
    return membership.next_plan or last.plan, membership.next_price or last.price


def _revival(held: Held, plan: Plan, price: Price) -> Booking:
    """The term that brings an expired membership back."""
    now_on = calendar.first_term(plan, price, starts_at=held.at, from_midnight=True, zone=held.zone)
    if held.membership.ended_at is not None:
        _let_history_end(held, held.membership.ended_at)
        return now_on
    last = held.terms[-1]
    assert last.ends_at is not None  # it lapsed
    _let_history_end(held, last.ends_at)
    if held.at >= calendar.revivable_until(last.ends_at, plan=plan, zone=held.zone):
        return now_on
    from_old_end = calendar.next_term(plan, price, last=last, anchor=held.anchor, zone=held.zone)
    covers_now = from_old_end.ends_at is None or from_old_end.ends_at > held.at
    return from_old_end if covers_now else now_on


def _let_history_end(held: Held, ended_at: datetime) -> None:
    """Cut what was still booked or paused when the membership ended, so that its new term begins with nothing of it."""
    for term in list(held.terms):
        if term.starts_at >= ended_at:
            held.drop(term)
        elif term.ends_at is None or term.ends_at > ended_at:
            held.set_end(term, ended_at)
    for pause in list(held.pauses):
        if pause.starts_at >= ended_at:
            held.pauses.remove(pause)
            pause.delete()
        elif pause.ends_at is None or pause.ends_at > ended_at:
            pause.ends_at = ended_at
            pause.save(update_fields=["ends_at"])
    held.membership.ended_at, held.membership.ended_reason = None, ""

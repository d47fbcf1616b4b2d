"""Ending: the holder leaves, now or at the period's end; staff take away."""

from datetime import datetime
from uuid import UUID

from tessera.events.services import text
from tessera.events.types import Actor, EventType
from tessera.memberships import calendar
from tessera.memberships.errors import (
    CancelNotBooked,
    MembershipExpired,
    MembershipInGrace,
    MembershipPending,
    NotRenewing,
    OpenEnded,
)
from tessera.memberships.held import Held, changing
from tessera.memberships.models import Membership
from tessera.memberships.pausing import replan
from tessera.memberships.types import EndedReason, Status
from tessera.organizations.models import Organization
from tessera.plans.types import Billing


def cancel_now(*, organization: Organization, membership_id: UUID, at: datetime, actor: Actor) -> Membership:
    """The holder leaves at once. Terms stay as booked; the end wins. Raises MembershipExpired if it is over."""
    return _end(organization, membership_id, at, actor, EndedReason.CANCELED, EventType.MEMBERSHIP_CANCELED)


def revoke(*, organization: Organization, membership_id: UUID, at: datetime, actor: Actor) -> Membership:
    """Staff take the membership away at once; it cannot be renewed. Raises MembershipExpired if it is over."""
    return _end(organization, membership_id, at, actor, EndedReason.REVOKED, EventType.MEMBERSHIP_REVOKED)


def cancel_at_period_end(*, organization: Organization, membership_id: UUID, at: datetime, actor: Actor) -> Membership:
    """Stop the renewal: the membership runs to its last booked end. Can be undone until then.

    Raises MembershipExpired, MembershipPending, MembershipInGrace (the period is over: cancel now), NotRenewing (it
    ends then anyway), OpenEnded (it has no period).
    """
    with changing(organization=organization, membership_id=membership_id, at=at, actor=actor) as held:
        membership, state = held.membership, held.state
        if state.status is Status.EXPIRED:
            raise MembershipExpired("it is over already")
        if state.status is Status.PENDING:
            raise MembershipPending("it has not begun: cancel it now instead")
        if state.in_grace:
            raise MembershipInGrace("its period is over and a payment is awaited: cancel it now instead")
        unbook_change(held)
        last = held.terms[-1]
        if last.price.billing == Billing.OPEN:
            raise OpenEnded("it has no period that could end: cancel it now instead")
        if not membership.renews:
            raise NotRenewing("it does not renew by itself, so it ends anyway")
        grace = last.grace_until
        membership.renews, membership.cancel_booked_at = False, at
        held.set_end(last, last.ends_at or held.period_end(last))
        membership.grace_before_cancel = grace
        return held.settle(EventType.MEMBERSHIP_CANCEL_BOOKED, cancel_at=text(last.ends_at))


def undo_cancel(*, organization: Organization, membership_id: UUID, at: datetime, actor: Actor) -> Membership:
    """Let the membership renew again, as before canceling at the period's end was booked.

    Raises CancelNotBooked if it was not, or if that end has come.
    """
    with changing(organization=organization, membership_id=membership_id, at=at, actor=actor) as held:
        membership = held.membership
        if membership.cancel_booked_at is None:
            raise CancelNotBooked("no cancelling is booked")
        if not held.state.unended:
            raise CancelNotBooked("the membership has ended: renew it instead")
        held.refuse_unwelcome()
        membership.renews, membership.cancel_booked_at = True, None
        last = held.terms[-1]
        if not last.price.renews_without_payment:
            grace = membership.grace_before_cancel
            held.set_end(last, last.ends_at)
            # A later policy leaves a grace alone that was booked before it.
            last.grace_until = grace or last.grace_until
            last.save(update_fields=["grace_until"])
        elif membership.next_plan is not None:
            book_change(held)
        else:
            held.set_end(last, None)
        return held.settle(EventType.MEMBERSHIP_CANCEL_UNDONE)


def unbook_change(held: Held) -> None:
    """Take back a change that is booked for the next renewal; `next_plan` and `next_price` remember it.

    What renews without a payment has its change booked as a term to come, which needs no job; others have the note.
    The anchor is again what it was, and pauses planned in the term to come fall in the open one.
    """
    membership, last = held.membership, held.terms[-1]
    if len(held.terms) < 2 or last.starts_at <= held.at or not membership.anchor_before_change:
        return
    before = held.terms[-2]
    if before.price.renews_without_payment and before.ends_at == last.starts_at:
        membership.next_plan, membership.next_price = last.plan, last.price
        membership.renews = True
        held.drop(last)
        held.set_end(before, None)
        membership.anchor, membership.anchor_before_change = membership.anchor_before_change, ""
        replan(held, since=last.starts_at)


def book_change(held: Held) -> None:
    """Book the next term on `next_plan` and `next_price`; the running one, if open, is cut at its period's end."""
    membership, last = held.membership, held.terms[-1]
    plan, price = membership.next_plan, membership.next_price
    assert plan is not None and price is not None
    if last.ends_at is None or last.ends_at <= held.at:
        held.set_end(last, held.period_end(last))
    membership.anchor_before_change = membership.anchor
    booking = calendar.next_term(plan, price, last=last, anchor=held.anchor, zone=held.zone)
    membership.renews = price.renews_without_payment
    held.book(booking, plan=plan, price=price)
    membership.next_plan = membership.next_price = None
    replan(held, since=booking.starts_at)


def _end(
    organization: Organization, membership_id: UUID, at: datetime, actor: Actor, reason: EndedReason, event: EventType
) -> Membership:
    with changing(organization=organization, membership_id=membership_id, at=at, actor=actor) as held:
        if not held.state.unended:
            raise MembershipExpired("it is over already")
        membership = held.membership
        membership.ended_at, membership.ended_reason = at, reason
        membership.renews, membership.cancel_booked_at = False, None
        return held.settle(event)

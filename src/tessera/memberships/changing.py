"""Changing the plan or the price, now or with the next renewal, and the seats. The membership keeps its id."""

from datetime import datetime
from uuid import UUID

from tessera.core import ids
from tessera.core.phrases import said
from tessera.events.types import Actor, EventType
from tessera.memberships import calendar
from tessera.memberships.canceling import book_change, unbook_change
from tessera.memberships.errors import MembershipExpired, MembershipPaused, NoSeats, NothingToChange, OpenEnded
from tessera.memberships.granting import offered, refuse_held
from tessera.memberships.held import Held, changing
from tessera.memberships.models import Membership, Term
from tessera.memberships.pausing import replan
from tessera.memberships.types import Status
from tessera.organizations.models import Organization
from tessera.plans.models import Plan, Price
from tessera.plans.types import Billing


def change_plan_now(
    *,
    organization: Organization,
    membership_id: UUID,
    plan: Plan,
    price: Price | None = None,
    at: datetime,
    actor: Actor,
) -> Membership:
    """Go on under another plan or price from now.

    With the same interval and rule the running term is cut at now and goes on to the same end, on the same anchor, and
    booked terms follow. Otherwise a new term starts now with a new anchor. While pending, what is asked for changes.

    Raises MembershipExpired, MembershipPaused, NothingToChange, AlreadyHeld, and what `offered` raises.
    """
    with changing(organization=organization, membership_id=membership_id, at=at, actor=actor) as held:
        membership = held.membership
        plan, price = _target(held, plan, price)
        state = held.state
        if state.status is Status.PAUSED:
            raise MembershipPaused("it is paused: resume it first, or change with the next renewal")
        if (plan, price) == held.current():
            raise NothingToChange(said("it already is of {plan} at this price", plan=plan.name))
        before = ids.to_text(ids.Prefix.PLAN, held.current()[0].pk)
        if state.status is Status.PENDING:
            pays_on = _pays_on(membership, held.current()[1], price)
            membership.next_plan, membership.next_price = plan, price
            membership.renews = pays_on or (price.renews_without_payment and membership.agreed_end_at is None)
            return held.settle(EventType.MEMBERSHIP_PLAN_CHANGED, from_plan=before)
        unbook_change(held)
        membership.next_plan = membership.next_price = None
        running = held.running
        # What is booked follows only if all of it can: an open term cannot go on under a price that is paid.
        models = [running or held.terms[-1], *(term for term in held.terms if term.starts_at > at)]
        goes_on = all(calendar.same_rhythm(each.plan, each.price, plan, price) and not each.trial for each in models)
        if goes_on and running is not None:
            _carry_on(held, running, plan, price)
        elif goes_on and state.status is Status.SCHEDULED:
            _replace(held.terms, plan, price, after=at)
        else:
            _start_over(held, plan, price)
        return held.settle(EventType.MEMBERSHIP_PLAN_CHANGED, from_plan=before)


def change_plan_at_renewal(
    *,
    organization: Organization,
    membership_id: UUID,
    plan: Plan,
    price: Price | None = None,
    at: datetime,
    actor: Actor,
) -> Membership:
    """Let the next term carry another plan or price; asking for the present ones takes a booked change back.

    Where terms renew without a payment the running one is cut at its period's end and the next booked at once.

    Raises MembershipExpired, NothingToChange, OpenEnded (no period that could end), AlreadyHeld, and what `offered`
    raises.
    """
    with changing(organization=organization, membership_id=membership_id, at=at, actor=actor) as held:
        membership = held.membership
        plan, price = _target(held, plan, price)
        if held.state.status is Status.PENDING:
            raise NothingToChange("it has not begun: change it now")
        unbook_change(held)
        last = held.terms[-1]
        if (plan, price) == (last.plan, last.price):
            if membership.next_plan is None:
                raise NothingToChange(
                    said("it already is of {plan} at this price, and no change is booked", plan=plan.name)
                )
            membership.next_plan = membership.next_price = None
        else:
            membership.next_plan, membership.next_price = plan, price
            if last.ends_at is None:
                if last.price.billing == Billing.OPEN:
                    raise OpenEnded("it has no period that could end: change it now instead")
                book_change(held)
        return held.settle(
            EventType.MEMBERSHIP_PLAN_CHANGE_BOOKED,
            next_plan=ids.to_text(ids.Prefix.PLAN, plan.pk),
            next_price=ids.to_text(ids.Prefix.PRICE, price.pk),
        )


def change_seats(
    *, organization: Organization, membership_id: UUID, seats: int | None, at: datetime, actor: Actor
) -> Membership:
    """Give a company's membership another number of seats; None: as many as its plan has. Seen by the next check.

    Who joined first keeps a seat: with fewer seats those who came last lose theirs, with more the next ones have one.

    Raises NoSeats for a customer's membership, MembershipExpired, NothingToChange, HolderArchived.
    """
    with changing(organization=organization, membership_id=membership_id, at=at, actor=actor) as held:
        membership = held.membership
        if membership.company_id is None:
            raise NoSeats("seats belong to a company's membership", pointer="/seats")
        if not held.state.unended:
            raise MembershipExpired("it is over: renew it, or grant a new one")
        held.refuse_unwelcome()
        if membership.seats == seats:
            raise NothingToChange("it has that number of seats already")
        before, membership.seats = membership.seats, seats
        return held.settle(EventType.MEMBERSHIP_SEATS_CHANGED, from_seats=before, seats=seats)


def _target(held: Held, plan: Plan, price: Price | None) -> tuple[Plan, Price]:
    if not held.state.unended:
        raise MembershipExpired("it is over: renew it, or grant a new one")
    held.refuse_unwelcome()
    plan, price = offered(plan, price, held.holder)
    refuse_held(held.holder, plan, held.at, but=held.membership.pk)
    return plan, price


def _carry_on(held: Held, running: Term, plan: Plan, price: Price) -> None:
    """Cut the running term at now; the rest of it, and every booked one, is of the new plan and price."""
    if running.starts_at < held.at:
        rest = Term(
            membership=held.membership,
            plan=plan,
            price=price,
            starts_at=held.at,
            ends_at=running.ends_at,
            grace_until=running.grace_until,
            paid_by=running.paid_by,
            booked_by=str(held.actor),
            created_at=held.at,
        )
        running.ends_at, running.grace_until = held.at, None
        running.save(update_fields=["ends_at", "grace_until"])
        rest.save(force_insert=True)
        held.terms.insert(held.terms.index(running) + 1, rest)
    _replace(held.terms, plan, price, after=held.at)


def _replace(terms: list[Term], plan: Plan, price: Price, *, after: datetime) -> None:
    for term in terms:
        if term.starts_at >= after and (term.plan, term.price) != (plan, price):
            term.plan, term.price = plan, price
            term.save(update_fields=["plan", "price"])


def _start_over(held: Held, plan: Plan, price: Price) -> None:
    """Begin a new period under the new plan: now, or when a membership that has not begun was to begin."""
    membership = held.membership
    old = held.running or held.terms[-1]
    pays_on = _pays_on(membership, old.price, price)
    scheduled = held.state.status is Status.SCHEDULED
    starts_at = min(term.starts_at for term in held.terms if term.starts_at > held.at) if scheduled else held.at
    for term in list(held.terms):
        if term.starts_at >= held.at:
            held.drop(term)
        elif term.covers(held.at):
            term.ends_at, term.grace_until = held.at, None
            term.save(update_fields=["ends_at", "grace_until"])
    membership.renews = price.renews_without_payment or pays_on
    membership.cancel_booked_at, membership.anchor_before_change = None, ""
    booking = calendar.first_term(plan, price, starts_at=starts_at, from_midnight=not scheduled, zone=held.zone)
    held.book(booking, plan=plan, price=price)
    replan(held, since=held.at)


def _pays_on(membership: Membership, old: Price, new: Price) -> bool:
    """Whether it renewed by a payment, and can go on to."""
    by_payment = membership.renews and not old.renews_without_payment
    return by_payment and new.billing == Billing.RECURRING and not new.renews_without_payment

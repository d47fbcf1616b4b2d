"""Granting a plan to a customer or a company, and the way there: apply, approve, pay."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from tessera import db
from tessera.core import ids, local_time
from tessera.core.phrases import said
from tessera.events.services import text
from tessera.events.types import Actor, EventType
from tessera.memberships import calendar, status
from tessera.memberships.capacity import refuse_full
from tessera.memberships.errors import (
    AlreadyHeld,
    EndsBeforeStart,
    EndsInPast,
    MembershipExpired,
    NoSeats,
    NotAwaitingPayment,
    NotPending,
    PlanArchived,
    PriceAmbiguous,
    PriceInactive,
    PriceNotOfPlan,
    RenewalNotPossible,
    TrialNotPossible,
    WrongAudience,
)
from tessera.memberships.held import Held, changing, lock, refuse_unwelcome
from tessera.memberships.models import Membership, Pause, Term
from tessera.memberships.status import Facts
from tessera.memberships.types import EndedReason
from tessera.organizations.models import Organization
from tessera.people.models import Company, Customer
from tessera.people.types import Source
from tessera.plans.models import Plan, Price
from tessera.plans.types import Audience, Billing

PAY_AT_CHECKOUT = timedelta(hours=24)
PAY_AFTER_APPROVAL = timedelta(days=7)


def grant(
    *,
    organization: Organization,
    plan: Plan,
    holder: Customer | Company,
    at: datetime,
    actor: Actor,
    source: Source,
    price: Price | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    trial: bool | None = None,
    renews: bool | None = None,
    await_approval: bool = False,
    await_payment: bool = False,
    seats: int | None = None,
    external_reference: str = "",
    welcome: bool = False,
) -> Membership:
    """Give the holder a new membership of the plan, and return it.

    `price`: the plan's only active one if not named. `starts_at`: now if not given; then the first local day is whole.
    `ends_at`: an own end. `trial`: None takes the price's trial if the holder has not had one of this plan.
    `renews`: None renews what needs no payment; if that is not to renew, it has one period.
    `welcome`: have the holder of an imported membership welcomed by mail, as everybody else is without asking.
    It is `pending` while it waits for approval or payment: then the first term starts at the latest of `starts_at`,
    approval and payment.

    Raises HolderBanned, HolderArchived, WrongAudience, PlanArchived, PriceInactive, PriceNotOfPlan, PriceAmbiguous,
    AlreadyHeld, TrialNotPossible, RenewalNotPossible, EndsBeforeStart, EndsInPast, NoSeats; PlanFull if the source is
    signing up.
    """
    with db.transaction():
        holder = lock(holder)
        refuse_unwelcome(holder)
        customer, company = (holder, None) if isinstance(holder, Customer) else (None, holder)
        plan, price = offered(plan, price, holder)
        refuse_held(holder, plan, at)
        if source is Source.SIGNUP:
            refuse_full(plan, at)
        if seats is not None and company is None:
            raise NoSeats("seats belong to a company's membership", pointer="/seats")
        free = price.renews_without_payment and ends_at is None
        if renews and not free and (price.billing != Billing.RECURRING or price.renews_without_payment):
            raise RenewalNotPossible("nothing would renew by itself here", pointer="/renews")
        membership = Membership(
            organization=organization,
            customer=customer,
            company=company,
            source=source,
            renews=free if renews is None else renews,
            next_plan=plan,
            next_price=price,
            seats=seats,
            agreed_start_at=starts_at,
            agreed_end_at=ends_at,
            agreed_trial=trial,
            needs_approval=await_approval,
            awaits_payment=await_payment,
            pending_until=at + PAY_AT_CHECKOUT if await_payment and not await_approval else None,
            external_reference=external_reference,
            created_at=at,
        )
        held = Held(organization, holder, membership, [], [], at, actor)
        if trial and not _trial_possible(held, plan, price):
            raise TrialNotPossible(
                "no trial: the price has none, this holder has had one, or the end is set by hand", pointer="/trial"
            )
        if await_approval or await_payment:
            refuse_bad_end(starts_at or at, ends_at, at)
            return held.settle(EventType.MEMBERSHIP_GRANTED, starts_at=None)
        term = begin(held, starts_at=starts_at)
        asked = {"welcome": True} if welcome else {}
        return held.settle(EventType.MEMBERSHIP_GRANTED, starts_at=text(term.starts_at), **asked)


def approve(*, organization: Organization, membership_id: UUID, at: datetime, actor: Actor) -> Membership:
    """Accept an application: the membership starts, or waits seven days for its payment.

    Raises NotPending if nothing is left to approve; and what `grant` raises about the holder.
    """
    with changing(organization=organization, membership_id=membership_id, at=at, actor=actor) as held:
        _refuse_ended(held)
        membership = held.membership
        if not membership.needs_approval:
            raise NotPending("nothing is left to approve")
        held.refuse_unwelcome()
        membership.needs_approval = False
        if membership.awaits_payment:
            membership.pending_until = at + PAY_AFTER_APPROVAL
        else:
            begin(held, starts_at=_agreed_unless_past(held))
        return held.settle(EventType.MEMBERSHIP_APPROVED, starts_at=_begins(held))


def reject(*, organization: Organization, membership_id: UUID, at: datetime, actor: Actor) -> Membership:
    """Turn an application down. Raises NotPending if it is none any more."""
    with changing(organization=organization, membership_id=membership_id, at=at, actor=actor) as held:
        _refuse_ended(held)
        if not held.membership.needs_approval:
            raise NotPending("nothing is left to decide")
        held.membership.ended_at, held.membership.ended_reason = at, EndedReason.REJECTED
        held.membership.renews = False
        return held.settle(EventType.MEMBERSHIP_REJECTED)


def confirm_payment(
    *, organization: Organization, membership_id: UUID, at: datetime, actor: Actor, paid_by: str
) -> Membership:
    """The first payment has come: the membership starts, or goes on waiting for its approval.

    A payment that arrives after `pending_until` still completes it. `paid_by` names what took the money.

    Raises NotAwaitingPayment if none is awaited; AlreadyHeld if the holder got the plan otherwise meanwhile.
    """
    with changing(organization=organization, membership_id=membership_id, at=at, actor=actor) as held:
        membership = held.membership
        if not membership.awaits_payment or membership.ended_at is not None:
            raise NotAwaitingPayment("no payment is awaited for this membership")
        held.refuse_unwelcome()
        plan, _ = held.current()
        refuse_held(held.holder, plan, at, but=membership.pk)
        membership.awaits_payment, membership.pending_until, membership.paid_by = False, None, paid_by
        if not membership.needs_approval:
            begin(held, starts_at=_agreed_unless_past(held))
        return held.settle(EventType.MEMBERSHIP_PAID, paid_by=paid_by, starts_at=_begins(held))


def begin(held: Held, *, starts_at: datetime | None) -> Term:
    """Book the first term from `starts_at` (None: now), anchored there. What was asked for while pending is done."""
    membership = held.membership
    plan, price = held.current()
    from_midnight, starts_at = starts_at is None, starts_at or held.at
    refuse_bad_end(starts_at, membership.agreed_end_at, held.at)
    booking = calendar.first_term(
        plan,
        price,
        starts_at=starts_at,
        from_midnight=from_midnight,
        zone=held.zone,
        ends_at=membership.agreed_end_at,
        trial=membership.agreed_trial is not False and _trial_possible(held, plan, price),
        renews=membership.renews,
    )
    if booking.ends_at is not None and booking.ends_at <= held.at:
        day = local_time.last_day(booking.ends_at, held.zone)
        raise EndsInPast(
            said("starting then, it would have ended on {day:%d %b %Y}; start later or give an end", day=day),
            pointer="/starts_at",
        )
    term = held.book(booking, plan=plan, price=price, paid_by=membership.paid_by)
    membership.paid_by = ""
    membership.next_plan = membership.next_price = None
    membership.agreed_start_at = membership.agreed_end_at = membership.pending_until = None
    membership.agreed_trial = None
    return term


def offered(plan: Plan, price: Price | None, holder: Customer | Company) -> tuple[Plan, Price]:
    """Return the plan and the price at which such a holder gets it, as they are now.

    The plan is locked until the transaction ends: nobody edits a price or archives a plan that is just being taken.

    Raises WrongAudience, PlanArchived, PriceInactive, PriceNotOfPlan, PriceAmbiguous.
    """
    plan = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    kind = Audience.CUSTOMERS if isinstance(holder, Customer) else Audience.COMPANIES
    if plan.audience not in (kind, Audience.BOTH):
        raise WrongAudience(
            said("{plan} is for companies only", plan=plan.name)
            if kind is Audience.CUSTOMERS
            else said("{plan} is for customers only", plan=plan.name),
            pointer="/plan",
        )
    if plan.archived_at is not None:
        raise PlanArchived(said("{plan} is archived and takes nobody new", plan=plan.name), pointer="/plan")
    if price is not None and price.plan_id != plan.pk:
        raise PriceNotOfPlan(said("that price is not one of {plan}'s", plan=plan.name), pointer="/price")
    active = list(plan.prices.filter(active=True).order_by("created_at", "id"))
    if price is None:
        if len(active) != 1:
            raise PriceAmbiguous(
                said("{plan} has several active prices: name one", plan=plan.name)
                if active
                else said("{plan} has no active price", plan=plan.name),
                pointer="/price",
            )
        return plan, active[0]
    for each in active:
        if each.pk == price.pk:
            return plan, each
    raise PriceInactive("that price takes nobody new", pointer="/price")


def refuse_held(holder: Customer | Company, plan: Plan, at: datetime, *, but: UUID | None = None) -> None:
    """Raises AlreadyHeld if the holder, who is locked, has an unended membership of the plan, or that becomes it."""
    for membership, terms in unended(holder, at):
        if plan.pk in plans_occupied(membership, terms, at) and membership.pk != but:
            raise AlreadyHeld(
                said("there is a membership of {plan} already", plan=plan.name),
                pointer="/plan",
                membership=ids.to_text(ids.Prefix.MEMBERSHIP, membership.pk),
            )


def plans_occupied(membership: Membership, terms: Sequence[Term], at: datetime) -> set[UUID]:
    """Return the plans that an unended membership keeps its holder from getting once more.

    The one it is of now, those of the terms that run or are to come, and the one asked for or booked.
    """
    plans = {term.plan_id for term in terms if term.ends_at is None or term.ends_at > at}
    if isinstance(held := status.term_held(terms, at), Term):
        plans.add(held.plan_id)
    if membership.next_plan_id is not None:
        plans.add(membership.next_plan_id)
    return plans


def unended(holder: Customer | Company, at: datetime) -> list[tuple[Membership, list[Term]]]:
    """Return the holder's own memberships that are not expired at `at`, with their terms. Three queries."""
    memberships = list(holder.memberships.all())
    terms: dict[UUID, list[Term]] = {}
    for term in Term.objects.filter(membership__in=memberships).order_by("starts_at"):
        terms.setdefault(term.membership_id, []).append(term)
    pauses: dict[UUID, list[Pause]] = {}
    for pause in Pause.objects.filter(membership__in=memberships).order_by("starts_at"):
        pauses.setdefault(pause.membership_id, []).append(pause)
    return [
        (each, terms.get(each.pk, []))
        for each in memberships
        if status.state_at(Facts(each, terms.get(each.pk, []), pauses.get(each.pk, [])), at).unended
    ]


def refuse_bad_end(starts_at: datetime, ends_at: datetime | None, at: datetime) -> None:
    """Raises EndsBeforeStart or EndsInPast if an own end makes no sense."""
    if ends_at is None:
        return
    if ends_at <= starts_at:
        raise EndsBeforeStart("the end must be later than the start", pointer="/ends_at")
    if ends_at <= at:
        raise EndsInPast("the end must be in the future", pointer="/ends_at")


def _begins(held: Held) -> str | None:
    """When its first term starts, as events say it; None while it still waits for something."""
    return text(held.terms[0].starts_at) if held.terms else None


def _agreed_unless_past(held: Held) -> datetime | None:
    agreed = held.membership.agreed_start_at
    return agreed if agreed is not None and agreed >= held.at else None


def _trial_possible(held: Held, plan: Plan, price: Price) -> bool:
    """Whether the first term can be a trial: once per holder and plan, where the price has one and nothing was paid."""
    if price.trial_days == 0 or price.amount_minor == 0:
        return False
    if held.membership.agreed_end_at is not None or held.membership.paid_by:
        return False
    return not had_trial(held.holder, plan)


def had_trial(holder: Customer | Company, plan: Plan) -> bool:
    """Whether the holder has had a trial of the plan, in whatever membership. One query."""
    had = Term.objects.filter(trial=True, plan=plan)
    by_holder = (
        had.filter(membership__customer=holder)
        if isinstance(holder, Customer)
        else had.filter(membership__company=holder)
    )
    return by_holder.exists()


def _refuse_ended(held: Held) -> None:
    if not held.state.unended:
        raise MembershipExpired("this membership is over")

"""Going over to another plan or price by oneself: from what costs nothing at once, from what is paid with the renewal.

Between what is free and what is paid nobody goes over by themselves: the one would be a gift, the other would throw
away what was paid. The other plan is joined on its own page instead (docs/decisions/0032-portal.md).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tessera import db
from tessera.core.phrases import said
from tessera.events.types import Actor
from tessera.memberships import changing
from tessera.memberships import queries as memberships
from tessera.memberships.capacity import refuse_full
from tessera.memberships.errors import MembershipNotFound, NothingToChange
from tessera.memberships.held import lock
from tessera.memberships.types import Status
from tessera.memberships.views import MembershipView
from tessera.organizations.models import Organization
from tessera.people.models import Customer
from tessera.plans.models import Plan, Price
from tessera.plans.types import Billing, Visibility
from tessera.signup import missing, queries
from tessera.signup.errors import DetailsMissing, PlanPrivate, SwitchNotPossible


class When(StrEnum):
    """When another plan or price begins."""

    NOW = "now"
    RENEWAL = "renewal"


@dataclass(frozen=True, slots=True)
class Target:
    """A plan on a price that can be gone over to, and when it begins."""

    plan: Plan
    price: Price
    when: When


def when(view: MembershipView, plan: Plan, price: Price) -> When | None:
    """Return when a membership would go over to a plan on a price; None if its holder cannot do that by themselves."""
    running = view.status is Status.ACTIVE and not view.in_grace and view.cancel_at is None
    same = (plan.pk, price.pk) == (view.plan.id, view.price.id)
    if not running or same or plan.needs_approval or price.joining_fee_minor:
        return None
    if not view.price.amount_minor and not price.amount_minor:
        return When.NOW
    paid = view.price.amount_minor and price.amount_minor
    rhythm = view.price.billing == Billing.RECURRING and price.billing == Billing.RECURRING
    return When.RENEWAL if paid and rhythm and view.ends_at is not None else None


def switch(
    *,
    organization: Organization,
    customer: Customer,
    membership_id: UUID,
    plan: Plan,
    price: Price,
    at: datetime,
    actor: Actor,
) -> When:
    """Let a customer go over to another plan or price of what they hold, and return when it begins.

    Raises MembershipNotFound if it is not theirs; SwitchNotPossible, PlanPrivate, DetailsMissing, PlanFull;
    NothingToChange, AlreadyHeld, PlanArchived, PriceInactive, WrongAudience, HolderBanned, HolderArchived.
    """
    with db.transaction():
        locked = lock(customer)
        assert isinstance(locked, Customer)
        locked.organization = organization
        view = memberships.membership(organization=organization, membership_id=membership_id, at=at)
        if view.holder.id != locked.pk:
            raise MembershipNotFound("there is no such membership")
        begins = when(view, plan, price)
        if begins is None:
            raise SwitchNotPossible("this change is not made on line: ask at the desk")
        row = organization.memberships.get(pk=membership_id)
        if (row.next_plan_id, row.next_price_id) == (plan.pk, price.pk):
            raise NothingToChange("this change is booked already")
        if plan.visibility == Visibility.PRIVATE:
            raise PlanPrivate(said("{plan} is given by the organization itself", plan=plan.name))
        if plan.pk != view.plan.id:
            if missing.missing(organization, locked, plan, queries.settings_of(organization)):
                raise DetailsMissing("something that is asked for this plan is not known yet")
            refuse_full(Plan.objects.select_for_update(no_key=True).get(pk=plan.pk), at)
        verb = changing.change_plan_now if begins is When.NOW else changing.change_plan_at_renewal
        verb(organization=organization, membership_id=membership_id, plan=plan, price=price, at=at, actor=actor)
    return begins

"""How many may have a plan at once, where it has a limit: counted by one rule, under the lock of the plan.

Whoever joins by themselves is held to it. Staff and programs may go beyond it: a desk that lets one more in knows why
(docs/decisions/0028-signup.md).
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from tessera.core.phrases import said
from tessera.memberships.errors import PlanFull
from tessera.memberships.models import Membership, Term
from tessera.memberships.status_sql import with_plan, with_status
from tessera.memberships.types import Status
from tessera.plans.models import Plan


def places_taken(plan: Plan, at: datetime) -> int:
    """Return how many unended memberships are of the plan at `at`, or become it: pending, scheduled and paused count.

    One query; it looks at the memberships with a term of the plan that is not over, or that ask for it.
    """
    return _occupying(plan, at).count()


def full_plans(plans: Collection[Plan], at: datetime) -> set[UUID]:
    """Return those of the plans that take nobody more. A query for each that has a limit: few have."""
    return {plan.pk for plan in plans if plan.capacity is not None and places_taken(plan, at) >= plan.capacity}


def refuse_full(plan: Plan, at: datetime) -> None:
    """Raise PlanFull if nobody more gets the plan. True for as long as the caller holds the plan's lock."""
    if plan.capacity is not None and places_taken(plan, at) >= plan.capacity:
        raise PlanFull(said("{plan} is full for now", plan=plan.name), pointer="/plan", capacity=plan.capacity)


def _occupying(plan: Plan, at: datetime) -> QuerySet[Membership]:
    terms = Term.objects.filter(plan=plan).filter(Q(ends_at=None) | Q(ends_at__gt=at) | Q(grace_until__gt=at))
    asked = Q(next_plan=plan, organization=plan.organization_id)
    found = Membership.objects.filter(Q(pk__in=terms.values("membership")) | asked)
    found = with_plan(with_status(found.filter(Q(ended_at=None) | Q(ended_at__gt=at)), at), at)
    running = Term.objects.filter(plan=plan).filter(Q(ends_at=None) | Q(ends_at__gt=at)).values("membership")
    occupied = Q(plan_at=plan.pk) | Q(next_plan=plan) | Q(pk__in=running)
    return found.filter(~Q(status_at=Status.EXPIRED), occupied)

"""What comes of an organization's memberships next, and how many of them a change of policy will reach."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q

from tessera.events.types import EventType
from tessera.memberships.booked import Booked, booked
from tessera.memberships.milestones import Milestone, milestones
from tessera.memberships.models import Membership, Term
from tessera.memberships.status import term_held
from tessera.organizations.models import Organization
from tessera.plans.models import Plan


@dataclass(frozen=True, slots=True)
class ComingUp:
    """Something that comes of a membership at `at` if only time passes."""

    at: datetime
    event: EventType
    membership_id: UUID
    holder: str
    plan: str


@dataclass(frozen=True, slots=True)
class Reached:
    """How many running memberships a policy will reach, each from the next term it books."""

    grace: int
    reminders: int


def coming_up(organization: Organization, *, limit: int = 5) -> list[ComingUp]:
    """Return what comes next, the first first: at most `limit` memberships, each with what comes of it first."""
    rows = list(
        Membership.objects.filter(organization=organization, announce_at__isnull=False)
        .select_related("customer", "company")
        .order_by("announce_at", "id")[:limit]
    )
    held = booked([row.pk for row in rows]) if rows else {}
    first = {row.pk: _first(row, held[row.pk]) for row in rows}
    plans = {key for row in rows if (key := _plan(row, held[row.pk], first[row.pk])) is not None}
    names = dict(Plan.objects.filter(organization=organization, pk__in=plans).values_list("pk", "name"))
    found = []
    for row in rows:
        come, holder = first[row.pk], row.customer or row.company
        if come is not None and holder is not None:
            plan = _plan(row, held[row.pk], come)
            found.append(ComingUp(come.at, come.event, row.pk, holder.name, names.get(plan, "") if plan else ""))
    return found


def reached_by_policy(organization: Organization, *, at: datetime) -> Reached:
    """Return how many memberships that are not over at `at` will book a further term, and so take up a new policy."""
    running = Q(ended_at=None) | Q(ended_at__gt=at)
    counted = Membership.objects.filter(running, organization=organization, ends_at__gt=at).aggregate(
        grace=Count("pk", filter=Q(renews=True)), reminders=Count("pk")
    )
    return Reached(counted["grace"], counted["reminders"])


def _first(row: Membership, held: Booked) -> Milestone | None:
    return next(iter(milestones(row, *held, after=row.announced_until)), None)


def _plan(row: Membership, held: Booked, come: Milestone | None) -> UUID | None:
    term = term_held(held.terms, come.at) if come is not None else None
    return term.plan_id if isinstance(term, Term) else row.next_plan_id

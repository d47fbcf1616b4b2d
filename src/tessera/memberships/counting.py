"""How many have each plan now, counted from indexes of terms rather than membership by membership.

Active is what a term covers, less what was ended or is paused, and what is in grace besides. A property test proves
that this is what `status.py` says of each membership. Growth: with the terms that run, read from an index and nothing
else (a tenth of a second for a million), with the memberships that somebody ended although their terms went on, and
with what companies hold.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value

from tessera.memberships.models import Membership, Pause, Term
from tessera.memberships.status_sql import with_plan, with_status
from tessera.memberships.types import Status
from tessera.organizations.models import Organization
from tessera.people.affiliations import covering
from tessera.plans.models import Plan


@dataclass(frozen=True, slots=True)
class Holders:
    """How many customers and companies have a plan themselves."""

    customers: int = 0
    companies: int = 0

    @property
    def all(self) -> int:
        return self.customers + self.companies


def active_holders(
    organization: Organization, at: datetime, *, plan_ids: Collection[UUID] | None = None
) -> dict[UUID, Holders]:
    """Return who has each plan at `at` in an active membership of their own; of all plans unless some are named.

    Four queries, however many there are; three where plans are named, which are the organization's.
    """
    keys = plan_ids if plan_ids is not None else list(organization.plans.values_list("pk", flat=True))
    counted = _active(organization, keys, at, "plan")
    companies = _companies(organization, at)
    return {key: Holders(counted[key] - companies[key], companies[key]) for key in keys if counted[key] > 0}


def active_on_prices(plan: Plan, at: datetime) -> dict[UUID, int]:
    """Return how many customers and companies have the plan at `at` on each of its prices. Two queries."""
    counted = _active(plan.organization, [plan.pk], at, "price")
    return {key: many for key, many in counted.items() if many > 0}


def _active(organization: Organization, keys: Collection[UUID], at: datetime, column: str) -> Counter[UUID]:
    begun = Term.objects.filter(plan__in=keys, starts_at__lte=at)
    # Open ones and those that end later apart: each is one range of the index.
    counted = _by(column, begun.filter(ends_at=None), begun.filter(ends_at__gt=at), _in_grace(keys, at))
    counted.subtract(_by(column, _ended(organization, keys, at), _paused(keys, at)))
    return counted


def _ended(organization: Organization, keys: Collection[UUID], at: datetime) -> QuerySet[Term]:
    over = Membership.objects.filter(organization=organization, ended_at__lte=at)
    over = over.filter(Q(ends_at=None) | Q(ends_at__gt=at))
    return Term.objects.filter(covering(at), membership__in=over, plan__in=keys)


def _paused(keys: Collection[UUID], at: datetime) -> QuerySet[Term]:
    pauses = Pause.objects.filter(covering(at)).values("membership")
    terms = Term.objects.filter(covering(at), membership__in=pauses, plan__in=keys)
    return terms.filter(_unended("membership__", at))


def _in_grace(keys: Collection[UUID], at: datetime) -> QuerySet[Term]:
    """Those whose last ended term is still in its grace, that renew, and that neither a term nor a pause is over."""
    terms = Term.objects.filter(plan__in=keys, grace_until__gt=at, ends_at__lte=at, membership__renews=True)
    own = Term.objects.filter(membership=OuterRef("membership"))
    later = own.filter(ends_at__lte=at, ends_at__gt=OuterRef("ends_at"))
    inside = Term.objects.filter(membership=OuterRef("membership"), starts_at__lte=OuterRef("starts_at")).filter(
        Q(ends_at=None) | Q(ends_at__gt=OuterRef("starts_at"))
    )
    pauses = Pause.objects.filter(covering(at), membership=OuterRef("membership"), extends=True).filter(Exists(inside))
    found = terms.filter(_unended("membership__", at)).exclude(Exists(own.filter(covering(at))))
    return found.exclude(Exists(later)).exclude(Exists(pauses))


def _companies(organization: Organization, at: datetime) -> Counter[UUID]:
    held = Membership.objects.filter(company__organization=organization)
    found = with_plan(with_status(held, at), at).filter(Q(status_at=Status.ACTIVE))
    column = "plan_at"
    return Counter({row[column]: row["many"] for row in found.order_by().values(column).annotate(many=Count("pk"))})


def _unended(prefix: str, at: datetime) -> Q:
    return Q(**{f"{prefix}ended_at": None}) | Q(**{f"{prefix}ended_at__gt": at})


def _by(column: str, first: QuerySet[Term], *others: QuerySet[Term]) -> Counter[UUID]:
    """Count terms by a column, with one query."""
    parts = [
        each.order_by().values(column).annotate(many=Count("*"), part=Value(place)).values_list(column, "many", "part")
        for place, each in enumerate((first, *others))
    ]
    counted: Counter[UUID] = Counter()
    for key, many, _part in parts[0].union(*parts[1:], all=True):
        counted[key] += many
    return counted

"""How many have each plan now, counted from indexes of terms rather than membership by membership.

Active is what a term covers, less what was ended or is paused, and what is in grace besides. A property test proves
that this is what `status.py` says of each membership. Growth: with the terms that run, read from an index and nothing
else (about a second of processor time for a million memberships), with the memberships that somebody ended although
their terms went on, and with what companies hold.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value

from tessera.memberships.models import Membership, Pause, Term
from tessera.memberships.status_sql import is_of, with_plan
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

    Two queries, however many there are; one where plans are named, which are the organization's.
    """
    keys = plan_ids if plan_ids is not None else list(organization.plans.values_list("pk", flat=True))
    counted, companies = _active(organization, keys, at, "plan", of_companies=_companies(organization, at))
    return {key: Holders(counted[key] - companies[key], companies[key]) for key in keys if counted[key] > 0}


def active_on_prices(plan: Plan, at: datetime) -> dict[UUID, int]:
    """Return how many customers and companies have the plan at `at` on each of its prices. One query."""
    counted, _ = _active(plan.organization, [plan.pk], at, "price")
    return {key: many for key, many in counted.items() if many > 0}


def held_by_plan(
    organization: Organization, plan_ids: Collection[UUID], instants: Sequence[datetime]
) -> dict[UUID, list[int]]:
    """Return what `held_at` does for each of the organization's plans that anybody has held since. One query."""
    found = Term.objects.filter(plan__in=plan_ids, plan__organization=organization)
    found = found.filter(Q(ends_at=None) | Q(ends_at__gt=instants[0]))
    rows = found.order_by().values("plan").annotate(**_counts(instants)).values_list("plan", *_counts(instants))
    return {plan: list(many) for plan, *many in rows}


def held_at(plan: Plan, instants: Sequence[datetime]) -> list[int]:
    """Return how many held the plan in a term at each instant, the earliest first, paused ones counted.

    One query. Growth: with the terms of the plan that run or ran since the first instant, a look at the membership of
    each included.
    """
    found = Term.objects.filter(plan=plan).filter(Q(ends_at=None) | Q(ends_at__gt=instants[0]))
    return list(found.aggregate(**_counts(instants)).values())


def _counts(instants: Sequence[datetime]) -> dict[str, Count]:
    return {
        f"at_{place}": Count("pk", filter=covering(at) & _unended("membership__", at))
        for place, at in enumerate(instants)
    }


def _active(
    organization: Organization,
    keys: Collection[UUID],
    at: datetime,
    column: str,
    *,
    of_companies: QuerySet[Membership] | None = None,
) -> tuple[Counter[UUID], Counter[UUID]]:
    """How many have each plan or price; and how many of these are companies, where they are asked for. One query."""
    begun = Term.objects.filter(plan__in=keys, starts_at__lte=at)
    # Open ones and those that end later apart: each is one range of the index.
    more = [_by(column, begun.filter(ends_at=None)), _by(column, begun.filter(ends_at__gt=at))]
    more.append(_by(column, _in_grace(keys, at)))
    less = [_by(column, _ended(organization, keys, at)), _by(column, _paused(keys, at))]
    apart = [] if of_companies is None else [_by("plan_at", of_companies)]
    parts = [
        rows.annotate(part=Value(place)).values_list(*names, "part")
        for place, (rows, names) in enumerate([*more, *less, *apart])
    ]
    counted, companies = Counter[UUID](), Counter[UUID]()
    for key, many, part in parts[0].union(*parts[1:], all=True):
        if part >= len(more) + len(less):
            companies[key] += many
        else:
            counted[key] += many if part < len(more) else -many
    return counted, companies


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


def _companies(organization: Organization, at: datetime) -> QuerySet[Membership]:
    held = Membership.objects.filter(company__organization=organization)
    return with_plan(held.filter(is_of(Status.ACTIVE, at)), at)


def _unended(prefix: str, at: datetime) -> Q:
    return Q(**{f"{prefix}ended_at": None}) | Q(**{f"{prefix}ended_at__gt": at})


def _by(column: str, rows: QuerySet[Any]) -> tuple[QuerySet[Any, Any], tuple[str, str]]:
    """Rows counted by a column, and what they are to be read as: its values, and how many there are of each."""
    return rows.order_by().values(column).annotate(many=Count("*")), (column, "many")

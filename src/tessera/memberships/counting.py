"""How many have each plan now, counted from indexes of terms rather than membership by membership.

Active is what a term covers, less what was ended or is paused, and what is in grace besides. A property test proves
that this is what `status.py` says of each membership. Growth: with the terms that run, read from an index and nothing
else (about a second of processor time for a million memberships), with the memberships that somebody ended although
their terms went on, and with what companies hold.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
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
    """How many customers and companies have a plan themselves, and how many of all these are in grace."""

    customers: int = 0
    companies: int = 0
    in_grace: int = 0

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
    found = _active(organization, keys, at, "plan", of_companies=_companies(organization, at))
    return {key: holders for key in keys if (holders := found.get(key, Holders())).all > 0}


def active_on_prices(plan: Plan, at: datetime) -> dict[UUID, int]:
    """Return how many customers and companies have the plan at `at` on each of its prices. One query."""
    found = _active(plan.organization, [plan.pk], at, "price")
    return {key: holders.all for key, holders in found.items() if holders.all > 0}


def held_by_plan(
    organization: Organization, plan_ids: Collection[UUID], instants: Sequence[datetime]
) -> dict[UUID, list[int]]:
    """Return how many held each of these plans, which are the organization's, in a term at each instant, paused ones
    counted. `instants`: the earliest first. A plan that nobody has held since then may be left out.

    Two queries. Counted as of the last instant, and back from there by what began and ended in between, from indexes
    and nothing else. Growth: with the terms that run then, with those that began or ended since the first instant, and
    with the memberships that somebody ended although their terms went on.
    """
    terms = Term.objects.filter(plan__in=plan_ids)
    last = instants[-1]
    running = [terms.filter(starts_at__lte=last, ends_at=None), terms.filter(starts_at__lte=last, ends_at__gt=last)]
    since = list(pairwise(instants))
    began = [terms.filter(starts_at__gt=after, starts_at__lte=until) for after, until in since]
    over = [terms.filter(ends_at__gt=after, ends_at__lte=until) for after, until in since]
    counted = _counted([_by("plan", rows) for rows in (*running, *began, *over)])
    ended = _ended_at(organization, plan_ids, instants)
    found, none = {}, [0] * len(instants)
    for key in counted.keys() | ended.keys():
        parts = counted.get(key, Counter())
        held = [parts[0] + parts[1]]
        for place in reversed(range(len(since))):
            held.append(held[-1] - parts[2 + place] + parts[2 + len(since) + place])
        found[key] = [many - less for many, less in zip(held[::-1], ended.get(key, none), strict=True)]
    return found


def held_at(plan: Plan, instants: Sequence[datetime]) -> list[int]:
    """Return how many held the plan in a term at each instant (`held_by_plan`)."""
    return held_by_plan(plan.organization, [plan.pk], instants).get(plan.pk, [0] * len(instants))


def _ended_at(
    organization: Organization, plan_ids: Collection[UUID], instants: Sequence[datetime]
) -> dict[UUID, list[int]]:
    """How many terms covered each instant whose membership had been ended by then. One query."""
    over = _ended_early(organization, by=instants[-1], beyond=instants[0])
    counts = {
        f"at_{place}": Count("pk", filter=covering(at) & Q(membership__ended_at__lte=at))
        for place, at in enumerate(instants)
    }
    rows = Term.objects.filter(membership__in=over, plan__in=plan_ids).order_by().values("plan").annotate(**counts)
    return {plan: list(many) for plan, *many in rows.values_list("plan", *counts)}


def _active(
    organization: Organization,
    keys: Collection[UUID],
    at: datetime,
    column: str,
    *,
    of_companies: QuerySet[Membership] | None = None,
) -> dict[UUID, Holders]:
    """Who has each plan or price; all as if they were customers, if it is not told which are companies. One query."""
    begun = Term.objects.filter(plan__in=keys, starts_at__lte=at)
    # Open ones and those that end later apart: each is one range of the index.
    parts = {
        "open": _by(column, begun.filter(ends_at=None)),
        "later": _by(column, begun.filter(ends_at__gt=at)),
        "in_grace": _by(column, _in_grace(keys, at)),
        "ended": _by(column, _ended(organization, keys, at)),
        "paused": _by(column, _paused(keys, at)),
        **({} if of_companies is None else {"companies": _by("plan_at", of_companies)}),
    }
    found = {}
    for key, counted in _counted(list(parts.values())).items():
        many = {name: counted[place] for place, name in enumerate(parts)}
        every = many["open"] + many["later"] + many["in_grace"] - many["ended"] - many["paused"]
        companies = many.get("companies", 0)
        found[key] = Holders(every - companies, companies, many["in_grace"])
    return found


def _ended(organization: Organization, keys: Collection[UUID], at: datetime) -> QuerySet[Term]:
    over = _ended_early(organization, by=at, beyond=at)
    return Term.objects.filter(covering(at), membership__in=over, plan__in=keys)


def _ended_early(organization: Organization, *, by: datetime, beyond: datetime) -> QuerySet[Membership]:
    """The memberships that had been ended `by` an instant although their terms go on `beyond` one."""
    ended = Membership.objects.filter(organization=organization, ended_at__lte=by)
    return ended.filter(Q(ends_at=None) | Q(ends_at__gt=beyond))


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


def _counted(each: Sequence[tuple[QuerySet[Any, Any], tuple[str, str]]]) -> dict[UUID, Counter[int]]:
    """How many there are in each of these parts (`_by`), by their place, for each value of their columns. One query."""
    parts = [rows.annotate(part=Value(place)).values_list(*names, "part") for place, (rows, names) in enumerate(each)]
    found: dict[UUID, Counter[int]] = defaultdict(Counter)
    for key, many, part in parts[0].union(*parts[1:], all=True):
        found[key][part] += many
    return found

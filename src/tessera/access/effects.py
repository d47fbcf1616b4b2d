"""Whom it concerns if plans come to grant something else: who loses what, who gains it, and who keeps it all the same.

Looked at person by person, so that what other plans and companies give them counts. Reads only.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from tessera.memberships import seats
from tessera.memberships.models import Membership, Term
from tessera.memberships.status_sql import with_plan, with_status
from tessera.memberships.types import Status
from tessera.organizations.models import Organization
from tessera.people.affiliations import covering
from tessera.people.models import Affiliation, Customer
from tessera.people.types import CustomerStatus
from tessera.plans.models import Plan, PlanPermission

MOST: Final = 20_000  # people looked at one by one
_AT_ONCE: Final = 500
Grants = Mapping[UUID, Collection[str]]


@dataclass(frozen=True, slots=True)
class Effect:
    """How many people lose a permission, gain it, and keep it through something else that a plan stops giving."""

    key: str
    lose: int = 0
    gain: int = 0
    keep: int = 0


@dataclass(frozen=True, slots=True)
class Effects:
    """What a change comes to now. `people` have one of the plans; `effects` are of those permissions that change."""

    people: int
    effects: tuple[Effect, ...]


def of_grants(organization: Organization, wanted: Grants, at: datetime) -> Effects | None:
    """Return what it comes to if each of these plans grants exactly these keys from `at` on.

    None if more than twenty thousand people have or had the plans: that is not looked at one by one. The number of
    queries grows with the people, five for five hundred of them, and with the companies they belong to.
    """
    before = _granted(organization)
    after = before | {plan: set(keys) for plan, keys in wanted.items()}
    changing = {plan for plan in wanted if after[plan] != before.get(plan, set())}
    candidates = _candidates(organization, changing, at)
    if candidates is None:
        return None
    lose: dict[str, int] = {}
    gain: dict[str, int] = {}
    keep: dict[str, int] = {}
    concerned = 0
    for plans in _held(organization, candidates, at):
        if not plans & changing:
            continue
        concerned += 1
        had = {key for plan in plans for key in before.get(plan, ())}
        has = {key for plan in plans for key in after.get(plan, ())}
        stopped = {key for plan in plans & changing for key in set(before.get(plan, ())) - set(after[plan])}
        for counted, keys in ((lose, had - has), (gain, has - had), (keep, stopped & has)):
            for key in keys:
                counted[key] = counted.get(key, 0) + 1
    changed = sorted({*lose, *gain, *keep})
    each = (Effect(key, lose.get(key, 0), gain.get(key, 0), keep.get(key, 0)) for key in changed)
    return Effects(concerned, tuple(each))


def _granted(organization: Organization) -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = {}
    rows = PlanPermission.objects.filter(plan__organization=organization)
    for plan, key in rows.values_list("plan_id", "permission__key"):
        found.setdefault(plan, set()).add(key)
    return found


def _candidates(organization: Organization, plans: Collection[UUID], at: datetime) -> list[UUID] | None:
    """Return who may have one of the plans now, themselves or through a company, and some who have not."""
    terms = Term.objects.filter(plan__in=plans).values("membership")
    own = Membership.objects.filter(organization=organization, pk__in=terms, customer__isnull=False)
    found = set(own.values_list("customer_id", flat=True)[: MOST + 1])
    companies = Membership.objects.filter(organization=organization, pk__in=terms, company__isnull=False)
    belonging = Affiliation.objects.filter(covering(at), company__in=companies.values("company"))
    found.update(belonging.values_list("customer_id", flat=True)[: MOST + 1])
    return None if len(found) > MOST else sorted(found)


def _held(organization: Organization, people: Sequence[UUID], at: datetime) -> Iterator[set[UUID]]:
    """Yield the plans that each person has now, own and inherited; nothing of who is banned or archived."""
    firms: dict[UUID, list[tuple[UUID, tuple[datetime, UUID] | None]]] = {}
    for some in (people[begin : begin + _AT_ONCE] for begin in range(0, len(people), _AT_ONCE)):
        welcome = Customer.objects.filter(organization=organization, pk__in=some, status=CustomerStatus.ACTIVE)
        plans: dict[UUID, set[UUID]] = {key: set() for key in welcome.values_list("pk", flat=True)}
        for row in _active(Membership.objects.filter(organization=organization, customer__in=plans), at):
            plans[row["customer_id"]].add(row["plan_at"])
        belonging = list(Affiliation.objects.filter(covering(at), customer__in=plans))
        _read_companies(organization, {each.company_id for each in belonging} - firms.keys(), firms, at)
        for each in belonging:
            for plan, last in firms[each.company_id]:
                if last is None or (each.queue_at, each.pk) <= last:
                    plans[each.customer_id].add(plan)
        yield from plans.values()


def _read_companies(
    organization: Organization,
    keys: Collection[UUID],
    firms: dict[UUID, list[tuple[UUID, tuple[datetime, UUID] | None]]],
    at: datetime,
) -> None:
    """Put down, for each company, the plans it has and the last place in the order of seats that has each."""
    firms.update({key: [] for key in keys})
    if not keys:
        return
    for row in _active(Membership.objects.filter(organization=organization, company__in=keys), at):
        limit = row["seats"] if row["seats"] is not None else row["plan_seats"]
        last = None
        if limit is not None:
            last = seats.boundaries(row["company_id"], {limit}, at)[1].get(limit)
            if limit == 0:
                continue
        firms[row["company_id"]].append((row["plan_at"], last))


def _active(found: QuerySet[Membership], at: datetime) -> list[Any]:
    plan_seats = Subquery(Plan.objects.filter(pk=OuterRef("plan_at")).values("seats")[:1])
    active = with_plan(with_status(found, at), at).filter(Q(status_at=Status.ACTIVE)).annotate(plan_seats=plan_seats)
    return list(active.values("customer_id", "company_id", "seats", "plan_at", "plan_seats"))

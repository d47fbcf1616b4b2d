"""Whether people on a list are members right now: for each the one membership that says most, own before inherited."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, Subquery

from tessera.memberships.models import Membership
from tessera.memberships.status_sql import with_plan, with_status
from tessera.memberships.types import Status
from tessera.people import affiliations
from tessera.people.models import Affiliation
from tessera.plans.models import Plan

_SAYS_MOST = (Status.ACTIVE, Status.PAUSED, Status.SCHEDULED, Status.PENDING, Status.EXPIRED)


@dataclass(frozen=True, slots=True)
class Standing:
    """The membership that says most: its plan, status and the company it is inherited from, if it is.

    `others` is how many more there are that are not expired; `ends_at` its last booked end.
    """

    status: Status
    in_grace: bool
    plan: str
    via: str
    others: int
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    status: Status
    in_grace: bool
    plan: str
    ends_at: datetime | None


def of_customers(customer_ids: Collection[UUID], at: datetime) -> dict[UUID, Standing]:
    """Return the standing of each customer who has or had a membership. Two queries, whatever the number."""
    belongs: dict[UUID, list[tuple[UUID, str]]] = defaultdict(list)
    companies = Affiliation.objects.filter(affiliations.covering(at), customer__in=customer_ids)
    for customer_id, company_id, name in companies.values_list("customer_id", "company_id", "company__name"):
        belongs[company_id].append((customer_id, name))
    found: dict[UUID, list[tuple[_Found, str]]] = defaultdict(list)
    for row, each in _memberships(Q(customer__in=customer_ids) | Q(company__in=list(belongs)), at):
        if row.customer_id is not None:
            found[row.customer_id].append((each, ""))
        elif row.company_id is not None:
            for customer_id, name in belongs[row.company_id]:
                found[customer_id].append((each, name))
    return {customer_id: _most(held) for customer_id, held in found.items()}


def of_companies(company_ids: Collection[UUID], at: datetime) -> dict[UUID, Standing]:
    """Return the standing of each company that has or had a membership. One query."""
    found: dict[UUID, list[tuple[_Found, str]]] = defaultdict(list)
    for row, each in _memberships(Q(company__in=company_ids), at):
        if row.company_id is not None:
            found[row.company_id].append((each, ""))
    return {company_id: _most(held) for company_id, held in found.items()}


def _most(held: list[tuple[_Found, str]]) -> Standing:
    ranked = sorted(held, key=lambda each: (_SAYS_MOST.index(each[0].status), each[0].in_grace, each[1] != ""))
    best, via = ranked[0]
    others = sum(each.status is not Status.EXPIRED for each, _via in ranked[1:])
    return Standing(best.status, best.in_grace, best.plan, via, others, best.ends_at)


def _memberships(condition: Q, at: datetime) -> list[tuple[Membership, _Found]]:
    plan = Subquery(Plan.objects.filter(pk=OuterRef("plan_at")).values("name")[:1])
    rows: Any = with_plan(with_status(Membership.objects.filter(condition), at), at).annotate(plan_name=plan)
    return [
        (row, _Found(Status(row.status_at), bool(row.in_grace_at), row.plan_name or "", row.ends_at)) for row in rows
    ]


def people_of(company_ids: Collection[UUID], at: datetime) -> dict[UUID, int]:
    """Return how many people belong to each company at `at`. One query."""
    current = Affiliation.objects.filter(affiliations.covering(at), company__in=company_ids)
    return dict(current.values("company").annotate(many=Count("pk")).values_list("company", "many"))

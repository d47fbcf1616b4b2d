"""Whether people on a list are members right now: for each the one membership that says most, own before inherited."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Value

from tessera.memberships.models import Membership
from tessera.memberships.status_sql import with_plan, with_status
from tessera.memberships.types import Status
from tessera.people import affiliations
from tessera.people.models import Affiliation
from tessera.plans.models import Plan

_NAME: Final = F("company__name")
SAYS_MOST: Final = (Status.ACTIVE, Status.PAUSED, Status.SCHEDULED, Status.PENDING, Status.EXPIRED)


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
    """Return the standing of each customer who has or had a membership. One query, whatever the number."""
    own = Membership.objects.filter(customer__in=customer_ids)
    belonging = affiliations.covering(at, of="company__affiliations__")
    inherited = Membership.objects.filter(belonging, company__affiliations__customer__in=customer_ids)
    return _standings(
        _told(own, "customer_id", Value(""), at), _told(inherited, "company__affiliations__customer_id", _NAME, at)
    )


def of_companies(company_ids: Collection[UUID], at: datetime) -> dict[UUID, Standing]:
    """Return the standing of each company that has or had a membership. One query."""
    return _standings(_told(Membership.objects.filter(company__in=company_ids), "company_id", Value(""), at))


def _told(rows: QuerySet[Membership], whose: str, via: Any, at: datetime) -> QuerySet[Any, Any]:
    """What is read of each membership: whose it is, through which company, and how it is."""
    plan = Subquery(Plan.objects.filter(pk=OuterRef("plan_at")).values("name")[:1])
    asked = with_plan(with_status(rows.order_by(), at), at).annotate(whose=F(whose), via=via, plan_name=plan)
    return asked.values_list("whose", "via", "status_at", "in_grace_at", "plan_name", "ends_at")


def _standings(first: QuerySet[Any, Any], *others: QuerySet[Any, Any]) -> dict[UUID, Standing]:
    found: dict[UUID, list[tuple[_Found, str]]] = defaultdict(list)
    for whose, via, status, in_grace, plan, ends_at in first.union(*others, all=True) if others else first:
        found[whose].append((_Found(Status(status), bool(in_grace), plan or "", ends_at), via))
    return {key: _most(held) for key, held in found.items()}


def _most(held: list[tuple[_Found, str]]) -> Standing:
    ranked = sorted(held, key=lambda each: (SAYS_MOST.index(each[0].status), each[0].in_grace, each[1] != ""))
    best, via = ranked[0]
    others = sum(each.status is not Status.EXPIRED for each, _via in ranked[1:])
    return Standing(best.status, best.in_grace, best.plan, via, others, best.ends_at)


def people_of(company_ids: Collection[UUID], at: datetime) -> dict[UUID, int]:
    """Return how many people belong to each company at `at`. One query."""
    current = Affiliation.objects.filter(affiliations.covering(at), company__in=company_ids)
    return dict(current.values("company").annotate(many=Count("pk")).values_list("company", "many"))

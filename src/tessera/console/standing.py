"""Whether people on a list are members right now: for each the one membership that says most, own before inherited."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q

from tessera.memberships import status
from tessera.memberships.models import Membership, Pause, Term
from tessera.memberships.status import Facts
from tessera.memberships.types import Status
from tessera.people import affiliations
from tessera.people.models import Affiliation

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
    """Return the standing of each customer who has or had a membership. Four queries, whatever the number."""
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
    """Return the standing of each company that has or had a membership. Three queries."""
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
    rows = list(Membership.objects.filter(condition).select_related("next_plan"))
    keys = [row.pk for row in rows]
    terms: dict[UUID, list[Term]] = defaultdict(list)
    for term in Term.objects.filter(membership__in=keys).select_related("plan").order_by("starts_at"):
        terms[term.membership_id].append(term)
    pauses: dict[UUID, list[Pause]] = defaultdict(list)
    for pause in Pause.objects.filter(membership__in=keys).order_by("starts_at"):
        pauses[pause.membership_id].append(pause)
    found = []
    for row in rows:
        state = status.state_at(Facts(row, terms[row.pk], pauses[row.pk]), at)
        held = status.term_held(terms[row.pk], at)
        plan = held.plan if isinstance(held, Term) else row.next_plan
        found.append((row, _Found(state.status, state.in_grace, plan.name if plan is not None else "", row.ends_at)))
    return found


def people_of(company_ids: Collection[UUID], at: datetime) -> dict[UUID, int]:
    """Return how many people belong to each company at `at`. One query."""
    current = Affiliation.objects.filter(affiliations.covering(at), company__in=company_ids)
    return dict(current.values("company").annotate(many=Count("pk")).values_list("company", "many"))

"""Who has a seat of a company's membership: those who joined first (2-domain, "Seats").

The order is `queue_at` (the later of start and recording), then id; only affiliations that cover the instant, of
customers neither banned nor archived, take a seat. Nothing is stored: a leaver's seat is free in the same instant.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce, RowNumber

from tessera.memberships.models import Membership
from tessera.memberships.status_sql import with_plan, with_status
from tessera.memberships.types import Status
from tessera.organizations.models import Organization
from tessera.people import affiliations
from tessera.people.models import Affiliation
from tessera.people.types import CustomerStatus
from tessera.plans.models import Plan

# The decision's own words for the same: who comes before a place (company, queue_at, id) and still belongs at an
# instant or later. Growth: with the people before one.
AHEAD: Final = """
FROM people_affiliation a CROSS JOIN people_customer c
WHERE a.company_id = %s AND (a.queue_at, a.id) < (%s, %s) AND (a.ends_at IS NULL OR a.ends_at > %s)
    AND c.id = a.customer_id AND c.status = 'active'
"""


@dataclass(frozen=True, slots=True)
class Seating:
    """How many of a number of seats are taken. `last` is the place in the queue up to which people are seated."""

    seats: int | None
    people: int
    last: tuple[datetime, UUID] | None

    @property
    def taken(self) -> int:
        return self.people if self.seats is None else min(self.seats, self.people)

    @property
    def over(self) -> int:
        """How many people have no seat."""
        return self.people - self.taken

    def seated(self, queue_at: datetime, affiliation_id: UUID) -> bool:
        """Whether the affiliation, which covers the instant, has a seat."""
        if self.seats is None or self.people <= self.seats:
            return True
        return self.last is not None and (queue_at, affiliation_id) <= self.last


def queue(company_id: UUID, at: datetime) -> QuerySet[Affiliation]:
    """Return the company's affiliations that take a seat at `at`, in the order in which they do."""
    return (
        Affiliation.objects.filter(company_id=company_id, customer__status=CustomerStatus.ACTIVE)
        .filter(affiliations.covering(at))
        .order_by("queue_at", "id")
    )


def seating(*, company_id: UUID, seats: int | None, at: datetime) -> Seating:
    """Return how the seats of a company's membership are taken at `at`. Two queries; they grow with its people."""
    people = queue(company_id, at).count()
    last = None
    if seats and people > seats:
        last = queue(company_id, at).values_list("queue_at", "id")[seats - 1]
    return Seating(seats, people, last)


def boundaries(company_id: UUID, limits: Collection[int], at: datetime) -> tuple[int, dict[int, tuple[datetime, UUID]]]:
    """Return how many people take a seat at `at`, and for each number of seats the place of the last who has one.

    A number that is not reached has no last place: everybody is seated. One query; it grows with the company's people.
    """
    order = [F("queue_at").asc(), F("id").asc()]
    people = queue(company_id, at).order_by()
    counted = people.annotate(place=Window(RowNumber(), order_by=order), many=Window(Count("*")))
    rows = counted.filter(place__in={1, *limits}).values_list("place", "many", "queue_at", "id")
    found = list(rows)
    many = found[0][1] if found else 0
    return many, {place: (queue_at, key) for place, _many, queue_at, key in found if place in limits and place < many}


def companies_over(organization: Organization, *, among: Sequence[UUID] | None, at: datetime) -> list[UUID]:
    """Return the companies, of those in `among` if given, that have more people than one of their memberships seats.

    It looks at the memberships with a number of seats, each counting at most one person more than that: growth with
    the people of such companies. Expired ones do not count. Two queries.
    """
    held = Membership.objects.filter(organization=organization, company__isnull=False)
    if among is not None:
        held = held.filter(company__in=among)
    limited = held.filter(Q(seats__isnull=False) | Q(terms__plan__seats__isnull=False)).distinct()
    unexpired = with_plan(with_status(limited, at), at).filter(~Q(status_at=Status.EXPIRED))
    told = unexpired.annotate(of_plan=Subquery(Plan.objects.filter(pk=OuterRef("plan_at")).values("seats")[:1]))
    seats = [
        (company_id, own if own is not None else of_plan)
        for company_id, own, of_plan in told.values_list("company_id", "seats", "of_plan")
        if own is not None or of_plan is not None
    ]
    people = _people([company_id for company_id, _ in seats], at)
    return list({company_id for company_id, number in seats if people.get(company_id, 0) > number})


def _people(company_ids: Sequence[UUID], at: datetime) -> dict[UUID, int]:
    taking = Affiliation.objects.filter(company__in=company_ids, customer__status=CustomerStatus.ACTIVE)
    counted = taking.filter(affiliations.covering(at)).order_by().values("company").annotate(many=Count("pk"))
    return dict(counted.values_list("company", "many"))


def ahead(affiliation_ids: Sequence[UUID], at: datetime) -> dict[UUID, int]:
    """Return how many people come before each affiliation in its company's queue at `at`. One query."""
    return dict(_counted(Affiliation.objects.filter(pk__in=affiliation_ids), at).values_list("pk", "ahead"))


def with_ahead(found: QuerySet[Affiliation], at: datetime) -> list[Affiliation]:
    """Return these affiliations, with how many people come before each at `at` as `ahead`. One query."""
    return list(_counted(found, at))


def _counted(found: QuerySet[Affiliation], at: datetime) -> QuerySet[Any]:
    before = (
        Affiliation.objects.filter(company=OuterRef("company"), customer__status=CustomerStatus.ACTIVE)
        .filter(affiliations.covering(at))
        .filter(Q(queue_at__lt=OuterRef("queue_at")) | Q(queue_at=OuterRef("queue_at"), id__lt=OuterRef("id")))
        .order_by()
        .values("company")
        .annotate(many=Count("pk"))
        .values("many")
    )
    return found.annotate(ahead=Coalesce(Subquery(before), 0))

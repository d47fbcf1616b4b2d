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

from tessera.db.written import Written
from tessera.memberships.status_sql import PLAN_OF_M, STATUS_OF_M, covering_sql, instant
from tessera.memberships.types import Status
from tessera.people import affiliations
from tessera.people.models import Affiliation
from tessera.people.types import CustomerStatus

# The decision's own words for the same: who comes before a place (company, queue_at, id) and still belongs at an
# instant or later. Growth: with the people before one.
AHEAD: Final = """
FROM people_affiliation a CROSS JOIN people_customer c
WHERE a.company_id = %s AND (a.queue_at, a.id) < (%s, %s) AND (a.ends_at IS NULL OR a.ends_at > %s)
    AND c.id = a.customer_id AND c.status = 'active'
"""


# How many seats a membership `m` has is asked first, then how many belong at all: most companies are done with that.
_OWN: Final = f"COALESCE(m.seats, (SELECT sp.seats FROM plans_plan sp WHERE sp.id = {PLAN_OF_M}))"
_BELONG: Final = f"FROM people_affiliation a WHERE a.company_id = {{0}} AND {covering_sql('a')}"
_TAKE_ONE: Final = (
    f"FROM people_affiliation a CROSS JOIN people_customer c WHERE a.company_id = {{0}} AND {covering_sql('a')}"
    " AND c.id = a.customer_id AND c.status = 'active'"
)
_OVER: Final = (
    f"EXISTS (SELECT 1 FROM (SELECT m.*, {_OWN} AS own FROM memberships_membership m WHERE m.company_id = {{0}}) m"
    f" WHERE m.own IS NOT NULL AND (SELECT count(*) {_BELONG}) > m.own AND (SELECT count(*) {_TAKE_ONE}) > m.own"
    f" AND NOT {STATUS_OF_M[Status.EXPIRED]} LIMIT 1 OFFSET 0)"
)


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


def over_its_seats(at: datetime) -> Written:
    """The condition that a company has more people at `at` than one of its unexpired memberships has seats for.

    It costs a company without a number of seats the look-up of its plan, and one with it a look at its people.
    """
    return Written(_OVER, "pk", at=instant(at))


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

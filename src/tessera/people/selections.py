"""Reads of what was picked out, or of all that an organization has: for lists that go elsewhere whole."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from tessera.http.cursors import paginate
from tessera.organizations.models import Organization
from tessera.people import queries
from tessera.people.models import Affiliation, Company, Customer
from tessera.people.queries import Affiliated, CompanyFacts, Rows
from tessera.people.types import Belonging


def companies(organization: Organization, keys: Collection[UUID]) -> list[CompanyFacts]:
    """Return those of the companies with these ids that the organization has: one query."""
    rows = Company.objects.filter(organization=organization, pk__in=keys).order_by("created_at", "id")
    return [queries.company(row) for row in rows]


def affiliations(organization: Organization, keys: Collection[UUID], *, at: datetime) -> list[Affiliated]:
    """Return those of the affiliations with these ids that the organization has: one query."""
    rows = Affiliation.objects.filter(organization=organization, pk__in=keys).order_by("queue_at", "id")
    return [queries.affiliated(row, at) for row in rows.select_related("customer", "company")]


def page_of_affiliations(
    organization: Organization,
    *,
    at: datetime,
    belonging: Belonging | None = None,
    company_id: UUID | None = None,
    customer_id: UUID | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Rows[Affiliated]:
    """Return a page of the organization's affiliations, by id. Raises CursorInvalid."""
    found = Affiliation.objects.filter(organization=organization)
    if company_id is not None:
        found = found.filter(company_id=company_id)
    if customer_id is not None:
        found = found.filter(customer_id=customer_id)
    if belonging is not None:
        found = found.filter(queries.lying(belonging, at))
    rows, next_cursor = paginate(found.select_related("customer", "company"), order=("id",), limit=limit, cursor=cursor)
    return Rows(tuple(queries.affiliated(row, at) for row in rows), next_cursor)


def numbers_of(organization: Organization, keys: Collection[UUID]) -> dict[UUID, str]:
    """Return the numbers of customers and companies, by their ids: two queries."""
    people = Customer.objects.filter(organization=organization, pk__in=keys).values_list("pk", "number")
    employers = Company.objects.filter(organization=organization, pk__in=keys).values_list("pk", "number")
    return dict([*people, *employers])

"""What screens and APIs read about people and companies. Numbers of queries do not depend on numbers of rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from tessera.db.written import one_of_these
from tessera.http.cursors import paginate
from tessera.organizations.models import Organization
from tessera.people.details import tag_key
from tessera.people.finding import Found, companies_found, customers_among, customers_found
from tessera.people.models import (
    Affiliation,
    Company,
    Customer,
    CustomerEmail,
    CustomerPhone,
    CustomerTag,
    DeletionRequest,
)
from tessera.people.references import company_by_ref, customer_by_ref
from tessera.people.types import Belonging, CompanyStatus, CustomerStatus, Email, Source, Via

__all__ = [
    "Affiliated",
    "CompanyFacts",
    "CustomerFacts",
    "Rows",
    "affiliated",
    "companies",
    "companies_of",
    "company",
    "company_by_ref",
    "customer",
    "customer_by_ref",
    "customers",
    "customers_named",
    "merged_ids",
    "people_of",
]

T = TypeVar("T")
Order = Literal["created", "name"]
_ORDERS: dict[Order, tuple[str, ...]] = {"created": ("created_at", "id"), "name": ("name_key", "id")}


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What is known of a customer. `name` is what the person is called."""

    id: UUID
    version: int
    number: str
    external_id: str | None
    name: str
    first_name: str
    last_name: str
    display_name: str
    emails: tuple[Email, ...]
    phones: tuple[str, ...]
    photo: UUID | None
    birthday: date | None
    locale: str
    marketing_consent: bool
    tags: tuple[str, ...]
    status: CustomerStatus
    ban_reason: str
    source: Source
    created_at: datetime
    erased_at: datetime | None = None  # from then on nothing else is known
    deletion_asked: bool = False  # they, or a record that was merged into theirs, wait to be deleted


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """What is known of a company."""

    id: UUID
    version: int
    number: str
    external_id: str | None
    name: str
    legal_name: str
    email: str
    phone: str
    logo: UUID | None
    websites: tuple[str, ...]
    email_domains: tuple[str, ...]
    tags: tuple[str, ...]
    status: CompanyStatus
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Affiliated:
    """A customer's belonging to a company over `[starts_at, ends_at)`, and how that lies to the instant asked for."""

    id: UUID
    customer_id: UUID
    customer_number: str
    customer_name: str
    customer_status: CustomerStatus
    customer_photo: UUID | None
    company_id: UUID
    company_number: str
    company_name: str
    company_logo: UUID | None
    starts_at: datetime
    ends_at: datetime | None
    queue_at: datetime
    belonging: Belonging
    title: str
    company_admin: bool
    primary_contact: bool
    via: Via


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """One page of a list; `next_cursor` asks for the next, None if this was the last."""

    data: tuple[T, ...]
    next_cursor: str | None


def customer(row: Customer) -> CustomerFacts:
    """Return what is known of one customer: one query."""
    return customer_facts([row])[0]


def customers(
    organization: Organization,
    *,
    q: str = "",
    status: CustomerStatus | None = None,
    order: Order = "created",
    at: datetime | None = None,
    of_companies: Found | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Rows[CustomerFacts]:
    """Return a page of the organization's customers; who was merged into another one is not among them.

    `q` is what they are found by (`finding.py`), of the best matches only; with `at` also by the companies that they
    belong to then, which `of_companies` are if they have been found already.

    Raises CursorInvalid if the cursor is not one of this list.
    """
    found = Customer.objects.filter(organization=organization, merged_into=None)
    if status is not None:
        found = found.filter(status=status)
    if q.strip(" \0"):
        found = found.filter(one_of_these(customers_found(organization, q, at=at, companies=of_companies).ids))
    rows, next_cursor = paginate(found, order=_ORDERS[order], limit=limit, cursor=cursor)
    return Rows(tuple(customer_facts(rows)), next_cursor)


def customers_named(organization: Organization, keys: Collection[UUID]) -> list[CustomerFacts]:
    """Return those of the customers with these ids that the organization has: three queries."""
    rows = Customer.objects.filter(organization=organization, merged_into=None, pk__in=keys)
    return customer_facts(list(rows.order_by("created_at", "id")))


def company(row: Company) -> CompanyFacts:
    """Return what is known of one company: no query."""
    return CompanyFacts(
        id=row.pk,
        version=row.version,
        number=row.number,
        external_id=row.external_id,
        name=row.name,
        legal_name=row.legal_name,
        email=row.email,
        phone=row.phone,
        logo=row.logo_id,
        websites=tuple(row.websites),
        email_domains=tuple(row.email_domains),
        tags=tuple(row.tags),
        status=CompanyStatus(row.status),
        created_at=row.created_at,
    )


def companies(
    organization: Organization,
    *,
    q: str = "",
    status: CompanyStatus | None = None,
    order: Order = "created",
    found: Found | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Rows[CompanyFacts]:
    """Return a page of the organization's companies.

    `q` is what they are found by (`finding.py`), of the best matches only: `found`, if that has been done already.

    Raises CursorInvalid if the cursor is not one of this list.
    """
    listed = Company.objects.filter(organization=organization)
    if status is not None:
        listed = listed.filter(status=status)
    if q.strip(" \0"):
        listed = listed.filter(one_of_these((found or companies_found(organization, q)).ids))
    rows, next_cursor = paginate(listed, order=_ORDERS[order], limit=limit, cursor=cursor)
    return Rows(tuple(company(row) for row in rows), next_cursor)


def companies_of(
    row: Customer,
    *,
    at: datetime,
    belonging: Belonging | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Rows[Affiliated]:
    """Return the customer's affiliations, ended and planned ones too, in the order in which they took seats."""
    found = Affiliation.objects.filter(organization_id=row.organization_id, customer=row)
    return _affiliated(found, at, belonging, limit, cursor)


def people_of(
    row: Company,
    *,
    at: datetime,
    belonging: Belonging | None = None,
    q: str = "",
    beyond: tuple[datetime, UUID] | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Rows[Affiliated]:
    """Return the company's affiliations, ended and planned ones too, in the order in which they take seats.

    `q` finds people as `customers` does, among the company's. `beyond` is a place in the order of seats: of who comes
    after it, whoever could take one (neither banned nor archived).
    """
    found = Affiliation.objects.filter(organization_id=row.organization_id, company=row)
    if q.strip():
        found = found.filter(customer__in=customers_among(row.organization_id, found.values("customer"), q))
    if beyond is not None:
        queue_at, key = beyond
        found = found.filter(Q(queue_at__gt=queue_at) | Q(queue_at=queue_at, id__gt=key))
        found = found.filter(customer__status=CustomerStatus.ACTIVE)
    return _affiliated(found, at, belonging, limit, cursor)


def merged_ids(row: Customer) -> tuple[UUID, ...]:
    """Return the ids of everybody who was merged into the customer, straight or by way of others."""
    keys = [row.pk]
    while more := list(
        Customer.objects.filter(organization_id=row.organization_id, merged_into__in=keys)
        .exclude(pk__in=keys)
        .values_list("pk", flat=True)
    ):
        keys.extend(more)
    return tuple(keys[1:])


def customer_facts(rows: Sequence[Customer]) -> list[CustomerFacts]:
    """Return what is known of the customers, in their order: one query."""
    emails: dict[UUID, list[tuple[int, Email]]] = {}
    phones: dict[UUID, list[tuple[int, str]]] = {}
    tags: dict[UUID, list[tuple[str, str]]] = {}
    leaving: set[UUID] = set()
    for key, what, position, text, verified in _lists_of([row.pk for row in rows]):
        if what == "email":
            emails.setdefault(key, []).append((position, Email(text, bool(verified))))
        elif what == "phone":
            phones.setdefault(key, []).append((position, text))
        elif what == "deletion":
            leaving.add(key)
        else:
            tags.setdefault(key, []).append((tag_key(text), text))
    return [
        CustomerFacts(
            id=row.pk,
            version=row.version,
            number=row.number,
            external_id=row.external_id,
            name=row.name,
            first_name=row.first_name,
            last_name=row.last_name,
            display_name=row.display_name,
            emails=tuple(each for _, each in sorted(emails.get(row.pk, ()), key=itemgetter(0))),
            phones=tuple(each for _, each in sorted(phones.get(row.pk, ()))),
            photo=row.photo_id,
            birthday=row.birthday,
            locale=row.locale,
            marketing_consent=row.marketing_consent,
            tags=tuple(each for _, each in sorted(tags.get(row.pk, ()))),
            status=CustomerStatus(row.status),
            ban_reason=row.ban_reason,
            source=Source(row.source),
            created_at=row.created_at,
            erased_at=row.erased_at,
            deletion_asked=row.pk in leaving,
        )
        for row in rows
    ]


def _lists_of(keys: Sequence[UUID]) -> QuerySet[Any, Any]:
    """The e-mail addresses, phone numbers, tags and wishes to be deleted of customers, in one statement."""
    no, verified = Value(False), ExpressionWrapper(Q(verified_at__isnull=False), BooleanField())
    emails = CustomerEmail.objects.filter(customer__in=keys).annotate(what=Value("email"), known=verified)
    phones = CustomerPhone.objects.filter(customer__in=keys).annotate(what=Value("phone"), known=no)
    tags = CustomerTag.objects.filter(customer__in=keys).annotate(what=Value("tag"), place=Value(0), known=no)
    theirs = Q(customer__in=keys) | Q(customer__merged_into__in=keys)
    wishes = DeletionRequest.objects.filter(theirs, withdrawn_at=None).annotate(
        whose=Coalesce("customer__merged_into", "customer"),
        what=Value("deletion"),
        place=Value(0),
        said=Value(""),
        known=no,
    )
    return emails.values_list("customer_id", "what", "position", "address", "known").union(
        phones.values_list("customer_id", "what", "position", "number", "known"),
        tags.values_list("customer_id", "what", "place", "tag", "known"),
        wishes.values_list("whose", "what", "place", "said", "known"),
        all=True,
    )


def _affiliated(
    found: QuerySet[Affiliation], at: datetime, belonging: Belonging | None, limit: int, cursor: str | None
) -> Rows[Affiliated]:
    if belonging is not None:
        found = found.filter(lying(belonging, at))
    rows, next_cursor = paginate(
        found.select_related("customer", "company"), order=("queue_at", "id"), limit=limit, cursor=cursor
    )
    return Rows(tuple(affiliated(row, at) for row in rows), next_cursor)


def lying(belonging: Belonging, at: datetime) -> Q:
    """The condition for affiliations to lie so to `at`."""
    over = Q(ends_at__isnull=False, ends_at__lte=at)
    planned = Q(starts_at__gt=at)
    return {Belonging.ENDED: over, Belonging.PLANNED: planned & ~over, Belonging.CURRENT: ~planned & ~over}[belonging]


def belonging_at(row: Affiliation, at: datetime) -> Belonging:
    """Return how the affiliation lies to `at`."""
    if row.ends_at is not None and row.ends_at <= at:
        return Belonging.ENDED
    return Belonging.PLANNED if at < row.starts_at else Belonging.CURRENT


def affiliated(row: Affiliation, at: datetime) -> Affiliated:
    return Affiliated(
        id=row.pk,
        customer_id=row.customer_id,
        customer_number=row.customer.number,
        customer_name=row.customer.name,
        customer_status=CustomerStatus(row.customer.status),
        customer_photo=row.customer.photo_id,
        company_id=row.company_id,
        company_number=row.company.number,
        company_name=row.company.name,
        company_logo=row.company.logo_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        queue_at=row.queue_at,
        belonging=belonging_at(row, at),
        title=row.title,
        company_admin=row.company_admin,
        primary_contact=row.primary_contact,
        via=Via(row.via),
    )

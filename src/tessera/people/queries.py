"""What screens and APIs read about people and companies. Numbers of queries do not depend on numbers of rows."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, Literal, TypeVar
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from tessera.http.cursors import paginate
from tessera.organizations.models import Organization
from tessera.people import numbers
from tessera.people.details import email_key
from tessera.people.models import Affiliation, Company, Customer, CustomerEmail, CustomerPhone
from tessera.people.names import folded
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
_FEWEST_DIGITS = 4
_MOST_WORDS = 8


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
    birthday: date | None
    locale: str
    marketing_consent: bool
    status: CustomerStatus
    ban_reason: str
    source: Source
    created_at: datetime


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
    company_id: UUID
    company_number: str
    company_name: str
    starts_at: datetime
    ends_at: datetime | None
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
    """Return what is known of one customer: two queries."""
    return _customer_facts([row])[0]


def customers(
    organization: Organization,
    *,
    q: str = "",
    status: CustomerStatus | None = None,
    order: Order = "created",
    limit: int = 50,
    cursor: str | None = None,
) -> Rows[CustomerFacts]:
    """Return a page of the organization's customers; who was merged into another one is not among them.

    `q` is words that names begin with, the beginning of an e-mail address, the last four or more digits of a phone
    number, a whole number (CUS-000001, or 1) or an external id. Without `q` a page costs the same at any size;
    with it, names are looked through, which grows with the organization's customers.

    Raises CursorInvalid if the cursor is not one of this list.
    """
    found = Customer.objects.filter(organization=organization, merged_into=None)
    if status is not None:
        found = found.filter(status=status)
    if q.strip():
        found = found.filter(_customer_matches(organization, q.replace("\0", " ")))
    rows, next_cursor = paginate(found, order=_ORDERS[order], limit=limit, cursor=cursor)
    return Rows(tuple(_customer_facts(rows)), next_cursor)


def customers_named(organization: Organization, keys: Collection[UUID]) -> list[CustomerFacts]:
    """Return those of the customers with these ids that the organization has: three queries."""
    rows = Customer.objects.filter(organization=organization, merged_into=None, pk__in=keys)
    return _customer_facts(list(rows.order_by("created_at", "id")))


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
    limit: int = 50,
    cursor: str | None = None,
) -> Rows[CompanyFacts]:
    """Return a page of the organization's companies.

    `q` is words that names begin with, the beginning of the e-mail address, a whole number (COM-000001, or 1) or
    an external id. It looks through all companies; without it a page costs the same at any size.

    Raises CursorInvalid if the cursor is not one of this list.
    """
    found = Company.objects.filter(organization=organization)
    if status is not None:
        found = found.filter(status=status)
    if q.strip():
        found = found.filter(_company_matches(q.replace("\0", " ")))
    rows, next_cursor = paginate(found, order=_ORDERS[order], limit=limit, cursor=cursor)
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
    limit: int = 50,
    cursor: str | None = None,
) -> Rows[Affiliated]:
    """Return the company's affiliations, ended and planned ones too, in the order in which they take seats."""
    found = Affiliation.objects.filter(organization_id=row.organization_id, company=row)
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


def _customer_facts(rows: list[Customer]) -> list[CustomerFacts]:
    keys = [row.pk for row in rows]
    emails: dict[UUID, list[Email]] = {}
    for address in CustomerEmail.objects.filter(customer__in=keys).order_by("customer_id", "position"):
        known = Email(address.address, address.verified_at is not None)
        emails.setdefault(address.customer_id, []).append(known)
    phones: dict[UUID, list[str]] = {}
    for phone in CustomerPhone.objects.filter(customer__in=keys).order_by("customer_id", "position"):
        phones.setdefault(phone.customer_id, []).append(phone.number)
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
            emails=tuple(emails.get(row.pk, ())),
            phones=tuple(phones.get(row.pk, ())),
            birthday=row.birthday,
            locale=row.locale,
            marketing_consent=row.marketing_consent,
            status=CustomerStatus(row.status),
            ban_reason=row.ban_reason,
            source=Source(row.source),
            created_at=row.created_at,
        )
        for row in rows
    ]


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
        company_id=row.company_id,
        company_number=row.company.number,
        company_name=row.company.name,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        belonging=belonging_at(row, at),
        title=row.title,
        company_admin=row.company_admin,
        primary_contact=row.primary_contact,
        via=Via(row.via),
    )


def _named(q: str) -> Q:
    """The condition that each word of `q` begins a word of the name."""
    words = folded(q).split()[:_MOST_WORDS]
    found = Q() if words else Q(pk__in=[])
    for word in words:
        found &= Q(name_key__startswith=word) | Q(name_key__contains=f" {word}")
    return found


def _numbered(q: str, series: numbers.Series) -> Q:
    text = q.strip()
    chosen = Q(number=text.upper())
    return chosen | Q(number=f"{series}-{int(text):06}") if re.fullmatch("[0-9]{1,9}", text) else chosen


def _customer_matches(organization: Organization, q: str) -> Q:
    found = _named(q) | _numbered(q, numbers.Series.CUSTOMER) | Q(external_id=q.strip())
    of_row = {"organization": organization, "customer": OuterRef("pk")}
    if not re.search(r"\s", q.strip()):
        found |= Q(Exists(CustomerEmail.objects.filter(**of_row, key__startswith=email_key(q))))
    if not re.search(r"[A-Za-z]", q):
        digits = re.sub(r"[^0-9]", "", q)
        for tail in {digits, digits.lstrip("0")}:  # at home, numbers are dialled with a 0 that E.164 leaves out
            if len(tail) >= _FEWEST_DIGITS:
                found |= Q(Exists(CustomerPhone.objects.filter(**of_row, number__endswith=tail)))
    return found


def _company_matches(q: str) -> Q:
    text = q.strip()
    known = Q(external_id=text) | Q(email__istartswith=text)
    return _named(q) | _numbered(q, numbers.Series.COMPANY) | known

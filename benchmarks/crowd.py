"""A club of any size, written fast: COPY on PostgreSQL, executemany on SQLite; every constraint stays on."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import JSONField, Model

from tessera.core.ids import new_id
from tessera.memberships.models import Membership, Term
from tessera.organizations.models import Organization
from tessera.people.models import Affiliation, Company, Customer
from tessera.plans.models import Plan, Price
from tests import make

AT = datetime(2026, 1, 10, 12, tzinfo=UTC)
_BLOCK = 20_000
_PER_COMPANY = 50
_GRACE = timedelta(days=7)

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Crowd:
    """A club: who is in it, and what its plans are."""

    club: Organization
    plans: list[Plan]
    prices: list[Price]
    customers: list[UUID]


def found() -> Crowd:
    """Make a club with 12 permissions on doors and 6 plans that grant four of them each."""
    club = make.organization("Benchmark")
    keys = [f"door-{number}" for number in range(12)]
    for number, key in enumerate(keys):
        make.permission(club, key, targets=[f"enter door:{number}"])
    plans = [make.plan(club, permissions=[keys[(2 * plan + each) % 12] for each in range(4)]) for plan in range(6)]
    return Crowd(club, plans, [plan.prices.get() for plan in plans], [])


def grow(crowd: Crowd, memberships: int) -> None:
    """Add customers until there are `memberships` in all; then ANALYZE.

    Of 50 customers each has a membership with two terms, every other one that renews by payment; every other belongs
    to the company of the fifty, which has a membership too.
    """
    present = len(crowd.customers) * (_PER_COMPANY + 1) // _PER_COMPANY
    companies = (memberships - present) // (_PER_COMPANY + 1)
    per_block = _BLOCK // _PER_COMPANY
    for start in range(0, companies, per_block):
        _block(crowd, min(per_block, companies - start))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def company_of(crowd: Crowd, people: int) -> UUID:
    """Add a company with this many people, and return its key."""
    company = new_id()
    insert(Company, _COMPANY, [_company(crowd, company)])
    for start in range(0, people, _BLOCK):
        customers = [new_id() for _ in range(min(_BLOCK, people - start))]
        insert(Customer, _CUSTOMER, [_customer(crowd, each) for each in customers])
        insert(Affiliation, _AFFILIATION, [_affiliation(crowd, each, company) for each in customers])
    return company


def ending(crowd: Crowd, memberships: int, *, at: datetime) -> None:
    """Add as many memberships, each of a customer of its own, that end at `at` and have no grace; then ANALYZE."""
    plan, price = crowd.plans[0].pk, crowd.prices[0].pk
    for start in range(0, memberships, _BLOCK):
        customers = [new_id() for _ in range(min(_BLOCK, memberships - start))]
        held = [(new_id(), each) for each in customers]
        insert(Customer, _CUSTOMER, [_customer(crowd, each) for each in customers])
        insert(
            Membership,
            f"{_MEMBERSHIP} ends_at announce_at",
            [(key, crowd.club.pk, customer, None, "import", False, AT, AT, at, at) for key, customer in held],
        )
        insert(Term, _TERM, [(new_id(), key, plan, price, AT, at, None, "import", AT) for key, _ in held])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _block(crowd: Crowd, companies: int) -> None:
    company_ids = [new_id() for _ in range(companies)]
    customers = [new_id() for _ in range(companies * _PER_COMPANY)]
    held = [(new_id(), each, None) for each in customers] + [(new_id(), None, each) for each in company_ids]
    half = _PER_COMPANY // 2
    belonging = [(each, company_ids[number // half]) for number, each in enumerate(customers[::2])]
    insert(Company, _COMPANY, [_company(crowd, each) for each in company_ids])
    insert(Customer, _CUSTOMER, [_customer(crowd, each) for each in customers])
    insert(Affiliation, _AFFILIATION, [_affiliation(crowd, *each) for each in belonging])
    insert(
        Membership,
        _MEMBERSHIP,
        [
            (key, crowd.club.pk, *holder, "import", number % 2 == 1, AT, AT)
            for number, (key, *holder) in enumerate(held)
        ],
    )
    insert(Term, _TERM, list(_terms(crowd, [each for each, _, _ in held])))
    crowd.customers.extend(customers)


def _terms(crowd: Crowd, memberships: Sequence[UUID]) -> Iterator[Row]:
    for number, membership in enumerate(memberships):
        plan, price = crowd.plans[number % 6].pk, crowd.prices[number % 6].pk
        start = AT - timedelta(days=40 + number % 20)
        middle = start + timedelta(days=30)
        end = middle + timedelta(days=365)
        grace = (middle + _GRACE, end + _GRACE) if number % 2 else (None, None)
        yield (new_id(), membership, plan, price, start, middle, grace[0], "import", AT)
        yield (new_id(), membership, plan, price, middle, end, grace[1], "import", AT)


_COMPANY = "id organization_id number name name_key status created_at"
_CUSTOMER = "id organization_id number external_id first_name last_name name_key status source created_at"
_AFFILIATION = "id organization_id customer_id company_id starts_at recorded_at queue_at via"
_MEMBERSHIP = "id organization_id customer_id company_id source renews created_at announced_until"
_TERM = "id membership_id plan_id price_id starts_at ends_at grace_until booked_by created_at"


def _company(crowd: Crowd, key: UUID) -> Row:
    name = f"Company {key.hex[-12:]}"
    return (key, crowd.club.pk, f"C{key.hex[-19:]}", name, name.lower(), "active", AT)


def _customer(crowd: Crowd, key: UUID) -> Row:
    tail = key.hex[-12:]
    number, external_id = f"U{key.hex[-19:]}", f"u-{key.hex}"
    return (key, crowd.club.pk, number, external_id, "Ada", tail, f"ada {tail}", "active", "import", AT)


def _affiliation(crowd: Crowd, customer: UUID, company: UUID) -> Row:
    since = AT - timedelta(days=20)
    return (new_id(), crowd.club.pk, customer, company, since, since, since, "import")


def insert(model: type[Model], columns: str, rows: list[Row]) -> None:
    """Insert rows of these columns; the others have their defaults."""
    names = columns.split()
    others = [field for field in model._meta.concrete_fields if field.attname not in names and not field.primary_key]
    defaults = tuple(
        json.dumps(field.get_default()) if isinstance(field, JSONField) else field.get_default() for field in others
    )
    names += [field.attname for field in others]
    target = f"{model._meta.db_table} ({', '.join(names)})"
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        driver = connection.connection
        driver.execute("BEGIN IMMEDIATE")
        marks = ", ".join("?" * len(names))
        driver.executemany(f"INSERT INTO {target} VALUES ({marks})", (_for_sqlite(row + defaults) for row in rows))
        driver.execute("COMMIT")
        return
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row + defaults)


def _for_sqlite(row: Row) -> Row:
    return tuple(
        value.hex
        if isinstance(value, UUID)
        else str(value.replace(tzinfo=None))
        if isinstance(value, datetime)
        else value
        for value in row
    )

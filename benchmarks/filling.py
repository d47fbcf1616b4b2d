"""A club whose lists are long, written in a few minutes: customers with all they have, and what they are found by."""

import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Max

from benchmarks.bare import bare
from benchmarks.crowd import AT, Row, insert
from tessera.cli.demo.names import FIRST_NAMES, LAST_NAMES
from tessera.core.ids import new_id
from tessera.db import search
from tessera.memberships.models import Membership, Pause, Term
from tessera.organizations.models import Organization
from tessera.people import searching
from tessera.people.models import Affiliation, Company, Customer, CustomerEmail, CustomerPhone, CustomerTag, SearchEntry
from tessera.people.names import name_key
from tests import make

PLANS: Final = ("Day", "Evening", "Weekend", "Gold", "Team", "Trial")
_TABLES: Final = (
    Customer, CustomerEmail, CustomerPhone, CustomerTag, Company, Affiliation, Membership, Term, Pause, SearchEntry,
)  # fmt: skip
_NAME: Final = "Lists"
_BLOCK: Final = 10_000
_PER_COMPANY: Final = 200
_SYLLABLES: Final = (
    *("ber", "ko", "lan", "mi", "nor", "ra", "sel", "tu"),
    *("vas", "wen", "yor", "zu", "dal", "fe", "gri", "hol"),
)


def present() -> Organization | None:
    """Return the club that an earlier run has filled and kept."""
    return Organization.objects.filter(name=_NAME).first()


def fill(customers: int) -> Organization:
    """Make a club with so many customers, and return it once all of them are there and indexed."""
    club = make.organization(f"{_NAME}, being filled", slug="lists", test_now=AT)
    plans = [make.plan(club, name) for name in PLANS]
    rng = random.Random(11)
    with bare(*_TABLES):
        for start in range(0, customers, _BLOCK):
            _block(club, plans, start, min(_BLOCK, customers - start), rng)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            table = SearchEntry._meta.db_table
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
    Organization.objects.filter(pk=club.pk).update(name=_NAME)
    club.refresh_from_db()
    return club


CUSTOMER: Final = "id organization_id number first_name last_name name_key status ban_reason source created_at"
_EMAIL: Final = "organization_id customer_id address key position"
_PHONE: Final = "organization_id customer_id number position"
_TAG: Final = "organization_id customer_id tag key"
_COMPANY: Final = "id organization_id number name name_key status created_at"
_AFFILIATION: Final = "id organization_id customer_id company_id starts_at recorded_at queue_at via"


def _block(club: Organization, plans: list[Any], start: int, size: int, rng: random.Random) -> None:
    rows = [customer(club, new_id(), start + number, rng) for number in range(size)]
    insert(Customer, CUSTOMER, rows)
    keys = [row[0] for row in rows]
    emails = [f"{row[3].lower()}.{row[4].lower()}{start + n}@host{n % 97}.example" for n, row in enumerate(rows)]
    insert(CustomerEmail, _EMAIL, [(club.pk, key, each, each, 0) for key, each in zip(keys, emails, strict=True)])
    phones = [f"+4479{start + n:08}" if n % 2 else "" for n in range(size)]
    insert(CustomerPhone, _PHONE, [(club.pk, key, each, 0) for key, each in zip(keys, phones, strict=True) if each])
    tags = [(club.pk, key, "Press", "press") for n, key in enumerate(keys) if n % 40 == 0]
    # All but rare: what few people have has to be found as fast as what many have.
    tags += [(club.pk, key, "Founder", "founder") for n, key in enumerate(keys) if n % 5_000 == 1]
    insert(CustomerTag, _TAG, tags)
    firms = [new_id() for _ in range(max(1, size // _PER_COMPANY))]
    companies = [_company(club, key, start + n) for n, key in enumerate(firms)]
    insert(Company, _COMPANY, companies)
    since = AT - timedelta(days=90)
    belonging = [
        (new_id(), club.pk, key, firms[n % len(firms)], since, since, since, "import")
        for n, key in enumerate(keys[::5])
    ]
    insert(Affiliation, _AFFILIATION, belonging)
    _memberships(club, plans, [(key, None) for key in keys if rng.random() < 0.75] + [(None, f) for f in firms], rng)
    texts = [
        (row[0], searching.text_of(row[5], row[2], None, [email], [phone]))
        for row, email, phone in zip(rows, emails, phones, strict=True)
    ]
    _index(club, "customer_id", texts)
    named = [(row[0], searching.text_of(row[4], row[2], None, [], [])) for row in companies]
    _index(club, "company_id", named)


def _index(club: Organization, column: str, texts: Iterable[tuple[UUID, str]]) -> None:
    """Write what they are found by, and the index of it: as `searching` does, from what was just written."""
    salt = search.salt_of(column.encode(), club.pk.bytes)
    other = "company_id" if column == "customer_id" else "customer_id"
    columns = f"id organization_id {column} {other} text"
    last = SearchEntry.objects.aggregate(last=Max("id"))["last"] or 0  # of other benchmarks, or of the block before
    rows: list[Row] = [(last + n, club.pk, key, None, text) for n, (key, text) in enumerate(texts, 1)]
    if connection.vendor == "postgresql":
        marked = [(*row, search.as_array(search.marks_of(row[4], salt))) for row in rows]
        insert(SearchEntry, f"{columns} marks", marked)
        return
    insert(SearchEntry, columns, rows)
    with connection.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        searching.INDEX.put([search.Entry(row[0], salt, row[4]) for row in rows])
        cursor.execute("COMMIT")


def customer(club: Organization, key: UUID, number: int, rng: random.Random) -> Row:
    first = rng.choice(FIRST_NAMES)
    last = rng.choice(LAST_NAMES) if rng.random() < 0.5 else "".join(rng.choices(_SYLLABLES, k=3)).capitalize()
    status = "banned" if number % 500 == 7 else "active"
    made = AT - timedelta(minutes=number % 1_000_000)
    called = name_key(f"{first} {last}", first, last)
    return (key, club.pk, f"CUS-{number + 1:06}", first, last, called, status, "", "import", made)


def _company(club: Organization, key: UUID, number: int) -> Row:
    name = f"{_SYLLABLES[number % 16]}{_SYLLABLES[number // 16 % 16]} company {number}".capitalize()
    return (key, club.pk, f"COM-{number:06}", name, name_key(name), "active", AT)


_MEMBERSHIP: Final = (
    "id organization_id customer_id company_id anchor source renews next_plan_id next_price_id needs_approval seats"
    " ended_at ended_reason ends_at created_at announced_until"
)
_TERM: Final = "id membership_id plan_id price_id starts_at ends_at grace_until booked_by created_at"


def _memberships(club: Organization, plans: list[Any], holders: list[tuple[Any, Any]], rng: random.Random) -> None:
    prices = {plan.pk: plan.prices.get().pk for plan in plans}
    memberships, terms, pauses = [], [], []
    for customer, company in holders:
        key, dice = new_id(), rng.random()
        plan = plans[5] if rng.random() < 0.001 else plans[rng.randrange(5)]
        price, made = prices[plan.pk], AT - timedelta(days=rng.randrange(60, 900))
        start, end = made, AT + timedelta(days=rng.randrange(1, 400))
        grace, renews, pending = None, dice < 0.4, dice > 0.995
        if 0.60 < dice < 0.85:
            end, renews = AT - timedelta(days=rng.randrange(1, 50)), False
        elif 0.85 < dice < 0.86:
            end, renews = AT - timedelta(days=2), True
            grace = AT + timedelta(days=5)
        elif 0.86 < dice < 0.865:
            start = AT + timedelta(days=3)
            end = AT + timedelta(days=500)
        elif 0.865 < dice < 0.87:
            pauses.append((new_id(), key, AT - timedelta(days=3), None, False, "import", AT))
        seats = 20 if company is not None and rng.random() < 0.2 else None
        waiting = (plan.pk, price, True) if pending else (None, None, False)
        anchor = "" if pending else "2026-01-10T00:00:00"
        ends = None if pending else end
        memberships.append(
            (key, club.pk, customer, company, anchor, "import", renews, *waiting, seats, None, "", ends, made, AT)
        )
        if not pending:
            terms.append((new_id(), key, plan.pk, price, start, end, grace, "import", made))
    insert(Membership, _MEMBERSHIP, memberships)
    insert(Term, _TERM, terms)
    if pauses:
        insert(Pause, "id membership_id starts_at ends_at extends paused_by created_at", pauses)

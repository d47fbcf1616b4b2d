"""How a decision is read from the database: along indexes, from the customer, at any size, and nothing is written."""

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tessera.access import facts
from tessera.access.types import Asked, Target
from tessera.memberships.models import Membership, Pause, Term
from tessera.organizations.models import Organization
from tessera.people.models import Affiliation, Company, Customer
from tessera.people.types import CompanyStatus, CustomerStatus, Source, Via
from tessera.plans.models import Plan
from tests import make
from tests.access.asking import ask
from tests.make import JAN_10

pytestmark = pytest.mark.django_db

LARGE = "memberships_membership|memberships_term|memberships_pause|people_affiliation|people_customer"
QUESTIONS: list[Asked] = ["pool", Target("enter", "door", "main")]


@pytest.fixture
def crowd() -> Organization:
    """A club of 2,000 customers, in 100 companies, each with terms and some with pauses; with statistics."""
    club = make.organization()
    make.permission(club, "pool", targets=["enter door:*"])
    plan = make.plan(club, permissions=["pool"])
    companies = [_company(club, number) for number in range(100)]
    customers = [_customer(club, number) for number in range(2_000)]
    Company.objects.bulk_create(companies)
    Customer.objects.bulk_create(customers)
    Affiliation.objects.bulk_create(
        _affiliation(customer, companies[number % 100]) for number, customer in enumerate(customers)
    )
    holders: list[Customer | Company] = [*customers, *companies]
    memberships = [_membership(plan, holder) for holder in holders]
    Membership.objects.bulk_create(memberships)
    Term.objects.bulk_create(_terms(plan, memberships))
    Pause.objects.bulk_create(
        Pause(membership=each, starts_at=JAN_10, extends=False, paused_by="tests", created_at=JAN_10)
        for each in memberships
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return club


@pytest.mark.parametrize("asked", QUESTIONS)
def test_no_large_table_is_read_from_end_to_end(crowd: Organization, asked: Asked) -> None:
    customer = crowd.customers.all()[0]
    assert ask(customer, asked).reason == "membership_paused"

    for step in _plan_steps(crowd.pk, customer.pk, asked):
        assert not re.search(rf"Seq Scan on ({LARGE})\b", step), step
        assert not re.match(r"SCAN (m|t|p|a|c)\b", step), step


@pytest.mark.parametrize("asked", QUESTIONS)
def test_a_decision_is_one_query(crowd: Organization, asked: Asked) -> None:
    customer = crowd.customers.all()[0]
    statements: list[str] = []
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.connection.set_trace_callback(statements.append)
        ask(customer, asked)
        connection.connection.set_trace_callback(None)
    else:
        with CaptureQueriesContext(connection) as captured:
            ask(customer, asked)
        statements = [query["sql"] for query in captured]

    assert len(statements) == 1
    assert statements[0].lstrip().startswith("SELECT")


def _plan_steps(organization_id: UUID, customer_id: UUID, asked: Asked) -> Iterator[str]:
    """The steps by which the database carries the decision's query out."""
    sql, parameters = facts.statement(organization_id, customer_id, asked, on_sqlite=connection.vendor == "sqlite")
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        rows = connection.connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
        assert len(rows) > 10
        yield from (str(row[3]) for row in rows)
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'access_facts_1'")
        (source,) = cursor.fetchone()
        queries = [part.split(";")[0] for part in source.split("RETURN QUERY")[1:]]
        assert len(queries) == 3
        cursor.execute("SELECT unnest(proconfig) FROM pg_proc WHERE proname = 'access_facts_1'")
        for (setting,) in cursor.fetchall():
            cursor.execute(f"SET LOCAL {setting}")
        for number, query in enumerate(queries):
            # As the function's plan is: made once, for any customer.
            generic = query.replace("_organization", "$1").replace("_customer", "$2")
            generic = re.sub(r"\bpeople\$2\b", "people_customer", generic).replace("_granting", "NULL::text")
            cursor.execute(f"PREPARE walk_{number}(uuid, uuid) AS {generic}")
            cursor.execute(f"EXPLAIN EXECUTE walk_{number}('{organization_id}', '{customer_id}')")
            yield from (str(row[0]).strip(" ->") for row in cursor.fetchall())
            cursor.execute(f"DEALLOCATE walk_{number}")


def _company(club: Organization, number: int) -> Company:
    return Company(
        organization=club,
        number=f"COM-{number}",
        name=f"Company {number}",
        name_key=f"company {number}",
        status=CompanyStatus.ACTIVE,
        created_at=JAN_10,
    )


def _customer(club: Organization, number: int) -> Customer:
    return Customer(
        organization=club,
        number=f"CUS-{number}",
        name_key=f"customer {number}",
        status=CustomerStatus.ACTIVE,
        source=Source.IMPORT,
        created_at=JAN_10,
    )


def _affiliation(customer: Customer, company: Company) -> Affiliation:
    return Affiliation(
        organization_id=customer.organization_id,
        customer=customer,
        company=company,
        starts_at=JAN_10,
        recorded_at=JAN_10,
        queue_at=JAN_10,
        via=Via.IMPORT,
    )


def _membership(plan: Plan, holder: Customer | Company) -> Membership:
    return Membership(
        organization_id=plan.organization_id,
        customer=holder if isinstance(holder, Customer) else None,
        company=holder if isinstance(holder, Company) else None,
        source=Source.IMPORT,
        renews=False,
        created_at=JAN_10,
        announced_until=JAN_10,
    )


def _terms(plan: Plan, memberships: list[Membership]) -> Iterator[Term]:
    price = plan.prices.get()
    for membership in memberships:
        for number in range(-2, 1):
            starts_at = JAN_10 + timedelta(days=30 * number)
            yield Term(
                membership=membership,
                plan=plan,
                price=price,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(days=30),
                booked_by="tests",
                created_at=JAN_10,
            )


def test_a_resource_longer_than_any_target_is_asked_for_by_prefix_only_and_not_kept() -> None:
    longest, longer = "x" * 200, "x" * 1_000_000
    kept = facts._patterns_of_short.cache_info().currsize

    assert longest in facts._patterns(longest)[0]
    names, in_json = facts._patterns(longer)

    assert max(len(name) for name in names) == 200
    assert len(in_json) < 30_000
    assert facts._patterns_of_short.cache_info().currsize <= kept + 1

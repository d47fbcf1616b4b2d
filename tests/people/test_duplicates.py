"""Who may be one person on two records."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tessera.organizations.models import Organization
from tessera.people.duplicates import Likeness, likely_duplicates
from tessera.people.models import Customer
from tests import make


def born(row: Customer) -> Customer:
    row.birthday = date(1990, 5, 1)
    row.save(update_fields=["birthday"])
    return row


def test_an_address_a_number_or_name_and_birthday_make_a_likely_duplicate(
    club: Organization, elsewhere: Organization
) -> None:
    phone = "+442079460018"
    ada = born(make.customer(club, first_name="Ada", last_name="Okonkwo", emails=["ada@example.org"], phones=[phone]))
    by_email = make.customer(club, emails=["ADA@example.org"])
    by_phone = make.customer(club, phones=[phone])
    by_name = born(make.customer(club, first_name="Ada", last_name="Okonkwo"))
    make.customer(club, first_name="Ada", last_name="Okonkwo")  # of no birthday
    make.customer(club, merged_into=ada, emails=["ada@example.org"])
    born(make.customer(elsewhere, first_name="Ada", last_name="Okonkwo", emails=["ada@example.org"], phones=[phone]))

    found = {each.customer.id: each.likenesses for each in likely_duplicates(ada)}

    assert found == {
        by_email.pk: (Likeness.EMAIL,),
        by_phone.pk: (Likeness.PHONE,),
        by_name.pk: (Likeness.NAME_AND_BIRTHDAY,),
    }
    assert [each.customer.id for each in likely_duplicates(by_email)] == [ada.pk]


def test_who_has_most_in_common_comes_first(club: Organization) -> None:
    ada = make.customer(club, emails=["ada@example.org"], phones=["+442079460018"])
    make.customer(club, phones=["+442079460018"])
    both = make.customer(club, emails=["ada@example.org"], phones=["+442079460018"])
    assert likely_duplicates(ada)[0].customer.id == both.pk


def test_it_costs_the_same_however_many_there_are(club: Organization) -> None:
    ada = make.customer(club, emails=["ada@example.org"])

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            likely_duplicates(ada)
        return len(queries)

    make.customer(club, emails=["ada@example.org"])
    before = cost()
    for _ in range(30):
        make.customer(club, emails=["ada@example.org"])
    assert cost() == before <= 6
    assert len(likely_duplicates(ada)) == 10


@pytest.mark.parametrize("kind", ["email_by_key", "phone_by_number", "customer_by_name"])
def test_duplicates_are_found_through_indexes(club: Organization, kind: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the planner of PostgreSQL scans tables of this size")
    ada = born(make.customer(club, emails=["ada@example.org"], phones=["+442079460018"]))
    with CaptureQueriesContext(connection) as queries:
        likely_duplicates(ada)
    plans = []
    with connection.cursor() as cursor:
        for query in queries:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            plans += [row[3] for row in cursor.fetchall()]
    assert any(kind in step for step in plans), plans
    assert not [step for step in plans if step.startswith("SCAN people_")], plans

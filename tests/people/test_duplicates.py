"""Who may be one person on two records."""

from datetime import date
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tessera.organizations.models import Organization
from tessera.people import duplicates
from tessera.people.duplicates import Likeness, groups, likely_duplicates
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


def of(club: Organization, likeness: Likeness) -> list[tuple[str, list[UUID]]]:
    """All groups, a stretch of the index after the other."""
    found: list[tuple[str, list[UUID]]] = []
    after = ""
    while True:
        part = groups(club, likeness, after=after, limit=2)
        found += [(each.common, [person.id for person in each.customers]) for each in part.groups]
        if not (after := part.after):
            return found


@pytest.mark.parametrize("window", [2, 3, 20_000])
def test_all_that_are_alike_are_grouped_stretch_by_stretch(
    club: Organization, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr(duplicates, "_WINDOW", window)
    pairs = {}
    for name in ("ada", "bo", "cy", "di", "ed"):
        pairs[name] = [
            born(make.customer(club, emails=[f"{name}@x.example"], first_name=name, last_name="X")) for _ in range(2)
        ]
    make.customer(club, first_name="ada", last_name="X", emails=["alone@x.example"])
    Customer.objects.filter(pk=pairs["cy"][1].pk).update(merged_into=pairs["cy"][0])
    elsewhere = make.organization()
    make.customer(elsewhere, emails=["alone@x.example"])
    expected = [[each.pk for each in pairs[name]] for name in ("ada", "bo", "di", "ed")]
    assert [keys for _common, keys in of(club, Likeness.EMAIL)] == expected
    assert of(club, Likeness.EMAIL)[0][0] == "ada@x.example"
    assert [keys for _common, keys in of(club, Likeness.NAME_AND_BIRTHDAY)] == expected
    assert of(club, Likeness.PHONE) == []


def test_groups_cost_the_same_for_one_and_for_many(club: Organization) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            groups(club, Likeness.EMAIL)
        return len(queries)

    def twins(name: str) -> None:
        for _ in range(2):
            make.customer(club, emails=[f"{name}@x.example"])

    twins("a")
    few = cost()
    for name in "bcde":
        twins(name)
    assert cost() == few <= 7

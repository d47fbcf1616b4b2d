"""Belonging to companies, row by row, and how it is listed."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from tessera.organizations.models import Organization
from tessera.people import affiliations, errors, queries
from tessera.people.models import Affiliation
from tessera.people.types import Belonging, Via
from tests import make

DAY = timedelta(days=1)


def test_somebody_belongs_to_several_companies_but_to_one_only_once_at_a_time(club: Organization) -> None:
    ada, acme, other = make.customer(club), make.company(club), make.company(club)
    affiliations.start(customer=ada, company=acme, starts_at=make.JAN_10, at=make.JAN_10, via=Via.STAFF)
    affiliations.start(customer=ada, company=other, starts_at=make.JAN_10, at=make.JAN_10, via=Via.STAFF)

    with pytest.raises(errors.AlreadyAffiliated):
        affiliations.start(customer=ada, company=acme, starts_at=make.FEB_10, at=make.JAN_10, via=Via.API)

    assert Affiliation.objects.count() == 2


def test_one_that_begins_when_the_last_ended_only_touches_it(club: Organization) -> None:
    ada, acme = make.customer(club), make.company(club)
    make.affiliation(ada, acme, starts_at=make.JAN_10, ends_at=make.FEB_10)

    affiliations.start(customer=ada, company=acme, starts_at=make.FEB_10, at=make.FEB_10, via=Via.STAFF)

    found = queries.companies_of(ada, at=make.FEB_10).data
    assert [row.belonging for row in found] == [Belonging.ENDED, Belonging.CURRENT]


def test_seats_are_taken_in_the_order_of_start_or_record_whichever_is_later(club: Organization) -> None:
    acme = make.company(club)
    backdated = affiliations.start(
        customer=make.customer(club), company=acme, starts_at=make.JAN_10, at=make.FEB_10, via=Via.STAFF
    )
    planned = affiliations.start(
        customer=make.customer(club), company=acme, starts_at=make.FEB_10 + DAY, at=make.JAN_10, via=Via.STAFF
    )

    assert (backdated.queue_at, planned.queue_at) == (make.FEB_10, make.FEB_10 + DAY)


def test_an_end_comes_after_its_start(club: Organization) -> None:
    with pytest.raises(errors.AffiliationEndsBeforeStart):
        affiliations.start(
            customer=make.customer(club),
            company=make.company(club),
            starts_at=make.JAN_10,
            ends_at=make.JAN_10,
            at=make.JAN_10,
            via=Via.STAFF,
        )


def test_ending_keeps_the_row_and_leaves_others_alone(club: Organization) -> None:
    acme = make.company(club)
    ada, colleague = make.employee(acme), make.employee(acme)

    assert affiliations.end(customer=ada, company=acme, at=make.FEB_10)
    assert not affiliations.end(customer=ada, company=acme, at=make.FEB_10)

    assert [row.ends_at for row in queries.companies_of(ada, at=make.FEB_10).data] == [make.FEB_10]
    assert [row.ends_at for row in queries.companies_of(colleague, at=make.FEB_10).data] == [None]


def test_what_ends_in_the_instant_it_began_is_over_and_can_begin_again(club: Organization) -> None:
    acme = make.company(club)
    ada = make.employee(acme, starts_at=make.JAN_10)

    assert affiliations.end(customer=ada, company=acme, at=make.JAN_10)
    affiliations.start(customer=ada, company=acme, starts_at=make.JAN_10, at=make.JAN_10, via=Via.STAFF)

    found = {row.belonging for row in queries.companies_of(ada, at=make.JAN_10).data}
    assert found == {Belonging.ENDED, Belonging.CURRENT}
    assert len(queries.people_of(acme, at=make.JAN_10, belonging=Belonging.CURRENT).data) == 1


def test_what_is_only_planned_is_not_ended_but_taken_back(club: Organization) -> None:
    acme = make.company(club)
    ada = make.employee(acme, starts_at=make.FEB_10)

    assert not affiliations.end(customer=ada, company=acme, at=make.JAN_10)
    assert affiliations.withdraw(customer=ada, company=acme, at=make.JAN_10)
    assert not affiliations.withdraw(customer=ada, company=acme, at=make.JAN_10)

    assert not Affiliation.objects.exists()


def test_a_position_changes_by_what_differs(club: Organization) -> None:
    row = make.affiliation(make.customer(club), make.company(club), title="Cook")

    assert affiliations.update(row, title=" Chef ", company_admin=True, primary_contact=False) == (
        "company_admin",
        "title",
    )
    assert affiliations.update(row, title="Chef") == ()
    assert row.title == "Chef"


def test_a_company_lists_its_people_by_how_they_belong_now(club: Organization, elsewhere: Organization) -> None:
    acme = make.company(club)
    make.employee(make.company(elsewhere))
    former = make.employee(acme, starts_at=make.JAN_10, ends_at=make.JAN_10 + DAY)
    current = make.employee(acme, starts_at=make.JAN_10)
    planned = make.employee(acme, starts_at=make.FEB_10 + DAY)

    def listed(belonging: Belonging | None) -> list[str]:
        return [row.customer_number for row in queries.people_of(acme, at=make.FEB_10, belonging=belonging).data]

    assert listed(Belonging.ENDED) == [former.number]
    assert listed(Belonging.CURRENT) == [current.number]
    assert listed(Belonging.PLANNED) == [planned.number]
    assert len(listed(None)) == 3


@pytest.mark.parametrize("people", [1, 20])
def test_listing_people_costs_one_query_however_many(
    club: Organization, django_assert_num_queries: DjangoAssertNumQueries, people: int
) -> None:
    acme = make.company(club)
    for _ in range(people):
        make.employee(acme)

    with django_assert_num_queries(1):
        assert len(queries.people_of(acme, at=make.JAN_10).data) == people

"""Whom it concerns if plans come to grant something else, and permissions with all their sources."""

import pytest

from tessera.access.effects import Effect, of_grants
from tessera.access.queries import effective_permissions, effective_sources
from tessera.memberships import queries, seats
from tessera.organizations.models import Organization
from tessera.people.models import Affiliation, Customer
from tessera.people.types import CustomerStatus
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def club() -> Organization:
    return make.organization()


def test_who_loses_gains_and_keeps_is_counted_person_by_person(club: Organization) -> None:
    gold = make.plan(club, permissions=["pool"])
    silver = make.plan(club, permissions=["pool"])
    make.permission(club, "lounge")
    for number in range(5):
        person = make.customer(club)
        make.membership(gold, customer=person)
        if number < 2:
            make.membership(silver, customer=person)
    make.membership(gold, customer=make.customer(club, status=CustomerStatus.BANNED))
    make.membership(gold, customer=make.customer(club), ended_at=make.JAN_10)
    make.membership(silver, customer=make.customer(club))

    found = of_grants(club, {gold.pk: ["lounge"]}, make.JAN_10)

    assert found is not None
    assert found.people == 5
    assert found.effects == (Effect("lounge", gain=5), Effect("pool", lose=3, keep=2))


def test_people_of_companies_count_as_far_as_seats_go(club: Organization) -> None:
    corporate = make.plan(club, permissions=["pool"], seats=2)
    acme = make.company(club)
    make.membership(corporate, company=acme)
    people = [make.employee(acme) for _ in range(3)]
    make.membership(make.plan(club, permissions=["pool"]), customer=people[0])

    found = of_grants(club, {corporate.pk: []}, make.JAN_10)

    assert found is not None
    assert (found.people, found.effects) == (2, (Effect("pool", lose=1, keep=1),))


def test_what_does_not_change_concerns_nobody(club: Organization) -> None:
    gold = make.plan(club, permissions=["pool"])
    make.membership(gold, customer=make.customer(club))
    found = of_grants(club, {gold.pk: ["pool"]}, make.JAN_10)
    assert found is not None
    assert (found.people, found.effects) == (0, ())


def read(club: Organization, person: Customer) -> list[tuple[str, list[str]]]:
    rows = seats.with_ahead(Affiliation.objects.filter(customer=person).select_related("company"), make.JAN_10)
    views = queries.held_through(organization=club, customer=person, belonging=rows, at=make.JAN_10)
    found = effective_sources(
        club,
        person.pk,
        make.JAN_10,
        names={each.plan.id: dict(zip(each.permissions, each.permission_names, strict=True)) for each in views},
        ahead={each.pk: each.ahead for each in rows},  # type: ignore[attr-defined]
    )
    assert [each.held for each in found] == effective_permissions(club, person.pk, make.JAN_10)
    return [(each.held.key, [source.plan_name for source in each.sources]) for each in found]


def test_a_permission_names_every_membership_that_grants_it_the_winner_first(club: Organization) -> None:
    gold = make.plan(club, "Gold", permissions=["pool", "gym"])
    corporate = make.plan(club, "Corporate", permissions=["pool"], seats=1)
    acme = make.company(club)
    make.membership(corporate, company=acme)
    ada = make.employee(acme)
    make.membership(gold, customer=ada, ends_at=make.FEB_10)

    assert read(club, ada) == [("gym", ["Gold"]), ("pool", ["Gold", "Corporate"])]

    without_a_seat = make.employee(acme)
    make.membership(gold, customer=without_a_seat, ends_at=make.FEB_10)
    assert read(club, without_a_seat) == [("gym", ["Gold"]), ("pool", ["Gold"])]
    assert read(club, make.customer(club, status=CustomerStatus.BANNED)) == []

"""Access through companies: affiliations, several companies, seats."""

from datetime import datetime, timedelta

import pytest

from tessera.access.types import Reason, Source
from tessera.organizations.models import Organization
from tessera.people.types import CustomerStatus
from tests import make
from tests.access.asking import ask
from tests.make import JAN_10

pytestmark = pytest.mark.django_db


@pytest.fixture
def club() -> Organization:
    return make.organization()


def days(number: int) -> datetime:
    return JAN_10 + timedelta(days=number)


def test_access_through_a_company_lasts_as_long_as_the_affiliation_and_the_membership(club: Organization) -> None:
    acme = make.company(club, "Acme Ltd")
    make.membership(make.plan(club, "Corporate", permissions=["pool"]), company=acme, ends_at=days(30))
    ada = make.employee(acme, starts_at=days(2), ends_at=days(9))
    stayer = make.employee(acme)
    bystander = make.employee(make.company(club))

    assert (ask(ada).reason, ask(ada).happens_at) == (Reason.MEMBERSHIP_SCHEDULED, days(2))
    assert ask(ada).valid_until == days(2)
    during = ask(ada, at=days(2))
    assert (during.allow, during.source, during.company_name) == (True, Source.COMPANY, "Acme Ltd")
    assert during.valid_until == days(9)
    after = ask(ada, at=days(9))
    assert (after.reason, after.happens_at, after.valid_until) == (Reason.AFFILIATION_ENDED, days(9), None)
    assert ask(stayer).valid_until == days(30)
    assert ask(bystander).reason == Reason.NOT_IN_ANY_PLAN


def test_losing_one_company_loses_only_what_no_other_source_grants(club: Organization) -> None:
    gold = make.plan(club, permissions=["pool"])
    acme, brook = make.company(club), make.company(club)
    for company in (acme, brook):
        make.membership(gold, company=company)
    ada = make.employee(acme, ends_at=days(5))
    make.affiliation(ada, brook, ends_at=days(8))

    assert ask(ada).valid_until == days(8)
    assert ask(ada, at=days(6)).allow
    assert ask(ada, at=days(8)).reason == Reason.AFFILIATION_ENDED


def test_affiliations_that_touch_leave_no_gap(club: Organization) -> None:
    acme = make.company(club)
    make.membership(make.plan(club, permissions=["pool"]), company=acme)
    ada = make.employee(acme, ends_at=days(5))
    make.affiliation(ada, acme, starts_at=days(5), ends_at=days(7))

    assert ask(ada).valid_until == days(7)
    assert ask(ada, at=days(5)).allow


def test_a_paused_or_expired_company_membership_is_so_for_everybody_who_inherits_it(club: Organization) -> None:
    acme = make.company(club)
    held = make.membership(make.plan(club, permissions=["pool"]), company=acme, ends_at=days(20))
    make.pause(held, starts_at=days(5), ends_at=days(8))
    people = [make.employee(acme) for _ in range(2)]

    for person in people:
        assert ask(person, at=days(6)).reason == Reason.MEMBERSHIP_PAUSED
        assert ask(person, at=days(20)).reason == Reason.MEMBERSHIP_EXPIRED


def test_seats_go_to_those_who_came_first(club: Organization) -> None:
    acme = make.company(club)
    make.membership(make.plan(club, permissions=["pool"], seats=2), company=acme, ends_at=days(30))
    first, second, third = (make.employee(acme, starts_at=days(number)) for number in (-3, -2, -1))

    assert ask(first).allow
    assert ask(second).allow
    refused = ask(third)
    assert (refused.reason, refused.valid_until, refused.happens_at) == (Reason.SEAT_LIMIT_REACHED, None, None)


def test_a_seat_is_free_from_the_instant_somebody_before_one_leaves(club: Organization) -> None:
    acme = make.company(club)
    make.membership(make.plan(club, permissions=["pool"], seats=1), company=acme, ends_at=days(30))
    make.employee(acme, starts_at=days(-2), ends_at=days(4))
    ada = make.employee(acme)

    waiting = ask(ada)

    assert (waiting.reason, waiting.happens_at, waiting.valid_until) == (
        Reason.SEAT_LIMIT_REACHED,
        days(4),
        days(4),
    )
    assert ask(ada, at=days(4)).allow


def test_the_membership_has_its_own_number_of_seats_before_the_plans(club: Organization) -> None:
    gold = make.plan(club, permissions=["pool"], seats=5)
    tight, wide = make.company(club), make.company(club)
    make.membership(gold, company=tight, seats=0)
    make.membership(gold, company=wide)

    assert ask(make.employee(tight)).reason == Reason.SEAT_LIMIT_REACHED
    assert ask(make.employee(wide)).allow


def test_somebody_linked_late_queues_from_when_it_was_recorded(club: Organization) -> None:
    acme = make.company(club)
    make.membership(make.plan(club, permissions=["pool"], seats=1), company=acme)
    backdated = make.customer(club)
    make.affiliation(backdated, acme, starts_at=days(-30), recorded_at=days(-1))
    earlier = make.employee(acme, starts_at=days(-2))

    assert ask(earlier).allow
    assert ask(backdated).reason == Reason.SEAT_LIMIT_REACHED


@pytest.mark.parametrize("status", [CustomerStatus.BANNED, CustomerStatus.ARCHIVED])
def test_banned_and_archived_people_take_no_seat(club: Organization, status: CustomerStatus) -> None:
    acme = make.company(club)
    make.membership(make.plan(club, permissions=["pool"], seats=1), company=acme)
    make.affiliation(make.customer(club, status=status), acme, starts_at=days(-5))

    assert ask(make.employee(acme)).allow


def test_seats_of_another_company_are_no_concern(club: Organization) -> None:
    gold = make.plan(club, permissions=["pool"], seats=1)
    acme, brook = make.company(club), make.company(club)
    for company in (acme, brook):
        make.membership(gold, company=company)
    make.employee(brook, starts_at=days(-5))

    assert ask(make.employee(acme)).allow


def test_the_number_of_seats_can_change_with_a_booked_plan(club: Organization) -> None:
    small = make.plan(club, permissions=["pool"], seats=1)
    large = make.plan(club, permissions=["pool"], seats=2)
    acme = make.company(club)
    held = make.membership(small, company=acme, ends_at=days(5))
    make.term(held, large, starts_at=days(5), ends_at=days(9))
    make.employee(acme, starts_at=days(-5))
    ada = make.employee(acme)

    assert (ask(ada).reason, ask(ada).valid_until) == (Reason.SEAT_LIMIT_REACHED, days(5))
    assert ask(ada, at=days(5)).valid_until == days(9)


def test_an_ended_affiliation_is_the_farthest_miss(club: Organization) -> None:
    gold = make.plan(club, permissions=["pool"])
    acme = make.company(club)
    make.membership(gold, company=acme)
    ada = make.employee(acme, starts_at=days(-9), ends_at=days(-1))
    assert ask(ada).reason == Reason.AFFILIATION_ENDED

    make.membership(gold, customer=ada, starts_at=days(-90), ends_at=days(-60))

    assert ask(ada).reason == Reason.MEMBERSHIP_EXPIRED

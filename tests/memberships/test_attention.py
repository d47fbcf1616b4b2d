"""How many memberships are what, and which wait for a person."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tessera.memberships import attention
from tessera.memberships.models import Membership
from tessera.memberships.status import state_at
from tessera.memberships.types import EndedReason, Status
from tessera.organizations.models import Organization
from tests import make
from tests.memberships import histories
from tests.memberships.desk import facts
from tests.memberships.histories import History, day
from tests.scale import scaled

pytestmark = pytest.mark.django_db


@pytest.fixture
def club() -> Organization:
    return make.organization()


def held(club: Organization, **told: object) -> Membership:
    return make.membership(make.plan(club), customer=make.customer(club), **told)  # type: ignore[arg-type]


def test_each_number_counts_its_own(club: Organization) -> None:
    acme = make.company(club)
    held(club, starts_at=day(-60), created_at=day(-60))
    make.membership(make.plan(club), company=acme, starts_at=day(-5))
    held(club, starts_at=day(-20), ends_at=day(5))
    held(club, starts_at=day(-2), ends_at=day(20))
    held(club, starts_at=day(-40), ends_at=day(-1), grace_until=day(6), renews=True)
    held(club, starts_at=day(-40), ends_at=day(-1))
    held(club, starts_at=None, needs_approval=True, created_at=day(-1))
    held(club, starts_at=None, awaits_payment=True, pending_until=day(1), created_at=day(-1))
    held(club, starts_at=None, awaits_payment=True, pending_until=day(-1), created_at=day(-3))
    elsewhere = make.organization("Elsewhere")
    make.membership(make.plan(elsewhere), customer=make.customer(elsewhere))

    found = attention.numbers(club, day(0))

    assert found.active_of_people == 4
    assert found.active_of_companies == 1
    assert found.active == 5
    assert found.joined_in_30_days == 6
    assert found.joined_in_7_days == 5
    assert found.ending_in_7_days == 1
    assert found.ending_in_30_days == 2
    assert found.waiting_for_approval == 1
    assert found.waiting_for_payment == 1
    assert found.in_grace == 1
    assert found.payments == 2


@settings(max_examples=scaled(60), deadline=None)
@given(st.lists(histories.histories(), min_size=3, max_size=8), st.sampled_from(histories.instants()))
def test_active_ones_are_counted_as_each_is_judged(drawn: list[History], at: datetime) -> None:
    with histories.taken_back():
        club = make.organization()
        plans = [make.plan(club), make.plan(club)]
        active = in_grace = 0
        for each in drawn:
            row = histories.write(each, club, plans)
            ends = [term.ends_at for term in row.terms.all()]
            last = None if None in ends else max((end for end in ends if end is not None), default=None)
            Membership.objects.filter(pk=row.pk).update(ends_at=last)
            state = state_at(facts(row), at)
            active += state.status is Status.ACTIVE
            in_grace += state.in_grace

        found = attention.numbers(club, at)

        assert (found.active, found.in_grace) == (active, in_grace)


def test_applications_wait_before_payments_and_the_oldest_first(club: Organization) -> None:
    paying = held(club, starts_at=None, awaits_payment=True, created_at=day(-9))
    second = held(club, starts_at=None, needs_approval=True, created_at=day(-2))
    first = held(club, starts_at=None, needs_approval=True, created_at=day(-3))
    held(club, starts_at=None, needs_approval=True, ended_at=day(-1), ended_reason=EndedReason.REJECTED)

    waiting = attention.asking(organization=club, at=day(0), limit=10).waiting

    assert [each.id for each in waiting] == [first.pk, second.pk, paying.pk]
    assert len(attention.asking(organization=club, at=day(0), limit=2).waiting) == 2


def test_unpaid_are_those_in_grace_at_that_instant(club: Organization) -> None:
    row = held(club, starts_at=day(-40), ends_at=day(-1), grace_until=day(6), renews=True)

    assert [each.id for each in attention.asking(organization=club, at=day(0), limit=9).unpaid] == [row.pk]
    assert attention.asking(organization=club, at=day(6), limit=9).unpaid == ()
    assert attention.asking(organization=club, at=day(-1) - timedelta(seconds=1), limit=9).unpaid == ()

"""Counting who has each plan from the indexes gives what status says of each membership."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tessera.memberships.counting import Holders, active_holders, held_at, held_by_plan
from tessera.memberships.models import Membership, Term
from tessera.memberships.status_sql import with_plan, with_status
from tessera.memberships.types import Status
from tests import make
from tests.memberships import histories
from tests.memberships.histories import History
from tests.scale import scaled

pytestmark = pytest.mark.django_db


def test_customers_and_companies_are_counted_apart_and_another_organizations_not_at_all() -> None:
    club, elsewhere = make.organization(), make.organization()
    gold, silver = make.plan(club), make.plan(club)
    for _ in range(3):
        make.membership(gold, customer=make.customer(club))
    make.membership(gold, company=make.company(club))
    make.membership(silver, customer=make.customer(club), ended_at=make.JAN_10)
    make.membership(make.plan(elsewhere), customer=make.customer(elsewhere))

    assert active_holders(club, make.JAN_10) == {gold.pk: Holders(3, 1)}
    assert active_holders(club, make.JAN_10, plan_ids=[silver.pk]) == {}


def test_who_held_a_plan_is_counted_at_each_instant() -> None:
    club = make.organization()
    gold = make.plan(club)
    week = timedelta(weeks=1)
    make.membership(gold, customer=make.customer(club), starts_at=make.JAN_10 - 2 * week)
    make.membership(gold, customer=make.customer(club), starts_at=make.JAN_10 - week, ends_at=make.JAN_10)
    make.membership(gold, customer=make.customer(club), starts_at=make.JAN_10 - 2 * week, ended_at=make.JAN_10 - week)
    make.membership(make.plan(club), customer=make.customer(club))
    instants = [make.JAN_10 - 3 * week, make.JAN_10 - 2 * week, make.JAN_10 - week, make.JAN_10]
    assert held_at(gold, instants) == [0, 2, 2, 1]


@settings(max_examples=scaled(300), deadline=None)
@given(
    st.lists(histories.histories(), min_size=2, max_size=12),
    st.lists(st.sampled_from(histories.instants()), min_size=8, max_size=8, unique=True),
)
def test_counting_from_indexes_is_counting_one_by_one(drawn: list[History], instants: list[datetime]) -> None:
    with histories.taken_back():
        club = make.organization()
        plans = [make.plan(club), make.plan(club)]
        for each in drawn:
            histories.write(each, club, plans)
        for at in instants:
            rows = with_plan(with_status(Membership.objects.filter(organization=club), at), at)
            found = [vars(row) for row in rows]
            slow = Counter(row["plan_at"] for row in found if row["status_at"] == Status.ACTIVE)
            fast = {key: holders.all for key, holders in active_holders(club, at).items()}
            assert fast == dict(slow), at
        instants.sort()
        held = held_by_plan(club, [plan.pk for plan in plans], instants)
        terms = list(Term.objects.filter(membership__organization=club).select_related("membership"))
        for plan in plans:
            of_plan = [each for each in terms if each.plan_id == plan.pk]
            slow_at = [sum(each.covers(at) and not _ended(each, at) for each in of_plan) for at in instants]
            assert held.get(plan.pk, [0] * len(instants)) == slow_at


def _ended(term: Term, at: datetime) -> bool:
    ended_at = term.membership.ended_at
    return ended_at is not None and ended_at <= at

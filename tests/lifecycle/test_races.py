"""Two at once: one result and one clear refusal, whoever comes first."""

import pytest

from tessera.core.errors import TesseraError
from tessera.events.types import Actor
from tessera.lifecycle.archive import archive_customer
from tessera.lifecycle.errors import MembershipsRunning, MergeUnsettled
from tessera.lifecycle.merge import merge_customer
from tessera.memberships.errors import HolderArchived
from tessera.memberships.granting import grant
from tessera.memberships.inheritance import join_company
from tessera.memberships.models import Membership
from tessera.people.errors import AlreadyAffiliated, CustomerMerged
from tessera.people.models import Affiliation, Customer
from tessera.people.types import Source, Via
from tests import make
from tests.people.racing import at_once
from tests.scale import scaled

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

DESK = Actor.system("tests")


def refusals(outcomes: list[object]) -> list[type[object]]:
    return [type(outcome) for outcome in outcomes if isinstance(outcome, TesseraError)]


@pytest.mark.parametrize("turn", range(scaled(10)))
def test_of_two_merges_in_opposite_directions_one_wins(turn: int) -> None:
    club = make.organization()
    one, other = make.customer(club), make.customer(club)

    outcomes = at_once(
        [
            lambda: merge_customer(customer=one, into=other, at=make.JAN_10, actor=DESK),
            lambda: merge_customer(customer=other, into=one, at=make.JAN_10, actor=DESK),
        ]
    )

    assert refusals(list(outcomes)) == [CustomerMerged]
    assert Customer.objects.filter(merged_into=None).count() == 1


@pytest.mark.parametrize("turn", range(scaled(10)))
def test_a_grant_is_made_before_the_merge_and_moves_or_is_refused(turn: int) -> None:
    club = make.organization()
    gold, twin, ada = make.plan(club), make.customer(club), make.customer(club)

    outcomes = at_once(
        [
            lambda: merge_customer(customer=twin, into=ada, at=make.JAN_10, actor=DESK),
            lambda: grant(organization=club, plan=gold, holder=twin, at=make.JAN_10, actor=DESK, source=Source.STAFF),
        ]
    )

    refused = refusals(list(outcomes))
    assert refused in ([], [HolderArchived])
    assert list(Membership.objects.values_list("customer_id", flat=True)) == ([] if refused else [ada.pk])


@pytest.mark.parametrize("turn", range(scaled(10)))
def test_a_plan_granted_to_both_while_they_are_merged_is_never_held_twice(turn: int) -> None:
    club = make.organization()
    gold, twin, ada = make.plan(club), make.customer(club), make.customer(club)
    make.membership(gold, customer=twin, ends_at=make.FEB_10)

    outcomes = at_once(
        [
            lambda: merge_customer(customer=twin, into=ada, at=make.JAN_10, actor=DESK),
            lambda: grant(organization=club, plan=gold, holder=ada, at=make.JAN_10, actor=DESK, source=Source.STAFF),
        ]
    )

    (refused,) = refusals(list(outcomes))
    merged = refused is not MergeUnsettled
    assert Membership.objects.filter(customer=ada).count() == 1
    assert Customer.objects.filter(merged_into=ada).count() == int(merged)


@pytest.mark.parametrize("turn", range(scaled(10)))
def test_a_join_is_made_before_the_merge_and_moves_or_is_refused(turn: int) -> None:
    club = make.organization()
    acme, twin, ada = make.company(club), make.customer(club), make.customer(club)

    outcomes = at_once(
        [
            lambda: merge_customer(customer=twin, into=ada, at=make.JAN_10, actor=DESK),
            lambda: join_company(customer=twin, company=acme, at=make.JAN_10, actor=DESK, via=Via.STAFF),
        ]
    )

    refused = refusals(list(outcomes))
    assert refused in ([], [HolderArchived], [AlreadyAffiliated])
    assert list(Affiliation.objects.values_list("customer_id", flat=True)) == ([] if refused else [ada.pk])


@pytest.mark.parametrize("turn", range(scaled(10)))
def test_of_a_grant_and_an_archiving_one_wins(turn: int) -> None:
    club = make.organization()
    gold, ada = make.plan(club), make.customer(club)

    outcomes = at_once(
        [
            lambda: archive_customer(customer=ada, at=make.JAN_10, actor=DESK),
            lambda: grant(organization=club, plan=gold, holder=ada, at=make.JAN_10, actor=DESK, source=Source.STAFF),
        ]
    )

    (refused,) = refusals(list(outcomes))
    assert refused in (HolderArchived, MembershipsRunning)
    assert Membership.objects.count() == int(refused is MembershipsRunning)

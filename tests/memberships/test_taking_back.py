"""What is taken back leaves no trace: booked changes, canceling, pauses of what has lapsed, stale affiliations."""

import pytest

from tessera.memberships import errors, inheritance
from tessera.people.models import Customer
from tests import make
from tests.memberships.desk import ACTOR, Desk, graces, london, pauses, refused, status, terms

pytestmark = pytest.mark.django_db

CHRISTMAS = london("2026-12-25 12:00")
JANUARY = london("2026-01-31 12:00")


def test_a_change_booked_anew_begins_at_the_free_periods_end_whatever_was_paused_in_the_first(
    desk: Desk, ada: Customer
) -> None:
    free, paid, other = (
        make.plan(desk.club, amount=0),
        make.plan(desk.club, pauses_allowed=True, pauses_extend=True),
        make.plan(desk.club),
    )
    membership = desk.grant(free, ada, at=CHRISTMAS)
    desk.change_at_renewal(membership, paid, at=CHRISTMAS)
    desk.pause(membership, starts_at=london("2027-02-01"), ends_at=london("2027-02-11"), at=CHRISTMAS)

    desk.change_at_renewal(membership, other, at=CHRISTMAS)

    assert terms(membership) == [
        (CHRISTMAS, london("2027-01-25")),
        (london("2027-01-25"), london("2027-02-25")),
    ]


def test_the_31st_is_remembered_when_a_booked_term_was_extended_and_then_taken_back(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, amount=0), ada, at=JANUARY)
    desk.change_at_renewal(membership, make.plan(desk.club), at=JANUARY)
    desk.extend(membership, london("2026-04-10"), at=JANUARY)

    desk.cancel_at_period_end(membership, at=JANUARY)
    assert terms(membership) == [(JANUARY, london("2026-02-28"))]

    desk.undo_cancel(membership, at=JANUARY)
    assert terms(membership) == [
        (JANUARY, london("2026-02-28")),
        (london("2026-02-28"), london("2026-03-31")),
    ]


def test_a_pause_planned_in_a_booked_term_goes_with_it_where_the_present_plan_has_none(
    desk: Desk, ada: Customer
) -> None:
    free, paid = make.plan(desk.club, amount=0), make.plan(desk.club, pauses_allowed=True)
    membership = desk.grant(free, ada, at=JANUARY)
    desk.change_at_renewal(membership, paid, at=JANUARY)
    desk.pause(membership, starts_at=london("2026-03-05"), ends_at=london("2026-03-25"), at=JANUARY)

    desk.change_at_renewal(membership, free, at=JANUARY)

    assert pauses(membership) == []
    assert status(membership, london("2026-03-06")) == "active"


def test_undone_canceling_puts_the_grace_back_that_was_booked_whatever_the_policy_is_now(
    desk: Desk, ada: Customer
) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=JANUARY, renews=True)
    booked = graces(membership)
    desk.cancel_at_period_end(membership, at=JANUARY)
    assert graces(membership) == [None]
    desk.club.grace_days = 2
    desk.club.save()

    desk.undo_cancel(membership, at=JANUARY)

    assert graces(membership) == booked == [london("2026-03-07")]


def test_an_end_moved_while_canceling_is_booked_gets_a_grace_of_its_own(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=JANUARY, renews=True)
    desk.cancel_at_period_end(membership, at=JANUARY)
    desk.extend(membership, london("2026-03-10"), at=JANUARY)

    desk.undo_cancel(membership, at=JANUARY)

    assert graces(membership) == [london("2026-03-17")]


def test_a_renewal_after_the_end_is_not_paused_by_a_pause_from_before_it(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club, pauses_allowed=True, revival_days=30)
    membership = desk.grant(plan, ada, at=JANUARY)
    desk.pause(membership, at=london("2026-02-10"))
    assert status(membership, london("2026-03-02")) == "expired: lapsed"

    desk.renew(membership, at=london("2026-03-02"))

    assert pauses(membership) == [(london("2026-02-10"), london("2026-02-28"))]
    assert status(membership, london("2026-03-02")) == "active"


def test_who_has_left_meanwhile_gets_no_new_position(desk: Desk, ada: Customer) -> None:
    acme = make.company(desk.club)
    affiliation = make.affiliation(ada, acme)
    inheritance.leave_company(customer=ada, company=acme, at=JANUARY, actor=ACTOR)

    with refused(errors.NotAffiliated, code="not_affiliated"):
        inheritance.change_position(affiliation=affiliation, at=JANUARY, actor=ACTOR, company_admin=True)

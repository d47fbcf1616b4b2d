"""Granting a plan: when the first term starts and ends, its grace and its trial."""

from datetime import datetime, timedelta

import pytest

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.core.periods import Interval
from tessera.memberships import errors
from tessera.memberships.models import Membership
from tessera.people.models import Company, Customer
from tessera.plans.types import Billing
from tests import make
from tests.memberships.desk import Desk, april, graces, london, one_event, refused, rows, status, terms

pytestmark = pytest.mark.django_db

NOON = make.JAN_10


def test_what_starts_now_ends_at_midnight_so_that_the_last_day_is_whole(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON)

    assert terms(membership) == [(NOON, london("2026-02-10"))]
    assert membership.anchor == "2026-01-10T00:00:00"


def test_a_grant_is_one_membership_one_term_and_one_event(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)

    with one_event(desk.club, "membership.granted"):
        membership = desk.grant(plan, ada, at=NOON, external_reference="INV 7")

    row = Membership.objects.get(pk=membership.pk)
    assert (row.customer_id, row.company_id, row.organization_id) == (ada.pk, None, desk.club.pk)
    assert (row.ends_at, row.announce_at, row.announced_until) == (london("2026-02-10"), london("2026-02-10"), NOON)
    assert (row.version, row.source, row.external_reference, row.renews) == (1, "staff", "INV 7", False)
    assert (row.next_plan_id, row.next_price_id, row.pending_until) == (None, None, None)
    (term,) = rows(membership)
    assert (term.plan, term.trial, term.grace_until, term.booked_by) == (plan, False, None, "system:tests")


def test_the_event_of_a_grant_names_who_what_and_when_but_nobody_by_name(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)

    with one_event(desk.club, "membership.granted") as told:
        membership = desk.grant(plan, ada, at=NOON)

    event = told[0]
    assert (event.at, event.actor) == (NOON, "system:tests")
    assert (event.customer_id, event.company_id, event.membership_id) == (ada.pk, None, membership.pk)
    assert event.plan_id == plan.pk
    assert event.data == {
        "plan": ids.to_text(Prefix.PLAN, plan.pk),
        "price": ids.to_text(Prefix.PRICE, plan.prices.get().pk),
        "starts_at": "2026-01-10T12:00:00Z",
        "ends_at": "2026-02-10T00:00:00Z",
        "version": 1,
    }


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-03-20 15:30", "2026-04-20"),  # clocks go forward on 29 March
        ("2026-10-20 15:30", "2026-11-20"),  # and back on 25 October
        ("2026-01-31 23:59", "2026-02-28"),
        ("2024-01-31 00:00", "2024-02-29"),
    ],
)
def test_the_last_day_is_whole_in_the_clubs_own_zone(desk: Desk, ada: Customer, now: str, ends: str) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=london(now))

    assert terms(membership) == [(london(now), london(ends))]


def test_the_local_day_counts_not_that_of_utc(db: None) -> None:
    auckland = Desk.open(time_zone="Pacific/Auckland")
    at = london("2026-01-10 12:00")  # already the 11th there

    membership = auckland.grant(make.plan(auckland.club), make.customer(auckland.club), at=at)

    assert membership.anchor == "2026-01-11T00:00:00"
    assert terms(membership) == [(at, datetime.fromisoformat("2026-02-11T00:00+13:00"))]


def test_a_start_given_as_an_instant_keeps_its_time_across_dst(desk: Desk, ada: Customer) -> None:
    starts_at = london("2026-03-20 15:30")

    membership = desk.grant(make.plan(desk.club), ada, at=NOON, starts_at=starts_at)

    assert terms(membership) == [(starts_at, london("2026-04-20 15:30"))]
    assert membership.anchor == "2026-03-20T15:30:00"
    assert status(membership, NOON) == "scheduled"
    assert status(membership, starts_at) == "active"


def test_a_start_given_as_the_present_instant_keeps_its_time_too(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, starts_at=NOON)

    assert terms(membership) == [(NOON, london("2026-02-10 12:00"))]


def test_an_own_end_becomes_the_anchor(desk: Desk, ada: Customer) -> None:
    ends_at = london("2026-06-30 18:00")

    membership = desk.grant(make.plan(desk.club), ada, at=NOON, ends_at=ends_at)

    assert terms(membership) == [(NOON, ends_at)]
    assert membership.anchor == "2026-06-30T18:00:00"
    assert (membership.ends_at, membership.announce_at) == (ends_at, ends_at)


def test_a_grant_may_be_backdated(desk: Desk, ada: Customer) -> None:
    starts_at = london("2025-12-20")

    membership = desk.grant(make.plan(desk.club), ada, at=NOON, starts_at=starts_at)

    assert terms(membership) == [(starts_at, london("2026-01-20"))]
    assert status(membership, NOON) == "active"


def test_a_grant_backdated_so_far_that_it_is_over_is_refused(desk: Desk, ada: Customer) -> None:
    with refused(errors.EndsInPast, code="ends_in_past"):
        desk.grant(make.plan(desk.club), ada, at=NOON, starts_at=london("2025-12-10 12:00"))


def test_an_open_ended_price_is_one_open_term(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, billing=Billing.OPEN), ada, at=NOON)

    assert terms(membership) == [(NOON, None)]
    assert (membership.ends_at, membership.announce_at, membership.renews) == (None, None, False)
    assert status(membership, NOON + timedelta(days=30_000)) == "active"


def test_what_renews_without_a_payment_is_one_open_term(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, amount=0), ada, at=NOON)

    assert terms(membership) == [(NOON, None)]
    assert membership.renews is True
    assert graces(membership) == [None]


def test_a_free_plan_that_is_not_to_renew_has_one_period(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, amount=0), ada, at=NOON, renews=False)

    assert terms(membership) == [(NOON, london("2026-02-10"))]
    assert membership.renews is False


def test_a_free_plan_with_an_own_end_does_not_renew(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, amount=0), ada, at=NOON, ends_at=london("2026-03-01"))

    assert terms(membership) == [(NOON, london("2026-03-01"))]
    assert membership.renews is False


@pytest.mark.parametrize("billing", [Billing.ONCE, Billing.OPEN])
def test_what_does_not_renew_by_itself_cannot_be_asked_to(desk: Desk, ada: Customer, billing: Billing) -> None:
    plan = make.plan(desk.club, billing=billing)

    with refused(errors.RenewalNotPossible, code="renewal_not_possible"):
        desk.grant(plan, ada, at=NOON, renews=True)


def test_a_free_plan_with_an_own_end_cannot_be_asked_to_renew(desk: Desk, ada: Customer) -> None:
    with refused(errors.RenewalNotPossible, code="renewal_not_possible"):
        desk.grant(make.plan(desk.club, amount=0), ada, at=NOON, ends_at=make.FEB_10, renews=True)


def test_once_is_one_term_of_its_interval(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club, billing=Billing.ONCE, interval=Interval.DAY, interval_count=10)

    membership = desk.grant(plan, ada, at=NOON)

    assert terms(membership) == [(NOON, london("2026-01-20"))]
    assert membership.renews is False


@pytest.mark.parametrize(
    ("joined", "years", "ends"),
    [
        ("2025-06-15 12:00", 1, "2026-04-01"),
        ("2025-12-31 23:59", 1, "2026-04-01"),
        ("2026-01-01 00:00", 1, "2027-04-01"),  # the rollover day itself
        ("2026-03-31 12:00", 1, "2027-04-01"),
        ("2026-04-01 00:00", 1, "2027-04-01"),
        ("2025-06-15 12:00", 3, "2028-04-01"),
    ],
)
def test_a_fixed_plan_ends_with_its_cycle(desk: Desk, ada: Customer, joined: str, years: int, ends: str) -> None:
    membership = desk.grant(april(desk.club, interval_count=years), ada, at=london(joined))

    assert terms(membership) == [(london(joined), london(ends))]


@pytest.mark.parametrize(
    ("policy", "until"), [(7, "2026-02-17"), (0, "2026-02-11"), (60, "2026-04-11")], ids=["7", "0: never under 1", "60"]
)
def test_grace_is_the_policys_whole_local_days_but_never_under_one(db: None, policy: int, until: str) -> None:
    desk = Desk.open(grace_days=policy, reminder_days=0)

    membership = desk.grant(make.plan(desk.club), make.customer(desk.club), at=NOON, renews=True)

    assert graces(membership) == [london(until)]
    assert (membership.ends_at, membership.announce_at) == (london("2026-02-10"), london(until))


def test_a_later_policy_leaves_a_booked_grace_alone(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, renews=True)
    desk.club.grace_days = 1
    desk.club.save(update_fields=["grace_days"])

    desk.extend(desk.grant(make.plan(desk.club), ada, at=NOON), london("2026-03-01"), at=NOON)

    assert graces(membership) == [london("2026-02-17")]


def test_a_trial_comes_first_once_and_is_active(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club, trial_days=14)

    membership = desk.grant(plan, ada, at=NOON)

    (term,) = rows(membership)
    assert term.trial
    assert terms(membership) == [(NOON, london("2026-01-24"))]
    assert membership.anchor == "2026-01-24T00:00:00"
    assert status(membership, NOON) == "active"
    assert status(membership, london("2026-01-24")) == "expired: lapsed"


def test_after_a_trial_that_renews_the_grace_is_one_day(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, trial_days=14), ada, at=NOON, renews=True)

    assert graces(membership) == [london("2026-01-25")]


def test_nobody_has_a_second_trial_of_a_plan_but_others_have_theirs(desk: Desk, ada: Customer, acme: Company) -> None:
    plan, other = make.plan(desk.club, trial_days=14), make.plan(desk.club, trial_days=14)
    desk.cancel_now(desk.grant(plan, ada, at=NOON), at=NOON + timedelta(hours=1))
    later = NOON + timedelta(hours=2)

    again = desk.grant(plan, ada, at=later)

    assert [term.trial for term in rows(again)] == [False]
    assert terms(again) == [(later, london("2026-02-10"))]
    assert [term.trial for term in rows(desk.grant(other, ada, at=later))] == [True]
    assert [term.trial for term in rows(desk.grant(plan, make.customer(desk.club), at=later))] == [True]
    assert [term.trial for term in rows(desk.grant(plan, acme, at=later))] == [True]


def test_a_trial_can_be_declined(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, trial_days=14), ada, at=NOON, trial=False)

    assert terms(membership) == [(NOON, london("2026-02-10"))]


def test_a_trial_that_is_not_possible_is_refused_when_asked_for(desk: Desk, ada: Customer) -> None:
    without, with_trial = make.plan(desk.club), make.plan(desk.club, trial_days=14)
    desk.cancel_now(desk.grant(with_trial, ada, at=NOON), at=NOON)

    with refused(errors.TrialNotPossible, code="trial_not_possible"):
        desk.grant(without, ada, at=NOON, trial=True)
    with refused(errors.TrialNotPossible, code="trial_not_possible"):
        desk.grant(with_trial, ada, at=NOON, trial=True)
    with refused(errors.TrialNotPossible, code="trial_not_possible"):
        desk.grant(with_trial, make.customer(desk.club), at=NOON, trial=True, ends_at=make.FEB_10)


def test_a_trial_of_a_fixed_plan_ends_by_its_days_and_the_term_after_it_counts_as_joining(
    desk: Desk, ada: Customer
) -> None:
    membership = desk.grant(april(desk.club, trial_days=14), ada, at=london("2025-12-25 12:00"))

    desk.renew(membership, at=london("2025-12-26"))

    assert terms(membership) == [
        (london("2025-12-25 12:00"), london("2026-01-08")),
        (london("2026-01-08"), london("2027-04-01")),  # joined after the rollover
    ]

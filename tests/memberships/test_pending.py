"""Apply, approve, pay: the first term starts at the latest of the agreed start, approval and confirmed payment."""

from datetime import timedelta

import pytest

from tessera.core.periods import Interval
from tessera.memberships import errors
from tessera.memberships.models import Membership
from tessera.people.models import Customer
from tessera.people.types import CustomerStatus
from tests import make
from tests.memberships.desk import Desk, london, one_event, plans, refused, rows, status, terms

pytestmark = pytest.mark.django_db

NOON = make.JAN_10
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def kept(membership: Membership) -> Membership:
    """The membership as the database has it."""
    return Membership.objects.get(pk=membership.pk)


def test_an_application_has_no_term_and_waits(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)

    with one_event(desk.club, "membership.granted") as told:
        membership = desk.grant(plan, ada, at=NOON, await_approval=True)

    assert terms(membership) == []
    assert status(membership, NOON + 400 * DAY) == "pending"
    assert (kept(membership).pending_until, kept(membership).announce_at, kept(membership).anchor) == (None, None, "")
    assert (told[0].plan_id, told[0].data["starts_at"], told[0].data["ends_at"]) == (plan.pk, None, None)


def test_a_checkout_waits_24_hours(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, await_payment=True)

    assert kept(membership).pending_until == kept(membership).announce_at == NOON + 24 * HOUR
    assert status(membership, NOON + 24 * HOUR - timedelta.resolution) == "pending"
    assert status(membership, NOON + 24 * HOUR) == "expired: abandoned"


def test_approval_starts_it_now_with_a_whole_last_day(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, await_approval=True)

    with one_event(desk.club, "membership.approved") as told:
        desk.approve(membership, at=NOON + 3 * DAY)

    assert terms(membership) == [(NOON + 3 * DAY, london("2026-02-13"))]
    assert kept(membership).anchor == "2026-01-13T00:00:00"
    assert (kept(membership).needs_approval, kept(membership).next_plan_id, kept(membership).version) == (
        False,
        None,
        2,
    )
    assert (told[0].membership_id, told[0].customer_id, told[0].data["version"]) == (membership.pk, ada.pk, 2)


def test_approval_of_what_is_to_be_paid_waits_seven_days(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, await_approval=True, await_payment=True)

    desk.approve(membership, at=NOON + DAY)

    assert terms(membership) == []
    assert kept(membership).pending_until == kept(membership).announce_at == NOON + 8 * DAY
    assert status(membership, NOON + 8 * DAY) == "expired: abandoned"


def test_payment_starts_it_now_and_the_term_says_what_paid(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, await_payment=True)

    with one_event(desk.club, "membership.paid") as told:
        desk.pay(membership, at=NOON + HOUR, paid_by="sandbox")

    assert terms(membership) == [(NOON + HOUR, london("2026-02-10"))]
    assert [term.paid_by for term in rows(membership)] == ["sandbox"]
    assert (kept(membership).paid_by, kept(membership).pending_until) == ("", None)
    assert kept(membership).announce_at == london("2026-02-10")
    assert told[0].data["paid_by"] == "sandbox"


def test_approved_first_then_paid_it_starts_with_the_payment(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, await_approval=True, await_payment=True)

    desk.approve(membership, at=NOON + DAY)
    desk.pay(membership, at=NOON + 2 * DAY)

    assert terms(membership) == [(NOON + 2 * DAY, london("2026-02-12"))]


def test_paid_first_then_approved_it_starts_with_the_approval(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, await_approval=True, await_payment=True)

    desk.pay(membership, at=NOON + DAY)
    assert terms(membership) == []
    assert status(membership, NOON + 300 * DAY) == "pending"
    desk.approve(membership, at=NOON + 2 * DAY)

    assert terms(membership) == [(NOON + 2 * DAY, london("2026-02-12"))]
    assert [term.paid_by for term in rows(membership)] == ["sandbox"]


def test_it_does_not_start_before_the_agreed_start(desk: Desk, ada: Customer) -> None:
    agreed = london("2026-01-12 13:00")  # an hour after the approval
    membership = desk.grant(
        make.plan(desk.club), ada, at=NOON, starts_at=agreed, await_approval=True, await_payment=True
    )

    desk.pay(membership, at=NOON + DAY)
    desk.approve(membership, at=NOON + 2 * DAY)

    assert terms(membership) == [(agreed, london("2026-02-12 13:00"))]
    assert kept(membership).anchor == "2026-01-12T13:00:00"
    assert kept(membership).agreed_start_at is None


def test_an_agreed_start_that_has_passed_makes_it_start_now(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, starts_at=NOON + HOUR, await_approval=True)

    desk.approve(membership, at=NOON + 2 * DAY)

    assert terms(membership) == [(NOON + 2 * DAY, london("2026-02-12"))]


def test_an_own_end_agreed_on_is_kept(desk: Desk, ada: Customer) -> None:
    ends_at = london("2026-06-30")
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, ends_at=ends_at, await_approval=True)

    desk.approve(membership, at=NOON + DAY)

    assert terms(membership) == [(NOON + DAY, ends_at)]
    assert kept(membership).agreed_end_at is None


def test_an_own_end_that_has_passed_by_the_approval_is_refused(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, ends_at=NOON + DAY, await_approval=True)

    with refused(errors.EndsBeforeStart, code="ends_before_start"):
        desk.approve(membership, at=NOON + DAY)


def test_a_nonsensical_end_is_refused_at_the_application_already(desk: Desk, ada: Customer) -> None:
    with refused(errors.EndsBeforeStart, code="ends_before_start"):
        desk.grant(make.plan(desk.club), ada, at=NOON, ends_at=NOON, await_approval=True)


def test_a_payment_that_comes_late_completes_it_and_moves_no_anchor(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, await_payment=True)
    late = NOON + 40 * HOUR
    assert desk.announce(at=late) == 1

    desk.pay(membership, at=late)

    assert status(membership, late) == "active"
    assert terms(membership) == [(late, london("2026-02-12"))]
    assert kept(membership).announce_at == london("2026-02-12")


def test_a_late_payment_for_what_was_got_otherwise_meanwhile_is_refused(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)
    abandoned = desk.grant(plan, ada, at=NOON, await_payment=True)
    desk.grant(plan, ada, at=NOON + 2 * DAY)

    with refused(errors.AlreadyHeld, code="membership_already_held"):
        desk.pay(abandoned, at=NOON + 3 * DAY)


def test_an_abandoned_checkout_is_no_longer_held(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)
    desk.grant(plan, ada, at=NOON, await_payment=True)

    with refused(errors.AlreadyHeld, code="membership_already_held"):
        desk.grant(plan, ada, at=NOON + 23 * HOUR)
    desk.grant(plan, ada, at=NOON + 24 * HOUR)


def test_a_payment_that_nobody_waits_for_is_refused(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)
    granted = desk.grant(make.plan(desk.club), ada, at=NOON)
    canceled = desk.cancel_now(desk.grant(plan, ada, at=NOON, await_payment=True), at=NOON)
    paid = desk.pay(desk.grant(plan, ada, at=NOON, await_payment=True), at=NOON)

    for membership in (granted, canceled, paid):
        with refused(errors.NotAwaitingPayment, code="membership_not_awaiting_payment"):
            desk.pay(membership, at=NOON + HOUR)


def test_a_trial_is_not_given_for_what_was_paid(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club, trial_days=14)
    paid = desk.grant(plan, ada, at=NOON, await_approval=True, await_payment=True)
    free = desk.grant(make.plan(desk.club, trial_days=14), ada, at=NOON, await_approval=True)

    desk.pay(paid, at=NOON)
    desk.approve(paid, at=NOON)
    desk.approve(free, at=NOON)

    assert [term.trial for term in rows(paid)] == [False]
    assert [term.trial for term in rows(free)] == [True]


def test_a_rejected_application_is_over_and_cannot_be_renewed(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)
    membership = desk.grant(plan, ada, at=NOON, await_approval=True)

    with one_event(desk.club, "membership.rejected") as told:
        desk.reject(membership, at=NOON + DAY)

    assert status(membership, NOON + DAY - HOUR) == "pending"
    assert status(membership, NOON + DAY) == "expired: rejected"
    assert (told[0].plan_id, told[0].data["version"]) == (plan.pk, 2)
    assert kept(membership).announce_at is None
    with refused(errors.NotRenewable, code="membership_not_renewable"):
        desk.renew(membership, at=NOON + 2 * DAY)
    desk.grant(plan, ada, at=NOON + 2 * DAY)


def test_only_what_waits_for_approval_is_approved_or_rejected(desk: Desk, ada: Customer) -> None:
    active = desk.grant(make.plan(desk.club), ada, at=NOON)
    to_pay = desk.grant(make.plan(desk.club), ada, at=NOON, await_payment=True)

    for membership in (active, to_pay):
        with refused(errors.NotPending, code="membership_not_pending"):
            desk.approve(membership, at=NOON)
        with refused(errors.NotPending, code="membership_not_pending"):
            desk.reject(membership, at=NOON)


def test_what_is_over_is_neither_approved_nor_rejected(desk: Desk, ada: Customer) -> None:
    rejected = desk.reject(desk.grant(make.plan(desk.club), ada, at=NOON, await_approval=True), at=NOON)
    abandoned = desk.grant(make.plan(desk.club), ada, at=NOON, await_payment=True)

    for membership in (rejected, abandoned):
        with refused(errors.MembershipExpired, code="membership_is_expired"):
            desk.approve(membership, at=NOON + 2 * DAY)
        with refused(errors.MembershipExpired, code="membership_is_expired"):
            desk.reject(membership, at=NOON + 2 * DAY)


def test_the_banned_are_neither_approved_nor_does_their_payment_start_anything(desk: Desk, ada: Customer) -> None:
    applied = desk.grant(make.plan(desk.club), ada, at=NOON, await_approval=True)
    to_pay = desk.grant(make.plan(desk.club), ada, at=NOON, await_payment=True)
    Customer.objects.filter(pk=ada.pk).update(status=CustomerStatus.BANNED)

    with refused(errors.HolderBanned, code="holder_banned"):
        desk.approve(applied, at=NOON)
    with refused(errors.HolderBanned, code="holder_banned"):
        desk.pay(to_pay, at=NOON)
    desk.reject(applied, at=NOON)


def test_while_pending_what_is_asked_for_can_change(desk: Desk, ada: Customer) -> None:
    gold, year = make.plan(desk.club), make.plan(desk.club, interval=Interval.YEAR)
    membership = desk.grant(gold, ada, at=NOON, await_approval=True)

    with one_event(desk.club, "membership.plan_changed"):
        desk.change_now(membership, year, at=NOON + HOUR)
    desk.approve(membership, at=NOON + DAY)

    assert plans(membership) == [year]
    assert terms(membership) == [(NOON + DAY, london("2027-01-11"))]


def test_while_pending_a_change_keeps_the_wish_to_renew_by_payment(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, await_approval=True, renews=True)

    desk.change_now(membership, make.plan(desk.club, interval=Interval.YEAR), at=NOON)

    assert kept(membership).renews is True


def test_what_has_not_begun_has_nothing_to_renew_extend_pause_or_stop(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, pauses_allowed=True), ada, at=NOON, await_approval=True)

    for verb in (desk.renew, desk.cancel_at_period_end, desk.pause):
        with refused(errors.MembershipPending, code="membership_is_pending"):
            verb(membership, at=NOON)
    with refused(errors.MembershipPending, code="membership_is_pending"):
        desk.extend(membership, make.FEB_10, at=NOON)
    with refused(errors.NothingToChange, code="nothing_to_change"):
        desk.change_at_renewal(membership, make.plan(desk.club), at=NOON)


def test_what_was_canceled_before_it_began_cannot_be_renewed(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, await_approval=True)

    desk.cancel_now(membership, at=NOON + HOUR)

    assert status(membership, NOON + HOUR) == "expired: canceled"
    with refused(errors.NotRenewable, code="membership_not_renewable"):
        desk.renew(membership, at=NOON + 2 * HOUR)


def test_an_abandoned_checkout_cannot_be_renewed(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, await_payment=True)

    with refused(errors.NotRenewable, code="membership_not_renewable"):
        desk.renew(membership, at=NOON + 2 * DAY)

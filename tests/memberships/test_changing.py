"""Changing the plan or the price: now, or with the next renewal. The membership keeps its id."""

from datetime import timedelta
from typing import Any

import pytest

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.core.periods import Interval
from tessera.memberships import errors
from tessera.memberships.models import Membership
from tessera.people.models import Company, Customer
from tessera.people.types import CustomerStatus
from tessera.plans.types import Audience, Billing
from tests import make
from tests.memberships.desk import Desk, april, graces, london, one_event, pauses, plans, refused, rows, status, terms

pytestmark = pytest.mark.django_db

NOON = make.JAN_10
DAY = timedelta(days=1)


def kept(membership: Membership) -> Membership:
    """The membership as the database has it."""
    return Membership.objects.get(pk=membership.pk)


def test_with_the_same_rhythm_it_goes_on_to_the_same_end_on_the_same_anchor(desk: Desk, ada: Customer) -> None:
    gold, silver = make.plan(desk.club), make.plan(desk.club, amount=9900)
    membership = desk.grant(gold, ada, at=london("2026-01-31 10:00"), renews=True)
    anchor, now = membership.anchor, london("2026-02-10 15:00")

    with one_event(desk.club, "membership.plan_changed") as told:
        changed = desk.change_now(membership, silver, at=now)

    assert changed.pk == membership.pk
    assert terms(membership) == [(london("2026-01-31 10:00"), now), (now, london("2026-02-28"))]
    assert plans(membership) == [gold, silver]
    assert graces(membership) == [None, london("2026-03-07")]
    assert (changed.anchor, changed.renews, changed.version) == (anchor, True, 2)
    assert changed.announce_at == london("2026-03-07")
    assert told[0].plan_id == silver.pk
    assert told[0].data["from_plan"] == ids.to_text(Prefix.PLAN, gold.pk)


def test_booked_terms_follow_and_the_next_ones_keep_the_day(desk: Desk, ada: Customer) -> None:
    gold, silver = make.plan(desk.club), make.plan(desk.club)
    membership = desk.grant(gold, ada, at=london("2026-01-31 10:00"))
    desk.renew(membership, at=london("2026-02-01"))

    desk.change_now(membership, silver, at=london("2026-02-10"))
    desk.renew(membership, at=london("2026-02-11"))

    assert plans(membership) == [gold, silver, silver, silver]
    assert [end for _, end in terms(membership)][1:] == [
        london("2026-02-28"),
        london("2026-03-31"),
        london("2026-04-30"),
    ]


def test_another_price_of_the_same_plan_is_a_change_too(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)
    membership = desk.grant(plan, ada, at=NOON)
    cheaper = make.price(plan, amount=1)

    desk.change_now(membership, plan, price=cheaper, at=NOON + DAY)

    assert [term.price for term in rows(membership)][-1] == cheaper
    assert terms(membership)[-1] == (NOON + DAY, london("2026-02-10"))


def test_a_change_in_the_instant_of_the_start_leaves_one_term(desk: Desk, ada: Customer) -> None:
    gold, silver, year = make.plan(desk.club), make.plan(desk.club), make.plan(desk.club, interval=Interval.YEAR)
    membership = desk.grant(gold, ada, at=NOON)

    desk.change_now(membership, silver, at=NOON)
    assert (plans(membership), terms(membership)) == ([silver], [(NOON, london("2026-02-10"))])
    desk.change_now(membership, year, at=NOON)

    assert (plans(membership), terms(membership)) == ([year], [(NOON, london("2027-01-10"))])


def test_with_another_rhythm_a_new_term_starts_now_with_a_new_anchor(desk: Desk, ada: Customer) -> None:
    gold, year = make.plan(desk.club), make.plan(desk.club, interval=Interval.YEAR)
    membership = desk.grant(gold, ada, at=NOON, renews=True)
    now = NOON + 5 * DAY

    changed = desk.change_now(membership, year, at=now)

    assert terms(membership) == [(NOON, now), (now, london("2027-01-15"))]
    assert plans(membership) == [gold, year]
    assert graces(membership) == [None, london("2027-01-22")]
    assert (changed.anchor, changed.renews) == ("2026-01-15T00:00:00", True)
    assert (changed.ends_at, changed.announce_at) == (london("2027-01-15"), london("2027-01-22"))


def test_with_another_rhythm_what_was_booked_for_later_goes(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON)
    desk.renew(membership, at=NOON)
    now = NOON + 5 * DAY

    desk.change_now(membership, make.plan(desk.club, interval=Interval.WEEK), at=now)

    assert terms(membership) == [(NOON, now), (now, london("2026-01-22"))]


def test_what_is_booked_and_cannot_follow_goes(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON)
    desk.change_at_renewal(membership, make.plan(desk.club, amount=0), at=NOON)
    desk.renew(membership, at=NOON)
    assert terms(membership)[-1] == (london("2026-02-10"), None)
    now, silver = NOON + 5 * DAY, make.plan(desk.club)

    desk.change_now(membership, silver, at=now)

    assert terms(membership) == [(NOON, now), (now, london("2026-02-15"))]
    assert plans(membership)[-1] == silver


def test_from_rolling_to_fixed_counts_as_joining(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, interval=Interval.YEAR), ada, at=NOON)

    desk.change_now(membership, april(desk.club), at=NOON + DAY)

    assert terms(membership)[-1] == (NOON + DAY, london("2027-04-01"))


def test_a_change_during_a_trial_ends_it(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, trial_days=14), ada, at=NOON)

    desk.change_now(membership, make.plan(desk.club), at=NOON + DAY)

    assert [term.trial for term in rows(membership)] == [True, False]
    assert terms(membership)[-1] == (NOON + DAY, london("2026-02-11"))


def test_a_scheduled_membership_changes_before_it_starts(desk: Desk, ada: Customer) -> None:
    starts_at = london("2026-02-01 09:00")
    same, other = make.plan(desk.club), make.plan(desk.club, interval=Interval.YEAR)
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, starts_at=starts_at)

    desk.change_now(membership, same, at=NOON)
    assert (plans(membership), terms(membership)) == ([same], [(starts_at, london("2026-03-01 09:00"))])
    desk.change_now(membership, other, at=NOON)

    assert (plans(membership), terms(membership)) == ([other], [(starts_at, london("2027-02-01 09:00"))])
    assert status(membership, NOON) == "scheduled"


def test_in_grace_a_change_starts_a_new_term(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON, renews=True)
    now = london("2026-02-12 10:00")

    desk.change_now(membership, make.plan(desk.club), at=now)

    assert terms(membership)[-1] == (now, london("2026-03-12"))
    assert status(membership, now) == "active"
    assert status(membership, london("2026-02-11")) == "active in grace"


def test_free_to_paid_and_back(desk: Desk, ada: Customer) -> None:
    free, gold = make.plan(desk.club, amount=0), make.plan(desk.club)
    membership = desk.grant(free, ada, at=NOON)

    desk.change_now(membership, gold, at=NOON + DAY)
    assert terms(membership) == [(NOON, NOON + DAY), (NOON + DAY, london("2026-02-11"))]
    assert kept(membership).renews is False
    desk.change_now(membership, free, at=NOON + 2 * DAY)

    assert terms(membership)[-1] == (NOON + 2 * DAY, None)
    assert (kept(membership).renews, kept(membership).announce_at) == (True, None)


def test_from_one_free_plan_to_another_the_period_stays(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, amount=0), ada, at=NOON)

    desk.change_now(membership, make.plan(desk.club, amount=0), at=NOON + 5 * DAY)
    desk.cancel_at_period_end(membership, at=NOON + 6 * DAY)

    assert terms(membership) == [(NOON, NOON + 5 * DAY), (NOON + 5 * DAY, london("2026-02-10"))]


def test_a_change_now_drops_a_change_that_was_booked(desk: Desk, ada: Customer) -> None:
    free, gold, bronze = make.plan(desk.club, amount=0), make.plan(desk.club), make.plan(desk.club, amount=0)
    membership = desk.grant(free, ada, at=NOON)
    desk.change_at_renewal(membership, gold, at=NOON)

    desk.change_now(membership, bronze, at=NOON + DAY)

    assert plans(membership) == [free, bronze]
    assert terms(membership)[-1] == (NOON + DAY, None)
    assert (kept(membership).next_plan_id, kept(membership).renews) == (None, True)


def test_history_does_not_lie_about_the_plan(desk: Desk, ada: Customer) -> None:
    gold, silver = make.plan(desk.club), make.plan(desk.club)
    membership = desk.grant(gold, ada, at=NOON)

    desk.change_now(membership, silver, at=NOON + DAY)

    first, second = rows(membership)
    assert first.covers(NOON) and first.plan == gold
    assert second.covers(NOON + DAY) and second.plan == silver


def test_a_change_with_the_next_term_is_a_note_where_a_payment_renews(desk: Desk, ada: Customer) -> None:
    gold, silver = make.plan(desk.club), make.plan(desk.club, interval=Interval.YEAR)
    membership = desk.grant(gold, ada, at=NOON, renews=True)
    booked = terms(membership)

    with one_event(desk.club, "membership.plan_change_booked") as told:
        desk.change_at_renewal(membership, silver, at=NOON)

    assert (terms(membership), plans(membership)) == (booked, [gold])
    assert (kept(membership).next_plan, kept(membership).next_price) == (silver, silver.prices.get())
    assert told[0].plan_id == gold.pk
    assert told[0].data["next_plan"] == ids.to_text(Prefix.PLAN, silver.pk)


def test_where_nothing_is_paid_the_next_term_is_booked_at_once(desk: Desk, ada: Customer) -> None:
    free, gold = make.plan(desk.club, amount=0), make.plan(desk.club)
    membership = desk.grant(free, ada, at=london("2026-01-31 10:00"))

    desk.change_at_renewal(membership, gold, at=london("2026-02-05"))

    assert terms(membership) == [
        (london("2026-01-31 10:00"), london("2026-02-28")),
        (london("2026-02-28"), london("2026-03-31")),
    ]
    assert plans(membership) == [free, gold]
    assert kept(membership).renews is False
    assert kept(membership).announce_at == london("2026-03-31")


def test_from_free_to_free_the_next_term_is_open(desk: Desk, ada: Customer) -> None:
    free, other = make.plan(desk.club, amount=0), make.plan(desk.club, amount=0)
    membership = desk.grant(free, ada, at=NOON)

    desk.change_at_renewal(membership, other, at=NOON)

    assert terms(membership) == [(NOON, london("2026-02-10")), (london("2026-02-10"), None)]
    assert (kept(membership).renews, kept(membership).announce_at) == (True, None)


@pytest.mark.parametrize("amount", [0, 5000], ids=["free", "paid"])
def test_asking_for_the_present_plan_takes_a_booked_change_back(desk: Desk, ada: Customer, amount: int) -> None:
    first, other = make.plan(desk.club, amount=amount), make.plan(desk.club)
    membership = desk.grant(first, ada, at=london("2026-01-31 10:00"), renews=True)
    booked = terms(membership)
    desk.change_at_renewal(membership, other, at=london("2026-02-05"))

    desk.change_at_renewal(membership, first, at=london("2026-02-06"))

    assert (terms(membership), plans(membership)) == (booked, [first])
    assert (kept(membership).next_plan_id, kept(membership).renews) == (None, True)
    desk.cancel_at_period_end(membership, at=london("2026-03-01" if amount == 0 else "2026-02-20"))
    assert terms(membership)[-1][1] == london("2026-03-31" if amount == 0 else "2026-02-28")
    with refused(errors.NothingToChange, code="nothing_to_change"):
        desk.change_at_renewal(membership, first, at=london("2026-02-20"))


def test_a_booked_change_can_be_changed_again(desk: Desk, ada: Customer) -> None:
    free, gold, silver = make.plan(desk.club, amount=0), make.plan(desk.club), make.plan(desk.club)
    membership = desk.grant(free, ada, at=NOON)
    desk.change_at_renewal(membership, gold, at=NOON)

    desk.change_at_renewal(membership, silver, at=NOON)

    assert plans(membership) == [free, silver]
    assert terms(membership) == [(NOON, london("2026-02-10")), (london("2026-02-10"), london("2026-03-10"))]


def test_a_change_to_what_it_is_already_is_refused(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)
    membership = desk.grant(plan, ada, at=NOON)

    for verb in (desk.change_now, desk.change_at_renewal):
        with refused(errors.NothingToChange, code="nothing_to_change"):
            verb(membership, plan, at=NOON)


def test_a_change_to_a_plan_that_is_held_already_is_refused(desk: Desk, ada: Customer) -> None:
    gold, silver = make.plan(desk.club), make.plan(desk.club)
    membership = desk.grant(gold, ada, at=NOON)
    desk.grant(silver, ada, at=NOON)

    for verb in (desk.change_now, desk.change_at_renewal):
        with refused(errors.AlreadyHeld, code="membership_already_held"):
            verb(membership, silver, at=NOON)


def test_only_what_is_offered_can_be_changed_to(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON)
    several = make.plan(desk.club)
    make.price(several)
    inactive = make.price(make.plan(desk.club), active=False)

    for verb in (desk.change_now, desk.change_at_renewal):
        with refused(errors.PlanArchived, code="plan_archived"):
            verb(membership, make.plan(desk.club, archived_at=NOON), at=NOON)
        with refused(errors.WrongAudience, code="wrong_audience"):
            verb(membership, make.plan(desk.club, audience=Audience.COMPANIES), at=NOON)
        with refused(errors.PriceAmbiguous, code="price_ambiguous"):
            verb(membership, several, at=NOON)
        with refused(errors.PriceInactive, code="price_inactive"):
            verb(membership, inactive.plan, price=inactive, at=NOON)
        with refused(errors.PriceNotOfPlan, code="price_not_of_plan"):
            verb(membership, several, price=inactive, at=NOON)


def test_the_expired_and_the_banned_change_nothing(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON)
    silver = make.plan(desk.club)

    for verb in (desk.change_now, desk.change_at_renewal):
        with refused(errors.MembershipExpired, code="membership_is_expired"):
            verb(membership, silver, at=london("2026-02-10"))
    Customer.objects.filter(pk=ada.pk).update(status=CustomerStatus.BANNED)
    for verb in (desk.change_now, desk.change_at_renewal):
        with refused(errors.HolderBanned, code="holder_banned"):
            verb(membership, silver, at=NOON)


def test_what_has_no_period_changes_now_or_never(desk: Desk, acme: Company) -> None:
    membership = desk.grant(make.plan(desk.club, billing=Billing.OPEN), acme, at=NOON)
    gold = make.plan(desk.club)

    with refused(errors.OpenEnded, code="membership_open_ended"):
        desk.change_at_renewal(membership, gold, at=NOON)
    desk.change_now(membership, gold, at=NOON + DAY)

    assert terms(membership)[-1] == (NOON + DAY, london("2026-02-11"))


def test_what_is_paused_is_resumed_before_it_is_changed(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, pauses_allowed=True), ada, at=NOON)
    desk.pause(membership, at=NOON)

    with refused(errors.MembershipPaused, code="membership_is_paused"):
        desk.change_now(membership, make.plan(desk.club), at=NOON + DAY)


def test_a_planned_pause_extends_the_new_period_instead(desk: Desk, ada: Customer) -> None:
    pausable: dict[str, Any] = {"pauses_allowed": True, "pauses_extend": True}
    membership = desk.grant(make.plan(desk.club, **pausable), ada, at=NOON)
    pause = (london("2026-01-20"), london("2026-01-25"))
    desk.pause(membership, at=NOON, starts_at=pause[0], ends_at=pause[1])
    now = NOON + DAY

    desk.change_now(membership, make.plan(desk.club, interval=Interval.WEEK, interval_count=2, **pausable), at=now)
    assert terms(membership) == [(NOON, now), (now, london("2026-01-30"))]
    assert pauses(membership) == [pause]
    desk.resume(membership, at=now)  # taken back

    assert terms(membership) == [(NOON, now), (now, london("2026-01-25"))]
    assert kept(membership).anchor == "2026-01-11T00:00:00"


def test_a_planned_pause_that_the_new_period_has_no_place_for_is_taken_back(desk: Desk, ada: Customer) -> None:
    pausable: dict[str, Any] = {"pauses_allowed": True, "pauses_extend": True}
    to_short = desk.grant(make.plan(desk.club, **pausable), ada, at=NOON)
    to_rigid = desk.grant(make.plan(desk.club, **pausable), ada, at=NOON)
    for membership in (to_short, to_rigid):
        desk.pause(membership, at=NOON, starts_at=london("2026-01-20"), ends_at=london("2026-01-25"))

    desk.change_now(to_short, make.plan(desk.club, interval=Interval.WEEK, **pausable), at=NOON + DAY)
    desk.change_now(to_rigid, make.plan(desk.club, interval=Interval.YEAR), at=NOON + DAY)

    assert pauses(to_short) == pauses(to_rigid) == []
    assert terms(to_short)[-1][1] == london("2026-01-18")
    assert terms(to_rigid)[-1][1] == london("2027-01-11")


def test_with_the_same_rhythm_a_planned_pause_stays_and_the_end_it_moved(desk: Desk, ada: Customer) -> None:
    pausable: dict[str, Any] = {"pauses_allowed": True, "pauses_extend": True}
    membership = desk.grant(make.plan(desk.club, **pausable), ada, at=NOON)
    desk.pause(membership, at=NOON, starts_at=london("2026-01-20"), ends_at=london("2026-01-25"))

    desk.change_now(membership, make.plan(desk.club, **pausable), at=NOON + DAY)
    assert terms(membership)[-1][1] == london("2026-02-15")
    desk.resume(membership, at=NOON + DAY)

    assert terms(membership)[-1][1] == london("2026-02-10")

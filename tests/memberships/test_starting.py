"""Announcing that a membership has started, that a planned pause has begun, and that it is over."""

from datetime import timedelta

import pytest

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.memberships.models import Membership
from tessera.people.models import Company, Customer
from tests import make
from tests.memberships.desk import Desk, april, london, one_event, status, told

pytestmark = pytest.mark.django_db

NOON = make.JAN_10
DAY = timedelta(days=1)
LATER = NOON + 10 * DAY
FOREVER = NOON + 4_000 * DAY


def announced(membership: Membership) -> list[str]:
    """What was announced of the membership, in order."""
    lines = Event.objects.filter(membership_id=membership.pk, actor="system:announce").order_by("sequence")
    return [line.type.removeprefix("membership.") for line in lines]


class TestStarting:
    def test_what_was_to_start_later_is_announced_when_it_has(self, desk: Desk, ada: Customer) -> None:
        plan = make.plan(desk.club)
        membership = desk.grant(plan, ada, at=NOON, starts_at=LATER)
        assert status(membership, NOON) == "scheduled"

        assert desk.announce(at=LATER - timedelta.resolution) == 0
        with one_event(desk.club, "membership.started") as events:
            assert desk.announce(at=LATER) == 1
        assert desk.announce(at=LATER) == 0

        event = events[0]
        assert status(membership, LATER) == "active"
        assert (event.at, event.actor, event.plan_id) == (LATER, "system:announce", plan.pk)
        assert (event.membership_id, event.customer_id, event.company_id) == (membership.pk, ada.pk, None)
        assert event.data == {
            "plan": ids.to_text(Prefix.PLAN, plan.pk),
            "price": ids.to_text(Prefix.PRICE, plan.prices.get().pk),
            "starts_at": "2026-01-20T12:00:00Z",
            "ends_at": "2026-02-20T12:00:00Z",
            "version": 1,
        }

    def test_it_starts_with_nobody_announcing_it(self, desk: Desk, ada: Customer) -> None:
        membership = desk.grant(make.plan(desk.club), ada, at=NOON, starts_at=LATER)

        assert status(membership, LATER) == "active"
        assert announced(membership) == []

    def test_what_starts_at_once_is_told_by_what_made_it(self, desk: Desk, ada: Customer, acme: Company) -> None:
        plan = make.plan(desk.club)
        now = desk.grant(plan, ada, at=NOON)
        back_then = desk.grant(plan, acme, at=NOON, starts_at=NOON - 3 * DAY)
        approved = desk.grant(plan, make.customer(desk.club), at=NOON, await_approval=True)
        paid = desk.grant(plan, make.customer(desk.club), at=NOON, await_payment=True)
        desk.approve(approved, at=NOON + DAY)
        desk.pay(paid, at=NOON + DAY / 2)

        desk.announce(at=london("2026-02-06"))

        assert [announced(each) for each in (now, back_then, approved, paid)] == [[], [], [], []]

    def test_an_application_for_later_starts_later(self, desk: Desk, ada: Customer) -> None:
        membership = desk.grant(make.plan(desk.club), ada, at=NOON, starts_at=LATER, await_approval=True)
        assert desk.announce(at=NOON + DAY) == 0
        desk.approve(membership, at=NOON + DAY)

        (event,) = desk.pass_time(since=NOON + DAY, until=LATER)

        assert (event.type, event.at) == ("membership.started", LATER)

    def test_an_application_approved_after_its_day_has_no_start_of_its_own(self, desk: Desk, ada: Customer) -> None:
        membership = desk.grant(make.plan(desk.club), ada, at=NOON, starts_at=LATER, await_approval=True)
        desk.approve(membership, at=LATER + DAY)

        desk.pass_time(since=LATER + DAY, until=FOREVER)

        assert announced(membership) == ["expired"]

    def test_renewals_start_nothing(self, desk: Desk, ada: Customer) -> None:
        membership = desk.grant(make.plan(desk.club, revival_days=30), ada, at=NOON)
        desk.renew(membership, at=NOON + DAY)
        desk.pass_time(since=NOON + DAY, until=london("2026-03-10"))
        desk.renew(membership, at=london("2026-03-15"))
        desk.pass_time(since=london("2026-03-15"), until=london("2026-06-15"))
        desk.renew(membership, at=london("2026-06-15"))

        desk.pass_time(since=london("2026-06-15"), until=FOREVER)

        assert announced(membership) == ["expired", "expired", "expired"]

    def test_what_never_came_to_start_is_not_announced(self, desk: Desk, ada: Customer) -> None:
        canceled = desk.grant(make.plan(desk.club), ada, at=NOON, starts_at=LATER)
        revoked = desk.grant(make.plan(desk.club), ada, at=NOON, starts_at=LATER)
        desk.cancel_now(canceled, at=NOON + DAY)
        desk.revoke(revoked, at=NOON + DAY)

        assert desk.pass_time(since=NOON, until=FOREVER) == []

    def test_a_change_of_plan_before_the_start_leaves_the_start(self, desk: Desk, ada: Customer) -> None:
        yearly = april(desk.club)
        membership = desk.grant(make.plan(desk.club), ada, at=NOON, starts_at=LATER)
        desk.change_now(membership, yearly, at=NOON + DAY)

        started, *_ = desk.pass_time(since=NOON + DAY, until=FOREVER)

        assert (started.type, started.at, started.plan_id) == ("membership.started", LATER, yearly.pk)

    def test_a_company_starts_too(self, desk: Desk, acme: Company) -> None:
        desk.grant(make.plan(desk.club, amount=0), acme, at=NOON, starts_at=LATER)

        (event,) = desk.pass_time(since=NOON, until=FOREVER)

        assert (event.type, event.company_id, event.customer_id) == ("membership.started", acme.pk, None)
        assert event.data["ends_at"] is None


class TestPauses:
    def planned(self, desk: Desk, ada: Customer, *, extends: bool = True) -> Membership:
        plan = make.plan(desk.club, pauses_allowed=True, pauses_extend=extends)
        membership = desk.grant(plan, ada, at=NOON)
        desk.pause(membership, at=NOON, starts_at=NOON + 2 * DAY, ends_at=NOON + 5 * DAY)
        return membership

    def test_a_planned_pause_is_announced_when_it_begins_and_when_it_is_over(self, desk: Desk, ada: Customer) -> None:
        membership = self.planned(desk, ada)

        began, over = desk.pass_time(since=NOON, until=NOON + 20 * DAY)

        assert (began.type, began.at) == ("membership.pause_started", NOON + 2 * DAY)
        assert (over.type, over.at) == ("membership.pause_ended", NOON + 5 * DAY)
        both = {**bought(membership), "ends_at": "2026-02-13T00:00:00Z", "version": 2}
        assert began.data == {**both, "starts_at": "2026-01-12T12:00:00Z", "until": "2026-01-15T12:00:00Z"}
        assert over.data == {**both, "paused_from": "2026-01-12T12:00:00Z", "ended_at": "2026-01-15T12:00:00Z"}

    def test_a_pause_from_now_is_told_by_pausing_and_its_end_is_announced(self, desk: Desk, ada: Customer) -> None:
        membership = desk.grant(make.plan(desk.club, pauses_allowed=True), ada, at=NOON)
        desk.pause(membership, at=NOON + DAY, ends_at=NOON + 3 * DAY)

        (over,) = desk.pass_time(since=NOON + DAY, until=NOON + 20 * DAY)

        assert (over.type, over.at) == ("membership.pause_ended", NOON + 3 * DAY)

    def test_an_open_pause_ends_when_somebody_resumes_it(self, desk: Desk, ada: Customer) -> None:
        membership = desk.grant(make.plan(desk.club, pauses_allowed=True), ada, at=NOON)
        desk.pause(membership, at=NOON, starts_at=NOON + DAY)
        desk.pass_time(since=NOON, until=NOON + 6 * DAY)
        desk.resume(membership, at=NOON + 6 * DAY)

        desk.pass_time(since=NOON + 6 * DAY, until=NOON + 20 * DAY)

        assert announced(membership) == ["pause_started"]
        assert told(desk.club)[-2:] == ["membership.pause_started", "membership.resumed"]

    def test_resuming_early_leaves_no_end_to_announce(self, desk: Desk, ada: Customer) -> None:
        membership = self.planned(desk, ada)
        desk.pass_time(since=NOON, until=NOON + 3 * DAY)
        desk.resume(membership, at=NOON + 3 * DAY)

        desk.pass_time(since=NOON + 3 * DAY, until=NOON + 20 * DAY)

        assert announced(membership) == ["pause_started"]

    def test_a_pause_taken_back_never_begins(self, desk: Desk, ada: Customer) -> None:
        membership = self.planned(desk, ada)
        desk.resume(membership, at=NOON + DAY)

        assert desk.pass_time(since=NOON + DAY, until=NOON + 20 * DAY) == []

    def test_a_pause_that_the_end_cuts_off_is_not_over(self, desk: Desk, ada: Customer) -> None:
        membership = desk.grant(make.plan(desk.club, pauses_allowed=True), ada, at=NOON)
        desk.pause(membership, at=NOON, starts_at=london("2026-02-01"), ends_at=london("2026-03-01"))

        desk.pass_time(since=NOON, until=FOREVER)

        assert announced(membership) == ["pause_started", "expired"]


def bought(membership: Membership) -> dict[str, str]:
    """The plan and price of a membership's only term, as events name them."""
    term = membership.terms.get()
    return {
        "plan": ids.to_text(Prefix.PLAN, term.plan_id),
        "price": ids.to_text(Prefix.PRICE, term.price_id),
    }

"""Announcing expiry: once per end, late or not, and never the cause of it."""

from datetime import datetime, timedelta

import pytest

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.memberships import announcing
from tessera.memberships.models import Membership
from tessera.people.models import Customer
from tessera.plans.models import Plan
from tests import make
from tests.memberships.desk import Desk, everything, london, one_event, status, told

pytestmark = pytest.mark.django_db

NOON = make.JAN_10
DAY = timedelta(days=1)
END = london("2026-02-10")


def announced(desk: Desk) -> list[Event]:
    """What was announced in the club, in order."""
    return list(Event.objects.filter(organization=desk.club, type="membership.expired").order_by("sequence"))


def test_it_expires_with_nobody_announcing_it(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON)

    assert status(membership, END) == "expired: lapsed"
    assert announced(desk) == []


def test_an_end_is_announced_once(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)
    membership = desk.grant(plan, ada, at=NOON)

    assert desk.announce(at=END - timedelta.resolution) == 0
    with one_event(desk.club, "membership.expired") as events:
        assert desk.announce(at=END) == 1
    assert desk.announce(at=END) == desk.announce(at=END + 400 * DAY) == 0

    event = events[0]
    assert (event.at, event.actor, event.plan_id) == (END, "system:announce", plan.pk)
    assert (event.membership_id, event.customer_id, event.company_id) == (membership.pk, ada.pk, None)
    assert event.data == {
        "plan": ids.to_text(Prefix.PLAN, plan.pk),
        "price": ids.to_text(Prefix.PRICE, plan.prices.get().pk),
        "ends_at": "2026-02-10T00:00:00Z",
        "expired_at": "2026-02-10T00:00:00Z",
        "reason": "lapsed",
        "version": 1,
    }


def test_announcing_changes_nothing_but_that_it_was_done(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON)
    before = Membership.objects.filter(pk=membership.pk).values().get()

    desk.announce(at=END)

    after = Membership.objects.filter(pk=membership.pk).values().get()
    assert after == {**before, "announce_at": None, "announced_until": END}


def test_where_nothing_is_due_nothing_is_written(desk: Desk, ada: Customer) -> None:
    desk.grant(make.plan(desk.club), ada, at=NOON)
    before = everything()

    assert desk.announce(at=NOON) == 0

    assert everything() == before


def test_with_grace_it_is_announced_at_the_graces_end(desk: Desk, ada: Customer) -> None:
    desk.grant(make.plan(desk.club), ada, at=NOON, renews=True)

    assert desk.announce(at=london("2026-02-16 23:59")) == 0
    assert desk.announce(at=london("2026-02-17")) == 1

    assert announced(desk)[0].data["expired_at"] == "2026-02-17T00:00:00Z"
    assert announced(desk)[0].data["ends_at"] == "2026-02-10T00:00:00Z"


def test_downtime_is_caught_up_with_the_earliest_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "_BLOCK", 3)
    plan = make.plan(desk.club)
    due = [desk.grant(plan, make.customer(desk.club), at=NOON - number * DAY) for number in range(8)]
    later = END + 100 * DAY

    assert desk.announce(at=later) == 8

    assert [event.membership_id for event in announced(desk)] == [membership.pk for membership in reversed(due)]
    assert {event.at for event in announced(desk)} == {later}


def test_archived_plans_are_included(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)
    desk.grant(plan, ada, at=NOON)
    Plan.objects.filter(pk=plan.pk).update(archived_at=NOON)

    assert desk.announce(at=END) == 1


def test_an_abandoned_application_is_announced_as_such(desk: Desk, ada: Customer) -> None:
    plan = make.plan(desk.club)
    desk.grant(plan, ada, at=NOON, await_payment=True)

    assert desk.announce(at=NOON + DAY) == 1

    event = announced(desk)[0]
    assert (event.plan_id, event.data["reason"], event.data["ends_at"]) == (plan.pk, "abandoned", None)
    assert event.data["expired_at"] == "2026-01-11T12:00:00Z"


def test_each_further_end_is_announced_again(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club, revival_days=30), ada, at=NOON)
    desk.announce(at=END)

    desk.renew(membership, at=END + DAY)
    assert desk.announce(at=END + DAY) == 0
    desk.extend(membership, london("2026-04-01"), at=END + DAY)
    assert desk.announce(at=london("2026-03-31 23:59")) == 0
    assert desk.announce(at=london("2026-04-01")) == 1

    assert [event.data["expired_at"] for event in announced(desk)] == ["2026-02-10T00:00:00Z", "2026-03-31T23:00:00Z"]


def test_an_end_that_was_moved_in_time_is_not_announced(desk: Desk, ada: Customer) -> None:
    membership = desk.grant(make.plan(desk.club), ada, at=NOON)

    desk.extend(membership, london("2026-03-01"), at=NOON)

    assert desk.announce(at=END) == 0
    assert desk.announce(at=london("2026-03-01")) == 1


def test_what_somebody_ended_is_not_announced_as_expired(desk: Desk, ada: Customer) -> None:
    desk.cancel_now(desk.grant(make.plan(desk.club), ada, at=NOON), at=NOON)
    desk.revoke(desk.grant(make.plan(desk.club), ada, at=NOON), at=NOON)
    desk.reject(desk.grant(make.plan(desk.club), ada, at=NOON, await_approval=True), at=NOON)

    assert desk.announce(at=END + 400 * DAY) == 0
    assert "membership.expired" not in told(desk.club)


def test_only_the_clubs_own_are_announced(desk: Desk, ada: Customer) -> None:
    elsewhere = Desk.open()
    elsewhere.grant(make.plan(elsewhere.club), make.customer(elsewhere.club), at=NOON)
    desk.grant(make.plan(desk.club), ada, at=NOON)

    assert desk.announce(at=END) == 1

    assert told(elsewhere.club) == ["membership.granted"]
    assert elsewhere.announce(at=END) == 1


def test_the_next_expiry_is_where_a_test_clock_has_to_stop(desk: Desk) -> None:
    plan = make.plan(desk.club)
    for number in (5, 2, 9):
        desk.grant(plan, make.customer(desk.club), at=NOON + number * DAY)
    stops, now, until = list[datetime](), NOON, london("2026-02-15")

    while (at := announcing.next_due(organization=desk.club, after=now, until=until)) is not None:
        assert desk.announce(at=at) == 1
        stops.append(at)
        now = at

    assert stops == [london("2026-02-12"), london("2026-02-15")]
    assert [event.at for event in announced(desk)] == stops
    assert announcing.next_due(organization=desk.club, after=until, until=until + 4 * DAY) == london("2026-02-19")

"""Reminding of an end, as many whole local days before it as the organization wants: once per end."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.core.periods import Interval
from tessera.events.models import Event
from tessera.memberships.models import Membership
from tessera.people.models import Company, Customer
from tests import make
from tests.memberships.desk import Desk, april, graces, london, told

pytestmark = pytest.mark.django_db

NOON = make.JAN_10
DAY = timedelta(days=1)
END = london("2026-02-10")
REMINDER = london("2026-02-03")
FOREVER = NOON + 4_000 * DAY


@pytest.fixture
def club(desk: Desk) -> Desk:
    """The desk of another club, which reminds seven days before."""
    return Desk.open()


@pytest.fixture
def ada(club: Desk) -> Customer:
    return make.customer(club.club, first_name="Ada")


@pytest.fixture
def acme(club: Desk) -> Company:
    return make.company(club.club, "Acme Ltd")


def reminders(membership: Membership) -> list[tuple[str, datetime]]:
    """The reminders of a membership: which, and when."""
    kinds = ("membership.renewal_due", "membership.expiry_due")
    lines = Event.objects.filter(membership_id=membership.pk, type__in=kinds).order_by("sequence")
    return [(line.type.removeprefix("membership."), line.at) for line in lines]


def test_what_ends_is_reminded_of_seven_days_before(club: Desk, ada: Customer) -> None:
    plan = make.plan(club.club)
    membership = club.grant(plan, ada, at=NOON)

    assert club.announce(at=REMINDER - timedelta.resolution) == 0
    assert club.announce(at=REMINDER) == 1
    assert club.announce(at=REMINDER) == club.announce(at=END - timedelta.resolution) == 0

    event = Event.objects.get(type="membership.expiry_due")
    assert (event.at, event.actor, event.plan_id) == (REMINDER, "system:announce", plan.pk)
    assert (event.membership_id, event.customer_id, event.company_id) == (membership.pk, ada.pk, None)
    assert event.data == {
        "plan": ids.to_text(Prefix.PLAN, plan.pk),
        "price": ids.to_text(Prefix.PRICE, plan.prices.get().pk),
        "ends_at": "2026-02-10T00:00:00Z",
        "days": 7,
        "version": 1,
    }


def test_what_renews_by_a_payment_is_reminded_of_that(club: Desk, acme: Company) -> None:
    membership = club.grant(make.plan(club.club), acme, at=NOON, renews=True)

    due, expired = club.pass_time(since=NOON, until=FOREVER)

    assert (due.type, due.at, due.company_id) == ("membership.renewal_due", REMINDER, acme.pk)
    assert (due.data["ends_at"], due.data["days"]) == ("2026-02-10T00:00:00Z", 7)
    assert (expired.type, [expired.at]) == ("membership.expired", graces(membership))


def test_what_renews_without_a_payment_is_not_reminded_of(club: Desk, ada: Customer) -> None:
    club.grant(make.plan(club.club, amount=0), ada, at=NOON)
    club.grant(april(club.club, amount=0), ada, at=NOON)

    assert club.pass_time(since=NOON, until=FOREVER) == []


@pytest.mark.parametrize("days", [1, 7, 30, 60])
def test_an_organization_chooses_how_many_days_before(desk: Desk, days: int) -> None:
    club = Desk.open(reminder_days=days)
    membership = club.grant(make.plan(club.club, interval=Interval.YEAR), make.customer(club.club), at=NOON)

    due, _ = club.pass_time(since=NOON, until=FOREVER)

    assert reminders(membership) == [("expiry_due", london("2027-01-10") - days * DAY)]
    assert due.data["days"] == days


def test_no_days_are_no_reminders(desk: Desk, acme: Company) -> None:
    membership = desk.grant(make.plan(desk.club), acme, at=NOON)

    desk.pass_time(since=NOON, until=FOREVER)

    assert told(desk.club) == ["membership.granted", "membership.expired"]
    assert Membership.objects.get(pk=membership.pk).remind_at is None


@pytest.mark.parametrize(
    ("zone", "end", "reminder"),
    [
        ("Europe/London", "2026-03-31", "2026-03-24 00:00"),  # the clocks went forward in between
        ("Europe/London", "2026-11-01", "2026-10-25 00:00"),  # back on that very day
        ("Europe/London", "2026-04-05 01:30", "2026-03-29 02:00"),  # at an hour that was skipped
        ("America/New_York", "2026-03-15 02:30", "2026-03-08 03:00"),
        ("Australia/Lord_Howe", "2026-10-11 02:15", "2026-10-04 02:30"),  # half an hour
        ("Asia/Tokyo", "2028-03-06", "2028-02-28 00:00"),  # over 29 February
        ("Asia/Tokyo", "2027-03-06", "2027-02-27 00:00"),
    ],
)
def test_days_are_local_whatever_the_clocks_do(desk: Desk, zone: str, end: str, reminder: str) -> None:
    ends_at, expected = (datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)) for text in (end, reminder))
    club = Desk.open(time_zone=zone)
    membership = club.grant(make.plan(club.club), make.customer(club.club), at=NOON, ends_at=ends_at)

    due, _ = club.pass_time(since=NOON, until=FOREVER)

    assert reminders(membership) == [("expiry_due", expected)]
    assert due.data["days"] == 7


def test_months_are_as_long_as_they_are(club: Desk) -> None:
    plan = make.plan(club.club)
    starts = (london("2026-01-31"), london("2026-02-28"), london("2026-03-31"))
    granted = [club.grant(plan, make.customer(club.club), at=NOON, starts_at=each) for each in starts]

    club.pass_time(since=NOON, until=FOREVER)

    assert [reminders(each) for each in granted] == [
        [("expiry_due", london("2026-02-21"))],
        [("expiry_due", london("2026-03-21"))],
        [("expiry_due", london("2026-04-23"))],
    ]


class TestShortTerms:
    @pytest.mark.parametrize(("days", "reminded"), [(1, False), (6, False), (7, False), (8, True), (30, True)])
    def test_nobody_is_reminded_as_a_term_begins(self, club: Desk, ada: Customer, days: int, reminded: bool) -> None:
        plan = make.plan(club.club, interval=Interval.DAY, interval_count=days)
        starts_at = london("2026-01-12")
        membership = club.grant(plan, ada, at=NOON, starts_at=starts_at)

        club.pass_time(since=NOON, until=FOREVER)

        expected = [("expiry_due", starts_at + (days - 7) * DAY)]
        assert reminders(membership) == (expected if reminded else [])

    def test_a_week_that_starts_in_the_middle_of_its_first_day_is_none_the_longer(
        self, club: Desk, ada: Customer
    ) -> None:
        membership = club.grant(make.plan(club.club, interval=Interval.WEEK), ada, at=NOON)

        club.pass_time(since=NOON, until=FOREVER)

        assert reminders(membership) == []

    def test_an_end_set_for_in_three_days_is_no_news(self, club: Desk, ada: Customer) -> None:
        membership = club.grant(make.plan(club.club), ada, at=NOON)
        club.pass_time(since=NOON, until=london("2026-02-08"))
        club.extend(membership, london("2026-02-11"), at=london("2026-02-08"))

        club.pass_time(since=london("2026-02-08"), until=FOREVER)

        assert reminders(membership) == [("expiry_due", REMINDER)]


class TestOncePerEnd:
    def test_each_further_end_is_reminded_of(self, club: Desk, ada: Customer) -> None:
        membership = club.grant(make.plan(club.club), ada, at=NOON)
        club.pass_time(since=NOON, until=london("2026-02-05"))
        club.renew(membership, at=london("2026-02-05"))
        club.pass_time(since=london("2026-02-05"), until=london("2026-03-05"))
        club.extend(membership, london("2026-03-31"), at=london("2026-03-05"))

        club.pass_time(since=london("2026-03-05"), until=FOREVER)

        assert reminders(membership) == [
            ("expiry_due", REMINDER),
            ("expiry_due", london("2026-03-03")),
            ("expiry_due", london("2026-03-24")),
        ]

    def test_an_end_that_was_renewed_before_is_not_reminded_of(self, club: Desk, ada: Customer) -> None:
        membership = club.grant(make.plan(club.club), ada, at=NOON)
        club.renew(membership, at=NOON + DAY)

        club.pass_time(since=NOON + DAY, until=FOREVER)

        assert reminders(membership) == [("expiry_due", london("2026-03-03"))]

    def test_other_changes_do_not_remind_twice(self, club: Desk, acme: Company) -> None:
        membership = club.grant(make.plan(club.club), acme, at=NOON)
        club.announce(at=REMINDER)
        club.change_seats(membership, 3, at=REMINDER + DAY)
        club.change_now(membership, make.plan(club.club), at=REMINDER + DAY)

        club.pass_time(since=REMINDER + DAY, until=FOREVER)

        assert reminders(membership) == [("expiry_due", REMINDER)]


class TestWhoIsNotReminded:
    def test_what_somebody_ended(self, club: Desk, ada: Customer) -> None:
        club.cancel_now(club.grant(make.plan(club.club), ada, at=NOON), at=NOON + DAY)
        club.revoke(club.grant(make.plan(club.club), ada, at=NOON), at=NOON + DAY)

        assert club.pass_time(since=NOON + DAY, until=FOREVER) == []

    def test_what_waits(self, club: Desk, ada: Customer) -> None:
        club.grant(make.plan(club.club), ada, at=NOON, await_approval=True, ends_at=END)

        assert club.pass_time(since=NOON, until=FOREVER) == []

    def test_who_leaves_at_the_periods_end_unless_they_think_better_of_it(self, club: Desk, ada: Customer) -> None:
        leaving, staying = (club.grant(make.plan(club.club), ada, at=NOON, renews=True) for _ in range(2))
        for each in (leaving, staying):
            club.cancel_at_period_end(each, at=NOON + DAY)
        club.undo_cancel(staying, at=NOON + 2 * DAY)

        club.pass_time(since=NOON + 2 * DAY, until=FOREVER)

        assert (reminders(leaving), reminders(staying)) == ([], [("renewal_due", REMINDER)])


class TestPauses:
    def test_a_pause_that_leaves_the_end_alone_leaves_the_reminder_too(self, club: Desk, ada: Customer) -> None:
        membership = club.grant(make.plan(club.club, pauses_allowed=True), ada, at=NOON)
        club.pause(membership, at=NOON)

        club.pass_time(since=NOON, until=FOREVER)

        assert reminders(membership) == [("expiry_due", REMINDER)]

    def test_a_pause_that_moves_the_end_moves_the_reminder(self, club: Desk, ada: Customer) -> None:
        plan = make.plan(club.club, pauses_allowed=True, pauses_extend=True)
        membership = club.grant(plan, ada, at=NOON)
        club.pause(membership, at=NOON, starts_at=london("2026-02-01"), ends_at=london("2026-02-11"))

        club.pass_time(since=NOON, until=FOREVER)

        assert reminders(membership) == [("expiry_due", london("2026-02-13"))]

    def test_while_an_extending_pause_is_open_nobody_knows_what_to_remind_of(self, club: Desk, ada: Customer) -> None:
        plan = make.plan(club.club, pauses_allowed=True, pauses_extend=True)
        membership = club.grant(plan, ada, at=NOON)
        club.pause(membership, at=london("2026-01-20"))
        assert club.pass_time(since=london("2026-01-20"), until=london("2026-03-20")) == []
        club.resume(membership, at=london("2026-03-20"))

        club.pass_time(since=london("2026-03-20"), until=FOREVER)

        assert reminders(membership) == [("expiry_due", london("2026-04-03"))]


def test_a_trial_is_reminded_of_as_what_it_is(club: Desk, ada: Customer) -> None:
    ends, renews = (make.plan(club.club, trial_days=14) for _ in range(2))
    trying = club.grant(ends, ada, at=NOON, trial=True)
    staying = club.grant(renews, ada, at=NOON, trial=True, renews=True)

    club.pass_time(since=NOON, until=FOREVER)

    assert reminders(trying) == [("expiry_due", london("2026-01-17"))]
    assert reminders(staying) == [("renewal_due", london("2026-01-17"))]


class TestLate:
    def test_a_reminder_says_how_many_days_are_left_when_it_comes(self, club: Desk, ada: Customer) -> None:
        club.grant(make.plan(club.club), ada, at=NOON)

        assert club.announce(at=london("2026-02-06 09:00")) == 1

        assert Event.objects.get(type="membership.expiry_due").data["days"] == 4

    @pytest.mark.parametrize("renews", [True, False])
    def test_an_end_that_has_passed_is_not_reminded_of(self, club: Desk, ada: Customer, renews: bool) -> None:
        membership = club.grant(make.plan(club.club), ada, at=NOON, renews=renews)

        club.announce(at=END)
        club.pass_time(since=END, until=FOREVER)

        assert reminders(membership) == []
        assert told(club.club) == ["membership.granted", "membership.expired"]


class TestPolicy:
    def test_a_later_policy_is_for_ends_booked_later(self, club: Desk, ada: Customer) -> None:
        membership = club.grant(make.plan(club.club), ada, at=NOON)
        club.club.reminder_days = 14
        club.club.save(update_fields=["reminder_days"])
        club.pass_time(since=NOON, until=london("2026-02-05"))
        club.renew(membership, at=london("2026-02-05"))

        club.pass_time(since=london("2026-02-05"), until=FOREVER)

        assert reminders(membership) == [("expiry_due", REMINDER), ("expiry_due", london("2026-02-24"))]

    def test_switched_off_reminders_stay_away_at_once(self, club: Desk, ada: Customer) -> None:
        membership = club.grant(make.plan(club.club), ada, at=NOON)
        club.club.reminder_days = 0
        club.club.save(update_fields=["reminder_days"])

        club.pass_time(since=NOON, until=FOREVER)

        assert reminders(membership) == []
        assert told(club.club) == ["membership.granted", "membership.expired"]

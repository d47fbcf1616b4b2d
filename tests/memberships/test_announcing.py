"""Announcing what comes of memberships: once each, in order of time, whoever does it and however late."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from tessera.events.models import Event
from tessera.events.types import Actor, EventType
from tessera.memberships import announcing
from tessera.memberships.errors import NothingToChange
from tessera.memberships.models import Membership
from tessera.organizations.clock import move_clock
from tessera.people.models import Company, Customer
from tests import make
from tests.memberships.desk import Desk, everything, london, refused, terms, told

pytestmark = pytest.mark.django_db

NOON = make.JAN_10
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
END = london("2026-02-10")


def lines(desk: Desk) -> list[tuple[str, datetime]]:
    """What was announced in the club, in order, and when."""
    found = Event.objects.filter(organization=desk.club, actor="system:announce").order_by("sequence")
    return [(event.type.removeprefix("membership."), event.at) for event in found]


def member(desk: Desk, *, at: datetime = NOON) -> Membership:
    return desk.grant(make.plan(desk.club), make.customer(desk.club), at=at)


class TestOrder:
    def test_a_test_clock_comes_by_everything_in_order_of_time(self, desk: Desk) -> None:
        club = Desk.open(test_now=NOON)
        plan = make.plan(club.club, pauses_allowed=True)
        noon = london("2026-02-03 12:00")
        club.grant(plan, make.customer(club.club), at=NOON, ends_at=noon)
        club.grant(plan, make.customer(club.club), at=NOON, starts_at=london("2026-02-03 09:00"))
        paused = club.grant(plan, make.customer(club.club), at=NOON, renews=True)
        club.pause(paused, at=NOON, starts_at=london("2026-02-03 08:00"), ends_at=london("2026-02-03 10:00"))
        to = london("2026-02-04")

        move_clock(organization=club.club, to=to, at=NOON, actor=Actor.system("tests"))

        assert lines(club) == [
            ("expiry_due", london("2026-01-27 12:00")),
            ("renewal_due", london("2026-02-03 00:00")),
            ("pause_started", london("2026-02-03 08:00")),
            ("started", london("2026-02-03 09:00")),
            ("pause_ended", london("2026-02-03 10:00")),
            ("expired", noon),
        ]
        assert told(club.club)[-1] == "organization.clock_moved"

    def test_downtime_is_caught_up_with_in_order(self, desk: Desk) -> None:
        club = Desk.open()
        plan = make.plan(club.club, pauses_allowed=True)
        membership = club.grant(plan, make.customer(club.club), at=NOON, starts_at=NOON + DAY)
        club.pause(membership, at=NOON, starts_at=NOON + 5 * DAY, ends_at=NOON + 9 * DAY)
        late = london("2026-02-07 12:00")

        assert club.announce(at=late) == 4

        assert lines(club) == [(each, late) for each in ("started", "pause_started", "pause_ended", "expiry_due")]
        assert club.announce(at=late) == 0

    def test_of_several_at_one_instant_the_cause_comes_first(self, desk: Desk, ada: Customer) -> None:
        starts_at = NOON + DAY
        membership = desk.grant(make.plan(desk.club, pauses_allowed=True), ada, at=NOON, starts_at=starts_at)
        desk.pause(membership, at=NOON, starts_at=starts_at, ends_at=starts_at + DAY)

        desk.pass_time(since=NOON, until=NOON + 9 * DAY)

        assert lines(desk) == [
            ("started", starts_at),
            ("pause_started", starts_at),
            ("pause_ended", starts_at + DAY),
        ]


class TestVerbs:
    def test_whoever_changes_a_membership_announces_first_what_came_before(self, desk: Desk, ada: Customer) -> None:
        membership = desk.grant(make.plan(desk.club, pauses_allowed=True), ada, at=NOON, starts_at=NOON + DAY)
        paused_at = NOON + 2 * DAY

        desk.pause(membership, at=paused_at)

        assert told(desk.club) == ["membership.granted", "membership.started", "membership.paused"]
        assert lines(desk) == [("started", paused_at)]
        assert Event.objects.get(type="membership.started").data["version"] == 1
        assert desk.announce(at=paused_at) == 0

    def test_an_expiry_is_announced_before_what_brings_the_membership_back(self, desk: Desk, ada: Customer) -> None:
        membership = desk.grant(make.plan(desk.club, revival_days=30), ada, at=NOON)

        desk.renew(membership, at=END + 3 * DAY)

        assert told(desk.club) == ["membership.granted", "membership.expired", "membership.renewed"]
        assert Event.objects.get(type="membership.expired").data["ends_at"] == "2026-02-10T00:00:00Z"
        assert desk.announce(at=END + 3 * DAY) == 0

    def test_a_refused_change_announces_nothing(self, desk: Desk, acme: Company) -> None:
        membership = desk.grant(make.plan(desk.club), acme, at=NOON, starts_at=NOON + DAY)

        with refused(NothingToChange, code="nothing_to_change"):
            desk.change_seats(membership, None, at=NOON + 2 * DAY)

        assert desk.announce(at=NOON + 2 * DAY) == 1

    def test_an_end_found_to_have_passed_in_an_hour_that_comes_twice_is_announced(self, desk: Desk) -> None:
        """Paused at 01:50, resumed at 01:10 of the second pass: no wall-clock time went by, the end at 01:55 did."""
        club = Desk.open()
        plan = make.plan(club.club, pauses_allowed=True, pauses_extend=True)
        first_pass = london("2026-10-25 01:00")
        ends_at, resumed_at = first_pass + timedelta(minutes=55), first_pass + timedelta(minutes=70)
        membership = club.grant(plan, make.customer(club.club), at=NOON, ends_at=ends_at)
        club.announce(at=first_pass)
        club.pause(membership, at=first_pass + timedelta(minutes=50))

        club.resume(membership, at=resumed_at)

        assert terms(membership)[-1][1] == ends_at
        assert club.announce(at=resumed_at) == 1
        assert told(club.club)[-2:] == ["membership.resumed", "membership.expired"]


class TestClaiming:
    def claimed_after(self, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]) -> None:
        """Between preparing a block and writing it, do something else."""
        record = announcing._record

        def late(*block: object) -> object:
            monkeypatch.setattr(announcing, "_record", record)
            meanwhile()
            return record(*block)  # type: ignore[arg-type]

        monkeypatch.setattr(announcing, "_record", late)

    def test_what_was_changed_meanwhile_is_left_to_who_changed_it(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        changed, other = member(desk), member(desk)
        self.claimed_after(monkeypatch, lambda: desk.renew(changed, at=END))

        assert desk.announce(at=END) == 1

        about = Event.objects.filter(organization=desk.club, type="membership.expired").order_by("sequence")
        assert [event.membership_id for event in about] == [changed.pk, other.pk]
        assert told(desk.club)[2:] == ["membership.expired", "membership.renewed", "membership.expired"]

    def test_what_was_announced_meanwhile_is_not_announced_again(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        member(desk)
        self.claimed_after(monkeypatch, lambda: desk.announce(at=END))

        assert desk.announce(at=END) == 0

        assert lines(desk) == [("expired", END)]


class TestSpeed:
    def test_where_nothing_is_due_one_look_is_all(
        self, desk: Desk, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        member(desk)
        before = everything()

        with django_assert_num_queries(1):
            assert announcing.run_due(organization=desk.club, at=NOON) == 0
        with django_assert_num_queries(1):
            assert announcing.organizations_due(NOON) == []
        with django_assert_num_queries(1):
            assert announcing.next_due(organization=desk.club, after=NOON, until=NOON + DAY) is None

        assert everything() == before

    def test_a_block_costs_the_same_statements_whatever_is_in_it(self, desk: Desk) -> None:
        other = Desk.open(reminder_days=0)
        counts = []
        for club, many in ((desk, 1), (other, 20)):
            for _ in range(many):
                member(club)
            with CaptureQueriesContext(connection) as queries:
                assert club.announce(at=END) == many
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_what_is_asked_often_is_asked_of_an_index(self, desk: Desk) -> None:
        if connection.vendor == "postgresql":
            # On a table of a few rows it is right to scan it, or to take any index: these have many.
            customer = make.customer(desk.club)
            Membership.objects.bulk_create(
                Membership(
                    organization=desk.club,
                    customer=customer,
                    created_at=NOON,
                    announced_until=NOON,
                    source="staff",
                    renews=False,
                )
                for _ in range(2_000)
            )
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE memberships_membership")
                cursor.execute("SET LOCAL enable_seqscan = off")
        with CaptureQueriesContext(connection) as queries:
            announcing.organizations_due(NOON)
            announcing.next_due(organization=desk.club, after=NOON, until=END)
            announcing.run_due(organization=desk.club, at=NOON)

        for query in queries.captured_queries:
            with connection.cursor() as cursor:
                cursor.execute(("EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN ") + query["sql"])
                plan = "\n".join(str(row) for row in cursor.fetchall())
            assert "membership_to_announce" in plan, plan
            assert "SCAN memberships_membership" not in plan
            assert "Seq Scan on memberships_membership" not in plan


class TestOrganizationsDue:
    def test_only_live_ones_in_which_something_is_due(self) -> None:
        due, not_yet, nothing = Desk.open(), Desk.open(reminder_days=0), Desk.open()
        tests = Desk.open(test_now=NOON)
        for desk in (due, not_yet, tests):
            member(desk)
        reminder = london("2026-02-03")

        assert announcing.organizations_due(reminder - timedelta.resolution) == []
        assert announcing.organizations_due(reminder) == [due.club.pk]
        assert set(announcing.organizations_due(END)) == {due.club.pk, not_yet.club.pk}
        due.announce(at=END)
        assert announcing.organizations_due(END) == [not_yet.club.pk]
        assert nothing.club.pk not in announcing.organizations_due(END)

    def test_kinds_are_counted_apart(self, desk: Desk) -> None:
        club = Desk.open()
        plan = make.plan(club.club)
        club.grant(plan, make.customer(club.club), at=NOON, starts_at=NOON + DAY)
        for _ in range(2):
            club.grant(plan, make.customer(club.club), at=NOON, ends_at=NOON + 3 * DAY)

        assert announcing.announce(organization=club.club, at=NOON + 5 * DAY) == {
            EventType.MEMBERSHIP_STARTED: 1,
            EventType.MEMBERSHIP_EXPIRED: 2,
        }
        assert announcing.announce(organization=club.club, at=NOON + 5 * DAY) == {}

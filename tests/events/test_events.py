"""One immutable line for each thing that happened: numbered without gaps, kept if and only if the change is."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from tessera import db
from tessera.core import clock
from tessera.core.ids import Prefix, new_id, to_text
from tessera.events import queries
from tessera.events import services as events
from tessera.events.models import Event, EventCounter
from tessera.events.types import Actor, EventType
from tessera.http.scopes import Scope
from tessera.organizations.models import Organization
from tests import make
from tests.http.client import Api

pytestmark = pytest.mark.django_db


def happen(club: Organization, what: EventType = EventType.PLAN_UPDATED, **about: object) -> None:
    line = events.Happened(
        organization_id=club.pk,
        type=what,
        at=make.JAN_10,
        actor=Actor.system("tests"),
        **about,  # type: ignore[arg-type]
    )
    events.record(line)


def _undone(club: Organization, what: EventType = EventType.PLAN_UPDATED) -> None:
    with suppress(ZeroDivisionError), db.transaction():
        happen(club, what)
        raise ZeroDivisionError


def numbers(club: Organization) -> list[int]:
    rows = Event.objects.filter(organization=club).order_by("sequence")
    return list(rows.values_list("sequence", flat=True))


def test_numbers_begin_at_one_in_each_organization() -> None:
    strand, other = make.organization(), make.organization()
    with db.transaction():
        for club in (strand, other, strand):
            happen(club)
    with db.transaction():
        happen(strand)

    assert (numbers(strand), numbers(other)) == ([1, 2, 3], [1])


@pytest.mark.parametrize("many", [1, 15, 16, 400])
def test_few_lines_and_many_are_written_alike(many: int) -> None:
    """Many at once go another way into the database: whatever is in them comes out again."""
    club, about = make.organization(), new_id()
    data = {
        "text": "tab\t, line\n, back\\slash, \\N, 'quote', \"double\", é 東 😀",
        "none": None,
        "list": [1, 2.5, True],
    }
    instant = make.JAN_10 + timedelta(microseconds=123_456)
    with db.transaction():
        for number in range(many):
            line = events.Happened(
                organization_id=club.pk,
                type=EventType.PLAN_UPDATED,
                at=instant,
                actor=Actor.system("tests"),
                customer_id=about if number % 2 else None,
                plan_id=about,
                data={**data, "number": number},
            )
            events.record(line)

    rows = list(Event.objects.filter(organization=club).order_by("sequence"))
    assert [row.data for row in rows] == [{**data, "number": number} for number in range(many)]
    assert [row.customer_id for row in rows] == [about if number % 2 else None for number in range(many)]
    assert {(row.at, row.plan_id, row.company_id, row.actor) for row in rows} == {
        (instant, about, None, "system:tests")
    }
    assert abs(rows[0].recorded_at - clock.now()) < timedelta(minutes=1)
    assert len({row.pk for row in rows}) == many
    assert numbers(club) == list(range(1, many + 1))


@pytest.mark.parametrize("many", [1, 400])
def test_a_number_that_is_taken_is_refused_and_nothing_is_written(many: int) -> None:
    club = make.organization()
    with db.transaction():
        happen(club)
    EventCounter.objects.filter(organization=club).update(last=0)

    def happen_often() -> None:
        with db.transaction():
            for _ in range(many):
                happen(club)

    with pytest.raises(IntegrityError):
        happen_often()

    assert numbers(club) == [1]
    assert EventCounter.objects.get(organization=club).last == 0


def test_order_within_a_transaction_is_kept() -> None:
    club = make.organization()
    with db.transaction():
        happen(club, EventType.PLAN_CREATED)
        with db.transaction():
            happen(club, EventType.PRICE_CREATED)
        happen(club, EventType.PLAN_ARCHIVED)

    assert [line.type for line in queries.feed(club).lines] == ["plan.created", "price.created", "plan.archived"]


def test_nothing_is_recorded_of_what_was_rolled_back() -> None:
    club = make.organization()
    _undone(club)
    with db.transaction():
        happen(club)

    assert numbers(club) == [1]


def test_a_part_that_was_rolled_back_takes_only_its_own_events_along() -> None:
    club = make.organization()
    with db.transaction():
        happen(club, EventType.PLAN_CREATED)
        _undone(club, EventType.PRICE_CREATED)
        happen(club, EventType.PLAN_ARCHIVED)

    lines = queries.feed(club).lines
    assert [(line.sequence, line.type) for line in lines] == [(1, "plan.created"), (2, "plan.archived")]


def test_recording_outside_a_transaction_is_a_bug() -> None:
    with pytest.raises(RuntimeError):
        happen(make.organization())


@pytest.mark.parametrize("change", ["UPDATE events_event SET actor = 'x'", "DELETE FROM events_event"])
def test_the_database_refuses_to_change_what_happened(change: str) -> None:
    club = make.organization()
    with db.transaction():
        happen(club)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)

    assert queries.feed(club).lines[0].actor == "system:tests"


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gaps_when_many_change_things_at_once() -> None:
    clubs = [make.organization(), make.organization()]
    threads, rounds = 4, 10
    start = threading.Barrier(threads)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            start.wait()
            for turn in range(rounds):
                _some_rolled_back(clubs if number % 2 else clubs[::-1], turn)
        except BaseException as failure:  # noqa: BLE001  (shown by the test, whatever it is)
            failures.append(failure)
        finally:
            connection.close()

    running = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()

    assert failures == []
    kept = threads * (rounds - rounds // 5)
    assert [numbers(club) for club in clubs] == [list(range(1, kept + 1))] * 2


def _some_rolled_back(clubs: list[Organization], turn: int) -> None:
    with suppress(ZeroDivisionError), db.transaction():
        for club in clubs:
            happen(club)
        if turn % 5 == 4:
            raise ZeroDivisionError


class TestFeed:
    def test_it_goes_on_where_it_stopped_and_misses_nothing(self) -> None:
        club = make.organization()
        api = Api(make.key(club, [Scope.EVENTS_READ])[1])
        with db.transaction():
            for _ in range(5):
                happen(club)
        seen: list[int] = []
        after, more = 0, True
        while more:
            page = api.get(f"/events?after={after}&limit=2").json
            seen += [line["sequence"] for line in page["data"]]
            after, more = page["next_after"], page["more"]

        assert seen == [1, 2, 3, 4, 5]
        assert api.get(f"/events?after={after}").json == {
            "data": [],
            "epoch": to_text(Prefix.FEED_EPOCH, club.pk),
            "next_after": 5,
            "more": False,
        }

    def test_it_can_be_narrowed(self) -> None:
        club, stranger = make.organization(), make.organization()
        ada, bob = make.customer(club), make.customer(club)
        api = Api(make.key(club)[1])
        with db.transaction():
            happen(club, EventType.CUSTOMER_CREATED, customer_id=ada.pk)
            happen(club, EventType.CUSTOMER_UPDATED, customer_id=ada.pk, data={"changed": ["name"]})
            happen(club, EventType.CUSTOMER_CREATED, customer_id=bob.pk)
            happen(stranger, EventType.CUSTOMER_CREATED)
        who = to_text(Prefix.CUSTOMER, ada.pk)

        assert len(api.get("/events").json["data"]) == 3
        assert len(api.get(f"/events?customer={who}").json["data"]) == 2
        assert [
            line["customer_id"] for line in api.get(f"/events?customer={who}&type=customer.created").json["data"]
        ] == [who]
        both = api.get("/events?type=customer.created&type=customer.updated").json["data"]
        assert [line["sequence"] for line in both] == [1, 2, 3]
        assert both[1]["data"] == {"changed": ["name"]}
        assert both[0]["at"] == "2026-01-10T12:00:00Z"

    def test_another_organizations_customer_has_no_events_here(self) -> None:
        club, stranger = make.organization(), make.organization()
        theirs = make.customer(stranger)
        with db.transaction():
            happen(stranger, EventType.CUSTOMER_CREATED, customer_id=theirs.pk)
        api = Api(make.key(club)[1])

        assert api.get(f"/events?customer={to_text(Prefix.CUSTOMER, theirs.pk)}").json["data"] == []

    @pytest.mark.parametrize(
        ("query", "pointer", "code"),
        [
            ("customer=Ada", "/customer", "event_filter_invalid"),
            ("company=cus_01h2xcejqtf2nbrexx3vqjhp41", "/company", "event_filter_invalid"),
            ("type=nothing.happened", "/type/0", "not_a_choice"),
            ("after=-1", "/after", "too_small"),
            ("after=99999999999999999999", "/after", "too_large"),
            ("limit=201", "/limit", "too_large"),
        ],
    )
    def test_a_filter_that_is_none_is_named(self, query: str, pointer: str, code: str) -> None:
        answer = Api(make.key(make.organization())[1]).get(f"/events?{query}")

        assert (answer.status, answer.faults) == (422, {pointer: code})

    def test_it_needs_its_scope(self) -> None:
        _, secret = make.key(make.organization(), [Scope.CUSTOMERS_READ])

        assert Api(secret).get("/events").code == "scope_missing"


def test_a_timeline_is_of_one_and_newest_first_and_has_the_past_of_the_merged() -> None:
    club = make.organization()
    ada, double, bob = (make.customer(club) for _ in range(3))
    with db.transaction():
        for who in (ada, bob, double, ada):
            happen(club, EventType.CUSTOMER_UPDATED, customer_id=who.pk)

    lines, cursor = queries.timeline(club, customer_id=ada.pk, merged_ids=[double.pk], limit=2)
    rest, end = queries.timeline(club, customer_id=ada.pk, merged_ids=[double.pk], limit=2, cursor=cursor)

    assert [line.sequence for line in lines + rest] == [4, 3, 1]
    assert end is None
    assert [line.sequence for line in queries.timeline(club, customer_id=bob.pk)[0]] == [2]

"""Receivers that are down, slow, confused, moved, gone or overrun: what happens is told in the end, and kept once."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine

from tessera.core.phrases import recalled
from tessera.events.models import Event
from tessera.webhooks import attempting
from tessera.webhooks.models import WebhookEndpoint
from tests import make
from tests.webhooks.club import Club, attempts, fresh, only, statuses, told
from tests.webhooks.receiver import (
    Answering,
    Call,
    Receiver,
    closing_midway,
    hanging_up,
    receiving,
    with_status,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
Moved = time_machine.Traveller


@pytest.fixture
def traveller() -> Iterator[Moved]:
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def pass_time(club: Club, endpoint: WebhookEndpoint, moved: Moved, *, until: datetime) -> None:
    """Run the sender whenever it asks to be run, as the clock goes on to `until`."""
    while (next_at := club.tell(endpoint)) is not None and next_at <= until:
        moved.move_to(next_at)
    moved.move_to(until)
    club.tell(endpoint)


def test_what_happens_while_a_receiver_is_down_for_hours_arrives_when_it_is_back(
    club: Club, receiver: Receiver, traveller: Moved
) -> None:
    endpoint = club.endpoint(receiver.url)
    receiver.otherwise = with_status(503)
    numbers = []
    for hour in range(6):
        traveller.move_to(NOON + timedelta(hours=hour))
        numbers += club.happens(5)
        pass_time(club, endpoint, traveller, until=NOON + timedelta(hours=hour, minutes=59))
    assert set(statuses(endpoint)) <= {"waiting", "retrying"}
    assert fresh(endpoint).failing_since == NOON
    tried = len(receiver.got)

    receiver.otherwise = with_status(200)
    pass_time(club, endpoint, traveller, until=NOON + timedelta(days=2))

    arrived = receiver.sequences[tried:]
    assert sorted(arrived) == numbers  # each once
    assert statuses(endpoint) == ["delivered"] * 30
    assert fresh(endpoint).failing_since is None
    # What was never tried, because the endpoint was left in peace, comes in sequence.
    retried = set(receiver.sequences[:tried])
    fresh_ones = [number for number in arrived if number not in retried]
    assert fresh_ones == sorted(fresh_ones)


def test_an_endpoint_that_is_down_is_not_asked_about_every_event(
    club: Club, receiver: Receiver, traveller: Moved
) -> None:
    endpoint = club.endpoint(receiver.url)
    receiver.otherwise = with_status(500)
    club.happens(500)

    pass_time(club, endpoint, traveller, until=NOON + timedelta(hours=1))

    assert 12 <= len(receiver.got) <= 25
    assert statuses(endpoint).count("waiting") >= 480


def test_a_message_is_tried_ten_times_and_then_given_up(club: Club, receiver: Receiver, traveller: Moved) -> None:
    endpoint = club.endpoint(receiver.url)
    receiver.otherwise = with_status(500, b"the disk is full")
    club.happens()
    times: list[datetime] = []
    receiver.answers = [noting(times, with_status(500, b"the disk is full"))] * 20

    pass_time(club, endpoint, traveller, until=NOON + timedelta(days=4))

    delivery = only(endpoint)
    assert (delivery.status, delivery.attempts, delivery.last_status_code) == ("failed", 10, 500)
    assert recalled(delivery.last_error) == "answered 500"
    assert delivery.finished_at == times[-1]
    assert attempts(endpoint) == [(1, number, 500, "status") for number in range(1, 11)]
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    wanted = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
    assert all(least <= gap <= least * 1.1 + 1 for gap, least in zip(gaps, wanted, strict=True))
    assert {got.id for got in receiver.got} == {receiver.got[0].id}
    assert len({got.headers["webhook-timestamp"] for got in receiver.got}) == 10
    assert all(got.verified_at(club.secrets[endpoint.pk], at) for got, at in zip(receiver.got, times, strict=True))


def noting(times: list[datetime], answering: Answering) -> Answering:
    def noted(call: Call) -> None:
        times.append(datetime.now(UTC))
        answering(call)

    return noted


def test_one_message_that_a_receiver_cannot_take_holds_no_other_up(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url)
    poison, *others = club.happens(30)

    def choosy(call: Call) -> None:
        call.reply(500 if receiver.got[-1].sequence == poison else 204)

    receiver.otherwise = choosy
    club.tell(endpoint)

    assert statuses(endpoint) == ["retrying"] + ["delivered"] * 29
    assert [number for number in receiver.sequences if number != poison] == others
    assert fresh(endpoint).failing_since is None


def test_500_then_200_is_delivered_at_the_second_attempt(club: Club, receiver: Receiver, traveller: Moved) -> None:
    endpoint = club.endpoint(receiver.url)
    receiver.answers = [with_status(500)]
    club.happens()

    next_at = club.tell(endpoint)

    assert next_at is not None
    assert NOON + timedelta(seconds=5) <= next_at <= NOON + timedelta(seconds=5.5)
    assert only(endpoint).next_at == next_at
    traveller.move_to(next_at - timedelta.resolution)
    assert club.tell(endpoint) == next_at
    assert len(receiver.got) == 1
    traveller.move_to(next_at)
    assert club.tell(endpoint) is None
    assert only(endpoint).status == "delivered"
    assert attempts(endpoint) == [(1, 1, 500, "status"), (1, 2, 204, "")]


@pytest.mark.parametrize(
    ("answering", "failure"),
    [(closing_midway, "broken_off"), (hanging_up, "broken_off"), (with_status(100), "broken_off")],
)
def test_a_receiver_that_breaks_off_is_asked_again(
    club: Club, receiver: Receiver, traveller: Moved, answering: Answering, failure: str
) -> None:
    endpoint = club.endpoint(receiver.url)
    receiver.answers = [answering]
    club.happens()

    pass_time(club, endpoint, traveller, until=NOON + timedelta(minutes=1))

    assert only(endpoint).status == "delivered"
    assert attempts(endpoint) == [(1, 1, None, failure), (1, 2, 204, "")]
    assert len({got.id for got in receiver.got}) == 1


def test_a_slow_receiver_is_not_waited_for(
    club: Club, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, traveller: Moved
) -> None:
    monkeypatch.setattr(attempting, "SECONDS", 0.3)
    endpoint = club.endpoint(receiver.url)
    slow, hurry = club.happens(2)
    released = hold(receiver)

    club.tell(endpoint)

    released()
    assert attempts(endpoint)[0] == (1, 1, None, "timed_out")
    assert 250 <= endpoint.deliveries.get(sequence=slow).attempts_made.get().milliseconds < 10_000
    assert statuses(endpoint) == ["retrying", "delivered"]
    assert receiver.sequences == [slow, hurry]


def hold(receiver: Receiver) -> Callable[[], None]:
    """Have the receiver sit on the next request until what is returned is called."""
    let_go = threading.Event()

    def holding(call: Call) -> None:
        let_go.wait(20)
        call.reply(204)

    receiver.answers = [holding]
    return let_go.set


def test_nobody_there_is_a_failure_like_others(club: Club, traveller: Moved) -> None:
    with receiving() as gone:
        endpoint = club.endpoint(gone.url)
    club.happens()

    club.tell(endpoint)

    (attempt,) = attempts(endpoint)
    assert attempt[:3] == (1, 1, None)
    assert only(endpoint).status == "retrying"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_never_followed(club: Club, receiver: Receiver, status: int) -> None:
    endpoint = club.endpoint(receiver.url)
    with receiving(allowed=False) as private, receiving() as public:
        receiver.answers = [with_status(status, Location=private.url), with_status(status, Location=public.url)]
        club.happens(2)

        club.tell(endpoint)

        assert private.got == public.got == []
    assert statuses(endpoint) == ["retrying", "retrying"]
    assert attempts(endpoint) == [(1, 1, status, "redirect")] * 2
    errors = {recalled(row.last_error) for row in endpoint.deliveries.all()}
    assert errors == {f"answered {status}: redirects are not followed"}


def test_an_address_that_has_become_a_private_one_is_not_called(club: Club) -> None:
    with receiving() as once_allowed:
        endpoint = club.endpoint(once_allowed.url)
    with receiving(allowed=False) as private:
        endpoint.url = private.url
        endpoint.save(update_fields=["url"])
        club.happens()

        club.tell(endpoint)

        assert private.got == []
    delivery = only(endpoint)
    assert (delivery.status, delivery.last_status_code) == ("retrying", None)
    assert recalled(delivery.last_error).startswith("not sent: ")
    assert attempts(endpoint) == [(1, 1, None, "refused")]
    assert fresh(endpoint).failing_since is not None


def test_410_ends_it(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url)
    receiver.answers = [with_status(204), with_status(410)]
    club.happens(4)

    assert club.tell(endpoint) is None

    assert len(receiver.got) == 2
    assert statuses(endpoint) == ["delivered", "failed", "waiting", "waiting"]
    known = fresh(endpoint)
    assert (known.disabled_reason, known.version, known.lease) == ("gone", 2, None)
    event = Event.objects.get(organization=club.organization, type="webhook_endpoint.disabled")
    assert (event.actor, event.at) == ("system:webhooks", make.JAN_10)
    assert event.data["reason"] == "gone"
    assert receiver.url not in str(event.data)


def test_days_without_a_success_disable_an_endpoint(club: Club, receiver: Receiver, traveller: Moved) -> None:
    endpoint, bystander = club.endpoint(receiver.url), club.endpoint("https://hooks.example.org")
    receiver.otherwise = with_status(500)
    club.happens()
    pass_time(club, endpoint, traveller, until=NOON + timedelta(days=4))
    assert only(endpoint).status == "failed"
    assert fresh(endpoint).disabled_at is None

    traveller.move_to(NOON + timedelta(days=6))
    club.happens()
    pass_time(club, endpoint, traveller, until=NOON + timedelta(days=6, minutes=20))
    assert fresh(endpoint).disabled_at is None  # a failure after a long silence may be a passing one
    pass_time(club, endpoint, traveller, until=NOON + timedelta(days=6, hours=1))

    known = fresh(endpoint)
    assert (known.disabled_reason, known.failing_since) == ("failing", NOON)
    assert told(club.organization)[-1] == "webhook_endpoint.disabled"
    assert fresh(bystander).disabled_at is None


def test_a_success_in_between_is_a_new_beginning(club: Club, receiver: Receiver, traveller: Moved) -> None:
    endpoint = club.endpoint(receiver.url)
    for day in range(12):
        receiver.otherwise = with_status(204 if day % 4 == 3 else 500)
        traveller.move_to(NOON + timedelta(days=day))
        club.happens()
        pass_time(club, endpoint, traveller, until=NOON + timedelta(days=day, hours=23))

    assert fresh(endpoint).disabled_at is None


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_that_asks_to_be_left_alone_is(
    club: Club, receiver: Receiver, traveller: Moved, status: int
) -> None:
    endpoint = club.endpoint(receiver.url)
    receiver.answers = [with_status(204), with_status(status, Retry_After="600")]
    numbers = club.happens(5)

    next_at = club.tell(endpoint)

    assert next_at == NOON + timedelta(minutes=10)
    assert len(receiver.got) == 2
    assert statuses(endpoint) == ["delivered", "retrying", "waiting", "waiting", "waiting"]
    traveller.move_to(next_at - timedelta(seconds=1))
    club.happens()
    assert club.tell(endpoint) == next_at
    assert len(receiver.got) == 2
    traveller.move_to(next_at)
    assert club.tell(endpoint) is None
    assert receiver.sequences == [*numbers[:2], *numbers[1:], numbers[-1] + 1]


def test_what_a_receiver_asks_for_can_be_a_date_and_has_a_bound(
    club: Club, receiver: Receiver, traveller: Moved
) -> None:
    endpoint = club.endpoint(receiver.url)
    receiver.answers = [
        with_status(429, Retry_After="Mon, 02 Mar 2026 12:30:00 GMT"),
        with_status(429, Retry_After="99999999"),
        with_status(500, Retry_After="99999999"),  # not of this status
    ]
    club.happens()

    half_past = NOON + timedelta(minutes=30)
    assert club.tell(endpoint) == half_past
    traveller.move_to(half_past)
    assert club.tell(endpoint) == half_past + timedelta(days=1)
    traveller.move_to(half_past + timedelta(days=1))
    last = club.tell(endpoint)
    assert last is not None
    assert last - (half_past + timedelta(days=1)) <= timedelta(minutes=33)


def test_what_does_not_open_any_more_is_said_and_not_sent(club: Club, receiver: Receiver) -> None:
    endpoint, other = club.endpoint(receiver.url), club.endpoint("https://hooks.example.org")
    endpoint.secret = other.secret  # sealed for another row
    endpoint.save(update_fields=["secret"])
    club.happens()

    club.tell(endpoint)

    assert receiver.got == []
    assert attempts(endpoint) == [(1, 1, None, "secret_unreadable")]

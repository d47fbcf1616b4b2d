"""Two senders at once, and whoever changes something meanwhile: real threads on a real file or server."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tessera import db
from tessera.core import clock
from tessera.events import queries as events
from tessera.webhooks import fan_out, leases, pruning, replaying, sending, services
from tessera.webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint
from tests import make
from tests.people.racing import at_once
from tests.scale import scaled
from tests.webhooks.club import ACTOR, Club, attempts, fresh, statuses, told
from tests.webhooks.receiver import Call, Receiver, with_status

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

ROUNDS = scaled(40)
CUSTOMERS = ["customer.*"]
by_us: dict[str, Any] = {"at": make.JAN_10, "actor": ACTOR}


@pytest.fixture
def club(transactional_db: None) -> Club:
    return Club(make.organization(test_now=make.JAN_10))


def sender(endpoint: WebhookEndpoint, *, seconds: float = 30.0) -> Callable[[], object]:
    """A sender that goes on until nothing is due."""

    def run() -> object:
        for _ in range(1_000):
            next_at = sending.send_due(endpoint.pk, now=clock.now, seconds=seconds)
            if next_at is None:
                return "nothing waits"
            time.sleep(max(0.0, min((next_at - clock.now()).total_seconds(), 0.05)))
        raise AssertionError("it never comes to an end")

    return run


def all_at_once(*runs: Callable[[], None]) -> None:
    """Do all of it at the same moment; whatever is raised in any of it is raised."""

    def finished(run: Callable[[], None]) -> Callable[[], str]:
        def go() -> str:
            run()
            return "done"

        return go

    at_once([finished(run) for run in runs])


def test_senders_at_once_neither_double_nor_reorder(club: Club, receiver: Receiver) -> None:
    for _ in range(ROUNDS):
        receiver.got.clear()
        endpoint = club.endpoint(receiver.url, event_types=CUSTOMERS)
        numbers = club.happens(40)
        club.react()

        # Turns that end after a moment make them hand over again and again.
        at_once([sender(endpoint, seconds=0.05)] * 4)

        assert receiver.sequences == numbers
        assert statuses(endpoint) == ["delivered"] * 40
        assert attempts(endpoint) == [(1, 1, 204, "")] * 40
        services.delete_endpoint(endpoint=endpoint, **by_us)


def test_only_one_sends_at_a_time(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=CUSTOMERS)
    at_the_same_time, most, guard = [0], [0], threading.Lock()

    def counting(call: Call) -> None:
        with guard:
            at_the_same_time[0] += 1
            most[0] = max(most[0], at_the_same_time[0])
        time.sleep(0.002)
        with guard:
            at_the_same_time[0] -= 1
        call.reply(200)

    receiver.otherwise = counting
    club.happens(scaled(300))
    club.react()

    at_once([sender(endpoint, seconds=0.02)] * 4)

    assert most == [1]
    assert set(statuses(endpoint)) == {"delivered"}


def test_of_several_who_want_the_turn_one_gets_it(club: Club) -> None:
    for _ in range(ROUNDS):
        endpoint = club.endpoint("https://hooks.example.org")
        at = clock.now()
        taken = at_once([lambda: leases.take(endpoint.pk, at=at) is not None] * 4)  # noqa: B023
        assert sorted(map(bool, taken)) == [False, False, False, True]
        services.delete_endpoint(endpoint=endpoint, **by_us)


def test_a_sender_that_died_is_taken_over_when_its_lease_is_over(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=CUSTOMERS)
    club.happens(3)
    club.react()
    died_at = clock.now() - leases.LEASE
    assert leases.take(endpoint.pk, at=died_at) is not None
    assert leases.take(endpoint.pk, at=died_at + leases.LEASE / 2) is None

    club.tell(endpoint)

    assert statuses(endpoint) == ["delivered"] * 3


def test_a_sender_finds_the_turn_taken_and_comes_back_when_it_must_be_over(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=CUSTOMERS)
    club.happens()
    club.react()
    at = clock.now()
    leases.take(endpoint.pk, at=at)

    assert club.send(endpoint) == at + leases.LEASE
    assert receiver.got == []


def test_a_sender_that_was_thought_dead_changes_nothing_but_its_own_attempt(club: Club, receiver: Receiver) -> None:
    """Stopped (a machine asleep) in the middle of a message, it is taken over; then it wakes up."""
    endpoint = club.endpoint(receiver.url, event_types=CUSTOMERS)
    club.happens(2)
    club.react()
    asleep, woken = threading.Event(), threading.Event()

    def sleeping(call: Call) -> None:
        asleep.set()
        woken.wait(20)
        call.reply(200)

    receiver.answers = [sleeping]

    def first() -> None:
        sending.send_due(endpoint.pk, now=clock.now)

    def second() -> None:
        asleep.wait(20)
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(leased_until=clock.now())
        sender(endpoint)()
        woken.set()

    all_at_once(first, second)

    assert statuses(endpoint) == ["delivered"] * 2
    assert attempts(endpoint) == [(1, 1, 204, "")] * 2  # of the one both tried, that which was written first
    assert DeliveryAttempt.objects.filter(delivery__endpoint=endpoint).count() == 2
    assert fresh(endpoint).lease is None
    assert Counter(receiver.sequences).most_common(1)[0][1] == 2  # the one it slept over came twice, with one id
    assert len({got.id for got in receiver.got}) == 2


def test_what_happens_while_messages_are_sent_is_sent_too(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=CUSTOMERS)
    many, done = scaled(200), threading.Event()

    def happening() -> None:
        for _ in range(many):
            club.happens()
            club.react()
        done.set()

    def sending_on() -> None:
        while not done.is_set() or endpoint.deliveries.exclude(status="delivered").exists():
            sending.send_due(endpoint.pk, now=clock.now)
            time.sleep(0.001)

    all_at_once(happening, sending_on, sending_on)

    assert receiver.sequences == sorted(receiver.sequences)
    assert len(receiver.got) == many
    assert statuses(endpoint) == ["delivered"] * many


def test_everything_arrives_at_least_once_whatever_is_done_meanwhile(club: Club, receiver: Receiver) -> None:
    """Rotations, replays, turning off and on, and a receiver that fails now and then."""
    endpoint = club.endpoint(receiver.url, event_types=CUSTOMERS)
    many, done = scaled(120), threading.Event()
    calls = [0]

    def moody(call: Call) -> None:
        calls[0] += 1
        call.reply(500 if calls[0] % 7 == 0 else 200)

    receiver.otherwise = moody

    def happening() -> None:
        for _ in range(many):
            club.happens()
            club.react()
        done.set()

    def meddling() -> None:
        while not done.is_set():
            services.rotate_secret(endpoint=endpoint, **by_us)
            services.disable_endpoint(endpoint=endpoint, **by_us)
            services.enable_endpoint(endpoint=endpoint, **by_us)
            replaying.replay(endpoint=endpoint, from_sequence=1, undelivered_only=True, **by_us)
            pruning.prune(at=clock.now())

    def sending_on() -> None:
        while not done.is_set():
            sending.send_due(endpoint.pk, now=clock.now, seconds=0.2)

    all_at_once(happening, meddling, sending_on, sending_on)
    receiver.otherwise = with_status(200)
    replaying.replay(endpoint=endpoint, from_sequence=1, undelivered_only=True, **by_us)
    Delivery.objects.filter(status="retrying").update(next_at=clock.now())
    WebhookEndpoint.objects.update(quiet_until=None)
    club.tell(endpoint)

    happened = [number for number, what in enumerate(told(club.organization), start=1) if what == "customer.updated"]
    assert sorted(set(receiver.sequences)) == happened
    assert statuses(endpoint) == ["delivered"] * many
    kept = DeliveryAttempt.objects.filter(delivery__endpoint=endpoint).values_list("delivery", "round", "number")
    assert len(kept) == len(set(kept)) == len(receiver.got)


def test_replays_at_once_and_the_events_themselves_make_one_delivery_each(club: Club) -> None:
    for _ in range(ROUNDS):
        endpoint = club.endpoint("https://hooks.example.org", event_types=CUSTOMERS)
        numbers = club.happens(20)
        lines = events.feed(club.organization, after=numbers[0] - 1, limit=20).lines

        def deliver() -> None:
            with db.transaction():
                fan_out.deliver(club.organization, lines)  # noqa: B023

        def replay() -> None:
            replaying.replay(endpoint=endpoint, from_sequence=numbers[0], to_sequence=numbers[-1], **by_us)  # noqa: B023

        all_at_once(deliver, replay, replay)

        assert sorted(endpoint.deliveries.values_list("sequence", flat=True)) == numbers
        club.seen = club.last_sequence
        services.delete_endpoint(endpoint=endpoint, **by_us)


def test_of_several_who_make_the_twentieth_endpoint_one_does(club: Club) -> None:
    for _ in range(19):
        club.endpoint("https://hooks.example.org")

    def make_one() -> object:
        return services.create_endpoint(organization=club.organization, url="https://hooks.example.org", **by_us)

    outcomes = at_once([make_one] * 4)

    refused = [getattr(each, "code", "") for each in outcomes]
    assert Counter(refused) == {"": 1, "too_many_webhook_endpoints": 3}
    assert WebhookEndpoint.objects.count() == 20

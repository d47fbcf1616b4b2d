"""Sending again: one message, a range, all since; with the same ids, and with their history."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from tessera.events.models import Event
from tessera.events.types import EventType
from tessera.organizations.models import Organization
from tessera.webhooks import replaying, services
from tessera.webhooks.errors import EndpointDisabled, ReplayInvalid
from tessera.webhooks.models import Delivery, WebhookEndpoint
from tests import make
from tests.webhooks.club import ACTOR, Club, attempts, meanwhile, only, statuses, told
from tests.webhooks.receiver import Receiver, with_status

pytestmark = pytest.mark.django_db

NOON = make.FEB_10
by_us: dict[str, Any] = {"at": make.JAN_10, "actor": ACTOR}
CUSTOMERS = ["customer.*"]


def again(delivery: Delivery) -> Delivery:
    return replaying.replay_delivery(delivery=delivery, **by_us)


def test_a_delivered_message_is_sent_again_with_its_id_and_keeps_its_history(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=CUSTOMERS)
    club.happens()
    club.tell(endpoint)

    delivery = again(only(endpoint))

    assert (delivery.status, delivery.round, delivery.attempts, delivery.finished_at) == ("waiting", 2, 0, None)
    club.tell(endpoint)
    first, second = receiver.got
    assert first.id == second.id
    assert attempts(endpoint) == [(1, 1, 204, ""), (2, 1, 204, "")]
    event = Event.objects.filter(organization=club.organization).latest("sequence")
    assert event.type == "webhook_endpoint.replayed"
    assert event.data["deliveries"] == 1


def test_one_that_waits_already_stays_as_it_is(club: Club) -> None:
    endpoint = club.endpoint("https://hooks.example.org", event_types=CUSTOMERS)
    club.happens()
    club.react()

    delivery = again(only(endpoint))

    assert (delivery.status, delivery.round) == ("waiting", 1)
    assert "webhook_endpoint.replayed" not in told(club.organization)


def test_one_that_is_being_retried_is_sent_at_once(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=CUSTOMERS)
    receiver.answers = [with_status(500)]
    club.happens()
    club.tell(endpoint)
    assert only(endpoint).status == "retrying"

    again(only(endpoint))
    club.tell(endpoint)

    assert only(endpoint).status == "delivered"
    assert attempts(endpoint) == [(1, 1, 500, "status"), (2, 1, 204, "")]


def test_one_that_was_given_up_has_ten_attempts_again(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=CUSTOMERS)
    receiver.otherwise = with_status(500)
    club.happens()
    with time_machine.travel(NOON, tick=False) as moved:
        for _ in range(2):
            while (next_at := club.tell(endpoint)) is not None:
                moved.move_to(next_at)
            delivery = endpoint.deliveries.get(type="customer.updated")
            assert delivery.status == "failed"
            receiver.answers = [with_status(204)]
            club.test(endpoint)  # so that it does not count as failing for days
            club.tell(endpoint)
            again(delivery)
    assert [each[:2] for each in attempts(endpoint) if each[2] == 500] == [
        (turn, number) for turn in (1, 2) for number in range(1, 11)
    ]


def test_a_replay_while_the_message_is_sent_is_sent_after_it(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=CUSTOMERS)
    receiver.answers = [with_status(500)]
    club.happens()
    with time_machine.travel(NOON, tick=False) as moved:
        next_at = club.tell(endpoint)
        assert next_at is not None
        moved.move_to(next_at)
        with meanwhile(1, lambda: again(only(endpoint))):
            club.tell(endpoint)

    delivery = only(endpoint)
    assert (delivery.status, delivery.round, delivery.attempts) == ("delivered", 2, 1)
    assert attempts(endpoint) == [(1, 1, 500, "status"), (1, 2, 204, ""), (2, 1, 204, "")]


def test_a_range_is_sent_again_as_far_as_the_endpoint_wants_it(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=CUSTOMERS)
    numbers = club.happens(6)
    club.happens(what=EventType.PLAN_UPDATED)
    club.tell(endpoint)

    replayed = club.replay(endpoint, from_sequence=numbers[1], to_sequence=numbers[4])

    assert replayed == replaying.Replayed(4, numbers[4], more=False)
    club.tell(endpoint)
    assert receiver.sequences == [*numbers, *numbers[1:5]]
    event = Event.objects.filter(organization=club.organization).latest("sequence")
    assert {name: event.data[name] for name in ("deliveries", "from_sequence", "to_sequence")} == {
        "deliveries": 4, "from_sequence": numbers[1], "to_sequence": numbers[4],
    }  # fmt: skip


def test_asking_twice_at_once_is_asking_once(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=CUSTOMERS)
    numbers = club.happens(3)
    club.tell(endpoint)

    assert club.replay(endpoint, from_sequence=numbers[0]).deliveries == 3
    assert club.replay(endpoint, from_sequence=numbers[0]).deliveries == 0

    club.tell(endpoint)
    assert len(receiver.got) == 6
    assert told(club.organization).count("webhook_endpoint.replayed") == 1


def test_what_happened_while_it_was_off_or_not_wanted_can_be_had(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=["plan.*"])
    missed = club.happens(2)
    services.disable_endpoint(endpoint=endpoint, **by_us)
    missed += club.happens(2)
    club.tell(endpoint)
    services.update_endpoint(endpoint=endpoint, event_types=CUSTOMERS, **by_us)
    services.enable_endpoint(endpoint=endpoint, **by_us)

    assert club.replay(endpoint, from_sequence=1, undelivered_only=True).deliveries == 4
    club.tell(endpoint)

    assert receiver.sequences == missed


def test_only_what_did_not_arrive(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=CUSTOMERS)
    numbers = club.happens(3)
    club.tell(endpoint)
    Delivery.objects.filter(sequence=numbers[1]).update(status="failed")

    assert club.replay(endpoint, from_sequence=1, undelivered_only=True).deliveries == 1
    club.tell(endpoint)

    assert receiver.sequences == [*numbers, numbers[1]]


def test_all_since_an_instant(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=CUSTOMERS)
    with time_machine.travel(NOON, tick=False) as moved:
        hours = []
        for hour in range(40):
            moved.move_to(NOON + timedelta(hours=hour))
            hours += club.happens()
        club.tell(endpoint)

        for since, first in ((NOON, 0), (NOON + timedelta(hours=17), 17), (NOON + timedelta(hours=17, seconds=1), 18)):
            replayed = club.replay(endpoint, since=since)
            assert replayed.deliveries == 40 - first
            receiver.got.clear()
            club.tell(endpoint)
            assert receiver.sequences == hours[first:]
        assert club.replay(endpoint, since=NOON + timedelta(days=9)) == replaying.Replayed(0, None, more=False)


def test_a_long_range_is_sent_part_by_part(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "MOST", 5)
    endpoint = club.endpoint("https://hooks.example.org", event_types=CUSTOMERS)
    numbers = club.happens(12)

    parts, first = [], numbers[0]
    while True:
        replayed = club.replay(endpoint, from_sequence=first)
        parts.append(replayed.deliveries)
        if not replayed.more or replayed.last_sequence is None:
            break
        first = replayed.last_sequence + 1

    assert parts == [5, 5, 2]
    assert statuses(endpoint) == ["waiting"] * 12


def test_what_a_replay_took_up_first_is_not_delivered_twice(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=CUSTOMERS)
    numbers = club.happens(3)

    club.replay(endpoint, from_sequence=numbers[0])  # nobody has reacted to these yet
    club.tell(endpoint)

    assert receiver.sequences == numbers


@pytest.mark.parametrize(
    "said",
    [{}, {"to_sequence": 5}, {"from_sequence": 5, "since": NOON}, {"from_sequence": 5, "to_sequence": 4}],
)
def test_what_is_no_range_is_refused(club: Club, said: dict[str, Any]) -> None:
    endpoint = club.endpoint("https://hooks.example.org")
    with pytest.raises(ReplayInvalid):
        club.replay(endpoint, **said)


def test_nothing_is_replayed_to_an_endpoint_that_is_off(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url)
    club.happens()
    club.tell(endpoint)
    services.disable_endpoint(endpoint=endpoint, **by_us)
    for ask in (lambda: club.replay(endpoint, from_sequence=1), lambda: again(only(endpoint))):
        with pytest.raises(EndpointDisabled):
            ask()
    assert statuses(endpoint) == ["delivered"]


def test_others_are_left_alone(club: Club, bystander: Organization) -> None:
    def with_two(each: Club) -> list[WebhookEndpoint]:
        rows = [each.endpoint("https://hooks.example.org", event_types=CUSTOMERS) for _ in range(2)]
        each.happens(2)
        each.react()
        Delivery.objects.filter(endpoint__in=rows).update(status="delivered", finished_at=NOON)
        return rows

    elsewhere = with_two(Club(bystander))
    one, other = with_two(club)

    club.replay(one, from_sequence=1)

    assert statuses(one) == ["waiting"] * 2
    assert statuses(other) == statuses(elsewhere[0]) == ["delivered"] * 2

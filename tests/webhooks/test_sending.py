"""What an endpoint gets: every event it wants, in sequence, signed, once where nothing fails."""

import json

import pytest
import time_machine

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.events.types import EventType
from tests import make
from tests.http.client import Api
from tests.webhooks.club import Club, attempts, fresh, only, statuses
from tests.webhooks.receiver import Receiver, with_status

pytestmark = pytest.mark.django_db


def test_events_arrive_in_sequence_each_once(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url)
    numbers = club.happens(60)

    assert club.tell(endpoint) is None

    assert receiver.sequences == numbers
    assert statuses(endpoint) == ["delivered"] * 60
    assert attempts(endpoint) == [(1, 1, 204, "")] * 60
    assert club.tell(endpoint) is None
    assert len(receiver.got) == 60


def test_a_message_says_what_the_feed_says(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url)
    ada = make.customer(club.organization)
    club.happens(what=EventType.CUSTOMER_UPDATED, customer_id=ada.pk, data={"fields": ["locale"]})

    club.tell(endpoint)

    (got,) = receiver.got
    event = Event.objects.get(organization=club.organization, type="customer.updated")
    assert got.path == "/hooks"
    assert got.id == ids.to_text(Prefix.EVENT, event.pk)
    assert got.headers["content-type"] == "application/json"
    assert got.headers["user-agent"].startswith("Tessera/")
    message = got.verified(club.secrets[endpoint.pk])
    assert message["type"] == "customer.updated"
    assert message["timestamp"] == "2026-01-10T12:00:00Z"
    (line,) = Api(make.key(club.organization)[1]).get("/events?type=customer.updated").json["data"]
    assert {name: message["data"][name] for name in line} == line
    assert message["data"]["id"] == got.id
    assert message["data"]["epoch"] == Api(make.key(club.organization)[1]).get("/organization").json["feed_epoch"]
    assert message["data"]["data"] == {"fields": ["locale"]}
    assert message["data"]["object"] == {
        "type": "customer", "id": ids.to_text(Prefix.CUSTOMER, ada.pk), "version": 1, "deleted": False,
    }  # fmt: skip


def test_what_was_answered_is_kept_as_far_as_it_is_of_use(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url)
    receiver.otherwise = with_status(200, b"taken\0" + b"\xff" + b"x" * 5_000)
    club.happens()

    club.tell(endpoint)

    attempt = only(endpoint).attempts_made.get()
    assert attempt.response_body == "taken\ufffd\ufffd" + "x" * 2_041
    assert (attempt.status_code, attempt.failure, attempt.detail) == (200, "", "")
    assert 0 <= attempt.milliseconds < 10_000


@time_machine.travel(make.JAN_10, tick=False)
def test_an_endpoint_that_takes_everything_is_well(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url)
    club.happens(2)

    club.tell(endpoint)

    known = fresh(endpoint)
    assert (known.last_success_at, known.failing_since, known.failures) == (make.JAN_10, None, 0)
    assert (known.lease, known.version) == (None, 1)
    assert [row.finished_at for row in endpoint.deliveries.all()] == [make.JAN_10, make.JAN_10]


def test_a_job_stops_when_its_time_is_over_and_says_that_there_is_more(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url)
    club.happens(3)
    club.react()

    next_at = club.send(endpoint, seconds=0)

    assert next_at is not None
    assert receiver.got == []
    club.tell(endpoint)
    assert len(receiver.got) == 3


def test_what_cannot_be_made_holds_nothing_up(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url)
    club.happens(3)
    club.react()
    lost = endpoint.deliveries.order_by("sequence")[1]
    endpoint.deliveries.filter(pk=lost.pk).update(event_id=ids.new_id())

    club.tell(endpoint)

    assert statuses(endpoint) == ["delivered", "retrying", "delivered"]
    assert [failure for _, _, _, failure in attempts(endpoint)] == ["", "not_made", ""]
    assert json.loads(receiver.got[-1].body)["data"]["sequence"] == lost.sequence + 1

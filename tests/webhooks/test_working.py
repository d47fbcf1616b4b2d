"""From a change to the receiver, through the jobs: with a worker, and on another Tasks backend."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings

from tessera.config import reactions, schedule
from tessera.core import clock
from tessera.jobs.models import Job
from tessera.jobs.queue import Again
from tessera.jobs.types import State
from tessera.webhooks import leases, services, tasks
from tessera.webhooks.models import Delivery, WebhookEndpoint
from tests import make
from tests.jobs.test_enqueueing import IMMEDIATE
from tests.jobs.test_worker import until, working
from tests.webhooks.club import ACTOR, Club, attempts, fresh, only, statuses
from tests.webhooks.jobs import waking
from tests.webhooks.receiver import Receiver, with_status

by_us: dict[str, Any] = {"at": make.JAN_10, "actor": ACTOR}


@pytest.fixture
def committed(transactional_db: None) -> Club:
    """A club whose records other connections see."""
    return Club(make.organization(test_now=make.JAN_10))


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_a_change_is_told_by_a_worker(committed: Club, receiver: Receiver) -> None:
    endpoint = committed.endpoint(receiver.url)
    receiver.answers = [with_status(500)]
    with working(patience=20):
        customer = committed.happens()
        until(lambda: statuses(endpoint).count("delivered") == 2)  # its own making, and what happened
        test = services.send_test(endpoint=endpoint, **by_us)
        until(lambda: Delivery.objects.get(pk=test.pk).status == "delivered")
        until(lambda: set(statuses(endpoint)) == {"delivered"})

    assert customer[0] in [got.sequence for got in receiver.got if got.type == "customer.updated"]
    assert attempts(endpoint)[0] == (1, 1, 500, "status")
    assert not Job.objects.filter(state=State.PARKED).exists()


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_several_workers_send_in_sequence(committed: Club, receiver: Receiver) -> None:
    endpoint = committed.endpoint(receiver.url, event_types=["customer.*"])
    with working(patience=20), working(patience=20):
        for _ in range(30):
            committed.happens()
        until(lambda: statuses(endpoint) == ["delivered"] * 30)

    assert receiver.sequences == sorted(receiver.sequences)
    assert len(receiver.got) == 30


@pytest.mark.django_db(transaction=True)
def test_a_backend_that_knows_no_keys_and_no_later_does_too(committed: Club, receiver: Receiver) -> None:
    with override_settings(TASKS=IMMEDIATE):
        endpoint = committed.endpoint(receiver.url, event_types=["customer.*"])
        numbers = committed.happens(3)
        assert receiver.sequences == numbers

        receiver.answers = [with_status(500)]
        committed.happens()
        assert statuses(endpoint)[-1] == "retrying"
        Delivery.objects.filter(status="retrying").update(next_at=clock.now())
        tasks.wake_due.call()
        assert statuses(endpoint) == ["delivered"] * 4


@pytest.mark.django_db
def test_a_job_asks_to_be_run_again_when_something_will_be_due(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url)
    receiver.answers = [with_status(500)]
    club.happens()
    club.react()

    with pytest.raises(Again) as again:
        tasks.send.call(str(endpoint.pk))

    assert 4 < again.value.seconds <= 5.5
    Delivery.objects.update(next_at=clock.now() - timedelta(seconds=1))
    tasks.send.call(str(endpoint.pk))
    assert only(endpoint).status == "delivered"


@pytest.mark.django_db
def test_a_job_of_an_endpoint_that_is_gone_does_nothing(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url)
    club.happens()
    club.react()
    services.delete_endpoint(endpoint=endpoint, **by_us)
    tasks.send.call(str(endpoint.pk))
    tasks.prune.call()
    tasks.send.call(str(endpoint.pk))
    assert receiver.got == []
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.django_db
def test_lost_wake_ups_are_made_up_for(club: Club) -> None:
    endpoint, busy = (club.endpoint("https://hooks.example.org") for _ in range(2))
    club.endpoint("https://hooks.example.org", event_types=["plan.*"])
    club.happens()
    club.react()
    Job.objects.all().delete()
    leases.take(busy.pk, at=clock.now())

    with waking() as woken:
        tasks.wake_due.call()

    assert woken == [endpoint.pk]
    assert fresh(endpoint).lease is None


def test_the_lists_of_what_follows_and_what_is_periodic_know_webhooks() -> None:
    assert "webhooks" in reactions.REACTIONS
    assert {each.task for each in schedule.SCHEDULE.periodic} >= {tasks.wake_due, tasks.prune}

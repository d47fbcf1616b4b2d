"""One delivery for each endpoint that wants an event, whatever is handed in how often."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tessera import db
from tessera.events import queries as events
from tessera.events.types import EventType
from tessera.jobs.models import Job
from tessera.organizations.models import Organization
from tessera.webhooks import fan_out, services
from tessera.webhooks.models import Delivery
from tests import make
from tests.webhooks.club import ACTOR, Club, only
from tests.webhooks.jobs import waking

pytestmark = pytest.mark.django_db

HOOKS = "https://hooks.example.org/tessera"


def deliver(club: Club) -> None:
    lines = events.feed(club.organization, after=club.seen, limit=200).lines
    with db.transaction():
        fan_out.deliver(club.organization, lines)


def test_each_endpoint_gets_what_it_wants(club: Club) -> None:
    everything = club.endpoint(HOOKS)
    catalogue = club.endpoint(HOOKS, event_types=["plan.*", "price.created"])
    off = services.disable_endpoint(endpoint=club.endpoint(HOOKS), at=make.JAN_10, actor=ACTOR)
    club.seen = club.last_sequence
    for what in (EventType.CUSTOMER_UPDATED, EventType.PLAN_UPDATED, EventType.PRICE_UPDATED, EventType.PRICE_CREATED):
        club.happens(what=what)

    deliver(club)

    got = {
        endpoint.pk: list(endpoint.deliveries.order_by("sequence").values_list("type", flat=True))
        for endpoint in (everything, catalogue, off)
    }
    assert got == {
        everything.pk: ["customer.updated", "plan.updated", "price.updated", "price.created"],
        catalogue.pk: ["plan.updated", "price.created"],
        off.pk: [],
    }


def test_what_is_handed_in_twice_is_delivered_once(club: Club) -> None:
    endpoint = club.endpoint(HOOKS)
    club.happens(3)

    deliver(club)
    deliver(club)

    assert endpoint.deliveries.count() == 3


def test_another_organizations_endpoints_hear_nothing(club: Club, bystander: Organization) -> None:
    elsewhere = Club(bystander).endpoint(HOOKS)
    club.endpoint(HOOKS)
    club.happens()

    deliver(club)

    assert not elsewhere.deliveries.exists()


def test_without_an_endpoint_one_query_is_all(club: Club) -> None:
    club.happens(10)
    lines = events.feed(club.organization).lines

    with db.transaction(), CaptureQueriesContext(connection) as queries:
        fan_out.deliver(club.organization, lines)

    assert len(queries) == 1


def test_a_block_of_events_costs_one_insert(club: Club) -> None:
    club.endpoint(HOOKS)
    club.endpoint(HOOKS)
    counts = []
    for many in (1, 200):
        club.happens(many)
        lines = events.feed(club.organization, after=club.seen, limit=200).lines
        with db.transaction(), CaptureQueriesContext(connection) as queries:
            fan_out.deliver(club.organization, lines)
        counts.append(sum("webhooks_delivery" in query["sql"] for query in queries))
        club.seen = club.last_sequence
    assert counts == [1, 1]
    assert Delivery.objects.count() == 2 * 201


def test_a_sender_is_woken_for_each_endpoint_that_has_something_to_get(club: Club) -> None:
    wants, _other = club.endpoint(HOOKS), club.endpoint(HOOKS, event_types=["plan.*"])
    club.happens()

    with waking() as woken:
        deliver(club)

    assert woken == [wants.pk]


def test_a_sender_is_woken_for_what_no_event_brought(club: Club) -> None:
    quiet = club.endpoint(HOOKS, event_types=["plan.*"])
    club.test(quiet)

    with waking() as woken:
        deliver(club)

    assert woken == [quiet.pk]
    assert only(quiet).type == "webhook.test"


def test_nothing_is_delivered_if_the_transaction_is_undone(club: Club) -> None:
    endpoint = club.endpoint(HOOKS)
    club.happens()
    lines = events.feed(club.organization, after=club.seen).lines

    with pytest.raises(ZeroDivisionError):
        _undone(lambda: fan_out.deliver(club.organization, lines))

    assert not endpoint.deliveries.exists()
    assert not Job.objects.filter(task="tessera.webhooks.tasks.send").exists()


def _undone(run: Callable[[], None]) -> None:
    with db.transaction():
        run()
        raise ZeroDivisionError

"""What is read of deliveries costs the same however many there are: by an index, on both databases."""

from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest
from django.db.models import QuerySet

from tessera.db import health
from tessera.webhooks import queries
from tessera.webhooks.models import Delivery, WebhookEndpoint
from tessera.webhooks.types import DeliveryStatus
from tests import make
from tests.webhooks.club import Club

pytestmark = pytest.mark.django_db

NOON = make.FEB_10
HOOKS = "https://hooks.example.org/tessera"


@pytest.fixture
def endpoint(club: Club) -> WebhookEndpoint:
    """An endpoint with a few thousand deliveries of every kind, beside another one with as many."""
    row, other = club.endpoint(HOOKS), club.endpoint(HOOKS)
    Delivery.objects.bulk_create(
        Delivery(
            endpoint=each,
            sequence=number,
            type="customer.updated",
            status=status,
            next_at=NOON + timedelta(minutes=number - 2_000) if status == "retrying" else None,
            finished_at=NOON if status in ("delivered", "failed") else None,
            created_at=NOON,
        )
        for number, status in zip(range(4_000), cycle(DeliveryStatus))
        for each in (row, other)
    )
    health.analyze()
    return row


def plan(rows: "QuerySet[Any]") -> str:
    return rows.explain()


@pytest.mark.parametrize("status", [None, *DeliveryStatus])
def test_a_page_of_deliveries_is_a_read_of_an_index(endpoint: WebhookEndpoint, status: DeliveryStatus | None) -> None:
    rows = Delivery.objects.filter(endpoint=endpoint)
    if status is not None:
        rows = rows.filter(status=status)
    told = plan(rows.order_by("-id")[:51])
    assert_no_scan(told)


def test_what_is_to_be_sent_next_is_a_read_of_an_index(endpoint: WebhookEndpoint) -> None:
    rows = Delivery.objects.filter(endpoint=endpoint)
    waiting = plan(rows.filter(status=DeliveryStatus.WAITING).order_by("sequence", "id")[:20])
    retried = plan(rows.filter(status=DeliveryStatus.RETRYING, next_at__lte=NOON).order_by("next_at")[:20])

    assert "delivery_waiting" in waiting
    assert "delivery_retrying" in retried
    for told in (waiting, retried):
        assert_no_scan(told)


def assert_no_scan(told: str) -> None:
    assert "Seq Scan" not in told
    assert "SCAN" not in told.replace("SCAN CONSTANT ROW", "")
    assert "Sort" not in told
    assert "TEMP B-TREE" not in told


def test_what_is_to_be_sent_is_in_sequence_with_what_is_retried(endpoint: WebhookEndpoint) -> None:
    block = queries.next_block(endpoint.pk, at=NOON, many=5)
    assert [row.sequence for row in block] == [0, 1, 4, 5, 8, 9, 12, 13, 16, 17]
    assert queries.next_sending(endpoint.pk, at=NOON) == NOON


def test_endpoints_to_which_something_is_due_are_found(club: Club, endpoint: WebhookEndpoint) -> None:
    of_club = (endpoint.organization_id,)
    other = WebhookEndpoint.objects.exclude(pk=endpoint.pk).get()
    idle = club.endpoint(HOOKS)
    both = sorted([(endpoint.pk, *of_club), (other.pk, *of_club)])
    assert queries.due(at=NOON) == both
    assert idle.pk not in dict(queries.due(at=NOON))

    for column, value in (
        ("quiet_until", NOON + timedelta(seconds=1)),
        ("leased_until", NOON + timedelta(seconds=1)),
        ("deleted_at", NOON),
    ):
        WebhookEndpoint.objects.filter(pk=other.pk).update(**{column: value})
        assert dict(queries.due(at=NOON)).keys() == {endpoint.pk}, column
        WebhookEndpoint.objects.filter(pk=other.pk).update(**{column: None})
    WebhookEndpoint.objects.filter(pk=other.pk).update(disabled_at=NOON, disabled_reason="gone")
    assert dict(queries.due(at=NOON)).keys() == {endpoint.pk}

    Delivery.objects.filter(status=DeliveryStatus.WAITING).update(status="delivered", finished_at=NOON)
    assert dict(queries.due(at=NOON)).keys() == {endpoint.pk}  # the retried ones
    assert queries.due(at=NOON - timedelta(days=2)) == []
    first = endpoint.deliveries.filter(status="retrying").earliest("next_at").next_at
    assert queries.next_sending(endpoint.pk, at=NOON - timedelta(days=2)) == first

"""Deliveries that are long over are forgotten, and deleted endpoints with theirs."""

from datetime import timedelta
from typing import Any

import pytest

from tessera.webhooks import pruning, services
from tessera.webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint
from tests import make
from tests.webhooks.club import ACTOR, Club

pytestmark = pytest.mark.django_db

HOOKS = "https://hooks.example.org/tessera"
NOON = make.FEB_10
by_us: dict[str, Any] = {"at": make.JAN_10, "actor": ACTOR}


def over(endpoint: WebhookEndpoint, status: str, days: int) -> Delivery:
    """A delivery that was over so many days before noon, after two attempts."""
    row = Delivery.objects.create(
        endpoint=endpoint,
        sequence=0,
        type="webhook.test",
        status=status,
        attempts=2,
        next_at=NOON if status == "retrying" else None,
        finished_at=NOON - timedelta(days=days) if status in ("delivered", "failed") else None,
        created_at=NOON - timedelta(days=days),
    )
    for number in (1, 2):
        DeliveryAttempt.objects.create(delivery=row, round=1, number=number, at=NOON, milliseconds=5, status_code=500)
    return row


def test_delivered_ones_are_kept_for_30_days_and_failed_ones_for_90(club: Club) -> None:
    endpoint = club.endpoint(HOOKS)
    kept = [
        over(endpoint, "delivered", 30),
        over(endpoint, "failed", 90),
        over(endpoint, "waiting", 400),
        over(endpoint, "retrying", 400),
    ]
    over(endpoint, "delivered", 31)
    over(endpoint, "failed", 91)

    assert pruning.prune(at=NOON) is False

    assert set(Delivery.objects.values_list("pk", flat=True)) == {row.pk for row in kept}
    assert DeliveryAttempt.objects.count() == 2 * len(kept)
    assert WebhookEndpoint.objects.filter(pk=endpoint.pk).exists()


def test_a_deleted_endpoint_goes_with_all_that_it_was_told(club: Club) -> None:
    endpoint, other = club.endpoint(HOOKS), club.endpoint(HOOKS)
    for status in ("delivered", "failed", "waiting", "retrying"):
        over(endpoint, status, 1)
        over(other, status, 1)
    services.delete_endpoint(endpoint=endpoint, **by_us)
    assert Delivery.objects.filter(endpoint=endpoint).count() == 4

    pruning.prune(at=NOON)

    assert list(WebhookEndpoint.objects.values_list("pk", flat=True)) == [other.pk]
    assert Delivery.objects.filter(endpoint=other).count() == Delivery.objects.count() == 4


def test_it_is_done_block_by_block_and_says_whether_more_is_to_do(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "_BLOCK", 2)
    endpoint = club.endpoint(HOOKS)
    for _ in range(5):
        over(endpoint, "delivered", 31)

    assert pruning.prune(at=NOON, blocks=2) is True
    assert Delivery.objects.count() == 1
    assert pruning.prune(at=NOON, blocks=2) is False
    assert Delivery.objects.count() == 0

"""Deliveries that are long over are forgotten, and deleted endpoints with theirs."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from tessera.webhooks import leases, pruning, services
from tessera.webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint
from tests import make
from tests.webhooks.club import ACTOR, Club, fresh

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


def test_an_endpoint_deleted_while_it_is_sent_to_stays_until_that_is_written_down(club: Club) -> None:
    endpoint = club.endpoint(HOOKS)
    over(endpoint, "waiting", 0)
    lease = leases.take(endpoint.pk, at=NOON)
    assert lease is not None
    services.delete_endpoint(endpoint=endpoint, **by_us)

    pruning.prune(at=NOON)
    assert Delivery.objects.count() == 1

    leases.give_back(endpoint.pk, lease)
    pruning.prune(at=NOON)
    assert not WebhookEndpoint.objects.exists()


def test_a_secret_that_signs_no_more_is_forgotten(club: Club) -> None:
    endpoint = club.endpoint(HOOKS)
    with time_machine.travel(NOON, tick=False):
        services.rotate_secret(endpoint=endpoint, **by_us)

    pruning.prune(at=NOON + timedelta(hours=24, seconds=-1))
    assert fresh(endpoint).previous_secret
    pruning.prune(at=NOON + timedelta(hours=24))
    known = fresh(endpoint)
    assert (known.previous_secret, known.previous_secret_until) == ("", None)
    assert known.secret


def test_it_is_done_block_by_block_and_says_whether_more_is_to_do(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "_BLOCK", 2)
    endpoint = club.endpoint(HOOKS)
    for _ in range(5):
        over(endpoint, "delivered", 31)

    assert pruning.prune(at=NOON, blocks=2) is True
    assert Delivery.objects.count() == 1
    assert pruning.prune(at=NOON, blocks=2) is False
    assert Delivery.objects.count() == 0

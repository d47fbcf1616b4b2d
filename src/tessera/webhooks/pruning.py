"""Removing what is over: old deliveries, endpoints that were deleted, secrets that sign no more; in small blocks."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from tessera import db
from tessera.webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint
from tessera.webhooks.types import DeliveryStatus

KEPT: Final = {
    DeliveryStatus.DELIVERED: timedelta(days=30),
    DeliveryStatus.FAILED: timedelta(days=90),
}
_BLOCK: Final = 500


def prune(*, at: datetime, blocks: int = 100) -> bool:
    """Remove what is over and kept no longer at `at` (real time), at most so many blocks; return whether more may be.

    Delivered messages are kept 30 days, failed ones 90; those of a deleted endpoint go at once, and it with the last.
    """
    _forget_secrets(at)
    for _ in range(blocks):
        if not _remove_block(at):
            _remove_deleted_endpoints(at)
            return False
    return True


def _forget_secrets(at: datetime) -> None:
    """Secrets from before a rotation, once they sign no more."""
    over = WebhookEndpoint.objects.filter(previous_secret_until__lte=at)
    if over.exists():
        with db.transaction():
            over.update(previous_secret="", previous_secret_until=None)


def _remove_block(at: datetime) -> int:
    for rows in (
        *(Delivery.objects.filter(status=status, finished_at__lt=at - kept) for status, kept in KEPT.items()),
        Delivery.objects.filter(endpoint__in=_deleted(at)),
    ):
        if removed := _remove(rows):
            return removed
    return 0


def _remove(rows: QuerySet[Delivery]) -> int:
    with db.transaction():
        locked = rows.select_for_update(skip_locked=True, of=("self",), no_key=False)
        found: list[UUID] = list(locked.values_list("pk", flat=True)[:_BLOCK])
        DeliveryAttempt.objects.filter(delivery__in=found).delete()
        Delivery.objects.filter(pk__in=found).delete()
    return len(found)


def _remove_deleted_endpoints(at: datetime) -> None:
    for endpoint in _deleted(at):
        with db.transaction():
            if not Delivery.objects.filter(endpoint=endpoint).exists():
                WebhookEndpoint.objects.filter(pk=endpoint.pk).delete()


def _deleted(at: datetime) -> QuerySet[WebhookEndpoint]:
    """Deleted endpoints to which nobody is sending a last message."""
    return WebhookEndpoint.objects.filter(~Q(deleted_at=None), Q(leased_until=None) | Q(leased_until__lte=at))

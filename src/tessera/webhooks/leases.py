"""Whose turn it is to send to an endpoint. Two senders at once would double messages or change their order.

The database decides, by a conditional UPDATE, so that it holds whatever runs the jobs. A sender that died loses its
turn when its lease is over.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q

from tessera import db
from tessera.core.ids import new_id
from tessera.webhooks.models import WebhookEndpoint

LEASE: Final = timedelta(seconds=30)  # renewed with each message, which takes half of it at most


def take(endpoint_id: UUID, *, at: datetime) -> UUID | None:
    """Return a lease that is now ours; None if another sends, or nothing is to be sent to the endpoint at `at`."""
    lease = new_id()
    with db.transaction():
        # What lies further off than it can is from before a clock was set back.
        free = WebhookEndpoint.objects.filter(
            Q(leased_until=None) | Q(leased_until__lte=at) | Q(leased_until__gt=at + 4 * LEASE),
            Q(quiet_until=None) | Q(quiet_until__lte=at),
            pk=endpoint_id,
            disabled_at=None,
            deleted_at=None,
        )
        taken = free.update(lease=lease, leased_until=at + LEASE)
    return lease if taken else None


def give_back(endpoint_id: UUID, lease: UUID) -> None:
    """End our turn, if it is still ours."""
    with db.transaction():
        WebhookEndpoint.objects.filter(pk=endpoint_id, lease=lease).update(lease=None, leased_until=None)


def held_until(endpoint_id: UUID, *, at: datetime) -> datetime | None:
    """Return until when another one's turn lasts at most; None if it is nobody's."""
    rows = WebhookEndpoint.objects.filter(pk=endpoint_id, leased_until__gt=at)
    until: datetime | None = rows.values_list("leased_until", flat=True).first()
    return until

"""Sending what waits for an endpoint: in sequence, each message signed, tried, and written down.

Deliveries go out in the order of their events. One that fails is tried again later and holds nothing up meanwhile;
an endpoint that fails several times in a row is left in peace for a while, and what waits keeps its place.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Final
from uuid import UUID

from django.db.models import Q

from tessera.events import queries as events
from tessera.webhooks import leases, queries
from tessera.webhooks.attempting import attempt
from tessera.webhooks.models import Delivery, WebhookEndpoint
from tessera.webhooks.outcomes import write_down
from tessera.webhooks.types import OPEN

_BLOCK: Final = 20
_AT_ONCE: Final = timedelta(0)
_SLOW: Final = timedelta(seconds=1)  # an answer that takes longer ends the turn
# What one attempt can take at most, with some to spare: nobody else may take over while it runs.
_TIME_FOR_ONE: Final = timedelta(seconds=25)
_chance: Final = SystemRandom().random

log = logging.getLogger(__name__)


def send_due(endpoint_id: UUID, *, now: Callable[[], datetime], seconds: float = 30.0) -> datetime | None:
    """Send what is due to the endpoint, for about `seconds`; return when to do so next, None if nothing waits.

    `now` tells real time. Does nothing while another sends to it. Never raises for what a receiver does.
    """
    at = now()
    next_at = queries.next_sending(endpoint_id, at=at)
    if next_at is None or next_at > at:
        return next_at
    lease = leases.take(endpoint_id, at=at)
    if lease is None:
        return leases.held_until(endpoint_id, at=at) or queries.next_sending(endpoint_id, at=now())
    try:
        until = at + timedelta(seconds=seconds)
        took: timedelta | None = _AT_ONCE
        while took is not None and took < _SLOW:
            took = _send_block(endpoint_id, lease, until=until, now=now)
    finally:
        leases.give_back(endpoint_id, lease)
    # Asked when the turn is over: whoever came with something new while it lasted was sent away.
    next_at = queries.next_sending(endpoint_id, at=now())
    # Who lets us wait gives others their turn for as long.
    return next_at if next_at is None or took is None else max(next_at, now() + took)


def _send_block(endpoint_id: UUID, lease: UUID, *, until: datetime, now: Callable[[], datetime]) -> timedelta | None:
    """Send the next few messages, up to one that takes long; return how long the last took.

    None if there is nothing more to send in this turn.
    """
    took = _AT_ONCE
    block = queries.next_block(endpoint_id, at=now(), many=_BLOCK)
    if not block:
        return None
    organization = block[0].endpoint.organization
    lines = events.lines_by_id(organization, [row.event_id for row in block if row.event_id])
    for row in block:
        at = now()
        if at >= until:
            return None
        endpoint = _still_ours(endpoint_id, lease, at)
        if endpoint is None:
            return None
        delivery = _as_it_was(row)
        if delivery is None:
            continue
        line = lines.get(delivery.event_id) if delivery.event_id else None
        outcome = attempt(delivery, endpoint, line, at=at)
        write_down(outcome, delivery, endpoint, lease=lease, at=now(), chance=_chance())
        took = timedelta(milliseconds=outcome.milliseconds)
        if took >= _SLOW:
            break
    return took


def _still_ours(endpoint_id: UUID, lease: UUID, at: datetime) -> WebhookEndpoint | None:
    """The endpoint as it is now, its address and secrets too; None if it was turned off, or wants to be left alone."""
    return (
        WebhookEndpoint.objects.select_related("organization")
        .filter(
            Q(quiet_until=None) | Q(quiet_until__lte=at),
            pk=endpoint_id,
            lease=lease,
            leased_until__gte=at + _TIME_FOR_ONE,
            disabled_at=None,
            deleted_at=None,
        )
        .first()
    )


def _as_it_was(row: Delivery) -> Delivery | None:
    """The delivery, unless it has been sent or replayed since it was read."""
    return Delivery.objects.filter(pk=row.pk, status__in=OPEN, round=row.round, attempts=row.attempts).first()

"""The latest deliveries to an endpoint as a strip: one bar each, the oldest first, so that trouble is seen at once."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext, ngettext

from tessera.webhooks import queries
from tessera.webhooks.models import WebhookEndpoint
from tessera.webhooks.types import DeliveryStatus

MANY = 60


@dataclass(frozen=True, slots=True)
class Bar:
    """One delivery. `x` is its place on the strip in percent; `at` when it was made."""

    x: float
    status: DeliveryStatus
    type: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Strip:
    """The bars, how wide each is in percent, and what they come to in words."""

    bars: list[Bar]
    width: float
    words: str


def strip_of(row: WebhookEndpoint) -> Strip | None:
    """Return the endpoint's latest deliveries, at most sixty; None if there are none. One query."""
    latest = queries.deliveries(row, limit=MANY).data
    if not latest:
        return None
    step = 100 / MANY
    bars = [  # the latest at the right end
        Bar(round(place * step, 3), each.status, each.type, each.created_at)
        for place, each in enumerate(reversed(latest), start=MANY - len(latest))
    ]
    counts = Counter(bar.status for bar in bars)
    words = _words()
    parts = [words[status] % {"count": counts[status]} for status in DeliveryStatus if counts[status]]
    many = ngettext("The latest message", "The latest %(count)s messages", len(bars)) % {"count": len(bars)}
    return Strip(bars, round(step * 0.72, 3), f"{many}: {', '.join(parts)}")


def _words() -> dict[DeliveryStatus, str]:
    return {
        DeliveryStatus.WAITING: gettext("%(count)s waiting"),
        DeliveryStatus.RETRYING: gettext("%(count)s to be tried again"),
        DeliveryStatus.DELIVERED: gettext("%(count)s delivered"),
        DeliveryStatus.FAILED: gettext("%(count)s given up"),
    }

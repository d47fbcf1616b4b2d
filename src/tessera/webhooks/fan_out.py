"""What follows from events here: a delivery for each endpoint that wants one, and a sender woken for each of those.

A reaction (config/reactions.py): called once for each block of events, inside the transaction that counts them as seen.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.queries import EventLine
from tessera.events.types import EventType
from tessera.organizations.models import Organization
from tessera.webhooks import filters, queries, tasks
from tessera.webhooks.models import Delivery

_BLOCK: Final = 1_000
# After these something may wait for an endpoint that no event brought: a test, a replay, what it was turned off with.
_WAKING: Final = frozenset(
    {
        EventType.WEBHOOK_ENDPOINT_TESTED,
        EventType.WEBHOOK_ENDPOINT_REPLAYED,
        EventType.WEBHOOK_ENDPOINT_ENABLED,
        EventType.WEBHOOK_ENDPOINT_UPDATED,
    }
)


def deliver(organization: Organization, lines: Sequence[EventLine]) -> None:
    """Have every endpoint of the organization that is on told of these events, in their order, each once.

    One query where there is no endpoint, else one insert more for each block of a thousand deliveries.
    """
    endpoints = queries.enabled(organization.pk)
    wanted = [(endpoint, filters.types_of(endpoint.event_types)) for endpoint in endpoints]
    rows = [
        Delivery(
            endpoint=endpoint, event_id=line.id, sequence=line.sequence, type=line.type, created_at=line.recorded_at
        )
        for line in lines
        for endpoint, types in wanted
        if line.type in types
    ]
    if rows:
        # A replay that looked at the events first has made some of them already.
        Delivery.objects.bulk_create(rows, batch_size=_BLOCK, ignore_conflicts=True)
    told = {row.endpoint_id for row in rows} | _woken(lines)
    for endpoint in sorted(endpoints, key=lambda each: str(each.pk)):  # in the order of the jobs' keys
        if endpoint.pk in told:
            tasks.wake(endpoint.pk, organization_id=organization.pk)


def _woken(lines: Sequence[EventLine]) -> set[UUID]:
    named = (line.data.get("endpoint") for line in lines if line.type in _WAKING)
    return {key for name in named if (key := ids.from_text(Prefix.WEBHOOK_ENDPOINT, str(name))) is not None}

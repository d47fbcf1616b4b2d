"""Lines of what happened to an endpoint. They hold its id: addresses may hold what only the receiver should know."""

from datetime import datetime

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.webhooks.models import WebhookEndpoint


def record(what: EventType, endpoint: WebhookEndpoint, *, at: datetime, actor: Actor, **data: object) -> None:
    """Record what happened to an endpoint; `at` is the organization's time."""
    events.record(
        events.Happened(
            organization_id=endpoint.organization_id,
            type=what,
            at=at,
            actor=actor,
            data={"endpoint": ids.to_text(Prefix.WEBHOOK_ENDPOINT, endpoint.pk), **data},
        )
    )

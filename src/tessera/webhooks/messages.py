"""What is sent: the body of a message, made when it is sent, so that the object in it is the present one."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.core.instants import instant_text
from tessera.events.api import EventOut
from tessera.events.queries import EventLine, present_epoch
from tessera.organizations.models import Organization
from tessera.webhooks import objects
from tessera.webhooks.models import Delivery, WebhookEndpoint
from tessera.webhooks.types import Payload

TEST: Final = "webhook.test"  # a type of message, not of event: it tells of nothing that happened


@dataclass(frozen=True, slots=True)
class Message:
    """What an endpoint gets. The id is the same in every attempt and replay, so that a receiver can tell repeats."""

    id: str
    body: str


def id_of(delivery: Delivery) -> str:
    """Return the message's id: the event's, or a test's own."""
    if delivery.event_id is None:
        return ids.to_text(Prefix.DELIVERY, delivery.pk)
    return ids.to_text(Prefix.EVENT, delivery.event_id)


def of_test(delivery: Delivery, endpoint: WebhookEndpoint) -> Message:
    """Return a message that only shows that messages arrive."""
    data = {
        "endpoint": ids.to_text(Prefix.WEBHOOK_ENDPOINT, endpoint.pk),
        "text": "This is a test. Nothing has happened.",
    }
    return Message(id_of(delivery), _body(TEST, delivery.created_at, data))


def of_event(line: EventLine, *, organization: Organization, payload: Payload, at: datetime) -> Message:
    """Return the message about an event, as `GET /events` has it, with the object it is about as it is at `at`.

    A thin one names the object and its version, a full one shows it. Five queries for a membership, fewer for others.
    """
    data: dict[str, Any] = EventOut.of(line).model_dump(mode="json")
    data["epoch"] = ids.to_text(Prefix.FEED_EPOCH, present_epoch(organization.pk))  # what its number is of
    data["object"] = _object(objects.subject_of(organization, line, at=at), payload)
    return Message(ids.to_text(Prefix.EVENT, line.id), _body(line.type, line.at, data))


def _object(subject: objects.Subject | None, payload: Payload) -> dict[str, Any] | None:
    if subject is None:
        return None
    named = {
        "type": subject.kind,
        "id": subject.id,
        "version": (subject.shown or {}).get("version"),
        "deleted": subject.shown is None,
    }
    return {**named, **(subject.shown or {})} if payload == Payload.FULL else named


def _body(kind: str, at: datetime, data: dict[str, Any]) -> str:
    message = {"type": str(kind), "timestamp": instant_text(at), "data": data}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))

"""Sending again: one message, or those of a range of events. Their history stays; a replay begins a new round."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import F, Max, QuerySet

from tessera import db
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.events.types import Actor, EventType
from tessera.organizations.models import Organization
from tessera.webhooks import filters
from tessera.webhooks.errors import ReplayInvalid
from tessera.webhooks.models import Delivery, WebhookEndpoint
from tessera.webhooks.recording import record
from tessera.webhooks.services import locked, refuse_disabled
from tessera.webhooks.types import DeliveryStatus

MOST: Final = 5_000  # events that one replay looks at
_BLOCK: Final = 1_000
# `recorded_at` is read a moment before numbers are given out, so it runs with them only so exactly.
_SKEW: Final = timedelta(minutes=5)
_ANEW: Final[dict[str, Any]] = {
    "status": DeliveryStatus.WAITING,
    "round": F("round") + 1,
    "attempts": 0,
    "next_at": None,
    "last_status_code": None,
    "last_error": "",
    "finished_at": None,
}


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many messages wait again, or for the first time. `last_sequence`: of the last event that was looked at.

    `more`: there are further ones in the range; go on behind `last_sequence`.
    """

    deliveries: int
    last_sequence: int | None
    more: bool


@dataclass(frozen=True, slots=True)
class _Happened:
    id: UUID
    sequence: int
    type: str
    recorded_at: datetime


def replay_delivery(*, delivery: Delivery, at: datetime, actor: Actor) -> Delivery:
    """Send a message again, or at once if it is being retried, in its place before what waits; return the delivery.

    One that waits already stays as it is. Raises EndpointDisabled.
    """
    with db.transaction():
        endpoint = locked(delivery.endpoint)
        refuse_disabled(endpoint)
        changed = Delivery.objects.filter(pk=delivery.pk).exclude(status=DeliveryStatus.WAITING).update(**_ANEW)
        if changed:
            name = ids.to_text(Prefix.DELIVERY, delivery.pk)
            record(EventType.WEBHOOK_ENDPOINT_REPLAYED, endpoint, at=at, actor=actor, deliveries=1, delivery=name)
    delivery.refresh_from_db()
    return delivery


def replay(
    *,
    endpoint: WebhookEndpoint,
    from_sequence: int | None = None,
    to_sequence: int | None = None,
    since: datetime | None = None,
    undelivered_only: bool = False,
    at: datetime,
    actor: Actor,
) -> Replayed:
    """Send the endpoint what it wants of a range of events, those that it was never sent too; at most 5,000 at a time.

    The range begins at the event numbered `from_sequence`, or with what was recorded at `since` (real time) or later,
    and ends with `to_sequence`, or with the present. `undelivered_only` leaves what has arrived. What waits or is
    being retried stays as it is, so asking again at once changes nothing.

    Raises ReplayInvalid unless exactly one beginning is given, or if the range ends before it begins; EndpointDisabled.
    """
    if (from_sequence is None) == (since is None):
        raise ReplayInvalid("say where to begin: from_sequence or since, and not both", pointer="/from_sequence")
    with db.transaction():
        present = locked(endpoint)
        refuse_disabled(present)
        first = from_sequence if from_sequence is not None else _first_since(present.organization, since)
        if to_sequence is not None and to_sequence < first:
            raise ReplayInvalid("the range ends before it begins", pointer="/to_sequence")
        found = _range(present, first, to_sequence, since)
        more, found = len(found) > MOST, found[:MOST]
        deliveries = sum(
            _again(present, found[start : start + _BLOCK], undelivered_only=undelivered_only)
            for start in range(0, len(found), _BLOCK)
        )
        if deliveries:
            record(
                EventType.WEBHOOK_ENDPOINT_REPLAYED,
                present,
                at=at,
                actor=actor,
                deliveries=deliveries,
                from_sequence=found[0].sequence,
                to_sequence=found[-1].sequence,
            )
    return Replayed(deliveries, found[-1].sequence if found else None, more)


def _range(endpoint: WebhookEndpoint, first: int, last: int | None, since: datetime | None) -> list[_Happened]:
    rows = Event.objects.filter(organization=endpoint.organization, sequence__gte=first)
    if last is not None:
        rows = rows.filter(sequence__lte=last)
    if since is not None:
        rows = rows.filter(recorded_at__gte=since)
    if endpoint.event_types:
        rows = rows.filter(type__in=sorted(filters.types_of(endpoint.event_types)))
    columns = rows.order_by("sequence").values_list("id", "sequence", "type", "recorded_at")
    return [_Happened(*row) for row in columns[: MOST + 1]]


def _again(endpoint: WebhookEndpoint, happened: Sequence[_Happened], *, undelivered_only: bool) -> int:
    """Have the deliveries of these events wait; return of how many that was news."""
    of_these = Delivery.objects.filter(endpoint=endpoint, event_id__in=[each.id for each in happened])
    known = set(of_these.values_list("event_id", flat=True))
    missing = [each for each in happened if each.id not in known]
    Delivery.objects.bulk_create(
        [
            Delivery(
                endpoint=endpoint,
                event_id=each.id,
                sequence=each.sequence,
                type=each.type,
                created_at=each.recorded_at,
            )
            for each in missing
        ],
        ignore_conflicts=True,  # an event that has just happened may be on its way here
    )
    over = [DeliveryStatus.FAILED] if undelivered_only else [DeliveryStatus.FAILED, DeliveryStatus.DELIVERED]
    return len(missing) + of_these.filter(event_id__in=known, status__in=over).update(**_ANEW)


def _first_since(organization: Organization, since: datetime | None) -> int:
    """The number of an event recorded a while before `since`, found by halving: numbers and times rise together."""
    assert since is not None
    rows: QuerySet[Event] = Event.objects.filter(organization=organization)
    low, high = 1, (rows.aggregate(last=Max("sequence"))["last"] or 0) + 1
    while low < high:
        middle = (low + high) // 2
        recorded = rows.filter(sequence__gte=middle).order_by("sequence").values_list("recorded_at", flat=True).first()
        if recorded is None or recorded >= since - _SKEW:
            high = middle
        else:
            low = middle + 1
    return low

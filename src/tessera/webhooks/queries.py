"""What screens, the API and the sender read about endpoints and their deliveries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.core.phrases import recalled
from tessera.http.cursors import paginate
from tessera.organizations.models import Organization
from tessera.webhooks.errors import DeliveryNotFound, EndpointNotFound
from tessera.webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint
from tessera.webhooks.types import OPEN, DeliveryStatus, DisabledReason, Payload

T = TypeVar("T")
_MOST_ATTEMPTS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """What is known of an endpoint, without its secrets. Instants are real time."""

    id: UUID
    version: int
    url: str
    description: str
    event_types: tuple[str, ...]
    payload: Payload
    disabled_at: datetime | None
    disabled_reason: DisabledReason | None
    last_success_at: datetime | None
    failing_since: datetime | None
    quiet_until: datetime | None
    previous_secret_until: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """What became of a message. `event_id` and `sequence` are None of a test; instants are real time.

    `attempts` counts those of the present `round`: each replay begins another one.
    """

    id: UUID
    endpoint_id: UUID
    event_id: UUID | None
    sequence: int | None
    type: str
    status: DeliveryStatus
    round: int
    attempts: int
    next_at: datetime | None
    last_status_code: int | None
    last_error: str
    finished_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    """One request and what came back. `failure` is a stable word, empty if it succeeded; `detail` says it in full."""

    round: int
    number: int
    at: datetime
    milliseconds: int
    status_code: int | None
    failure: str
    detail: str
    response_body: str


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """One page of a list; `next_cursor` asks for the next, None if this was the last."""

    data: tuple[T, ...]
    next_cursor: str | None


def endpoint_by_id(organization: Organization, text: str) -> WebhookEndpoint:
    """Return the endpoint with the id `whe_…`. Raises EndpointNotFound."""
    key = ids.from_text(Prefix.WEBHOOK_ENDPOINT, text)
    rows = WebhookEndpoint.objects.filter(organization=organization, deleted_at=None)
    row = None if key is None else rows.filter(pk=key).first()
    if row is None:
        raise EndpointNotFound("there is no such webhook endpoint")
    row.organization = organization
    return row


def delivery_by_id(organization: Organization, text: str) -> Delivery:
    """Return the delivery with the id `dlv_…`, and its endpoint with it. Raises DeliveryNotFound."""
    key = ids.from_text(Prefix.DELIVERY, text)
    rows = Delivery.objects.filter(endpoint__organization=organization, endpoint__deleted_at=None)
    row = None if key is None else rows.select_related("endpoint").filter(pk=key).first()
    if row is None:
        raise DeliveryNotFound("there is no such delivery")
    row.endpoint.organization = organization
    return row


def endpoint(row: WebhookEndpoint) -> EndpointFacts:
    """Return what is known of one endpoint: no query."""
    return EndpointFacts(
        id=row.pk,
        version=row.version,
        url=row.url,
        description=row.description,
        event_types=tuple(row.event_types),
        payload=Payload(row.payload),
        disabled_at=row.disabled_at,
        disabled_reason=DisabledReason(row.disabled_reason) if row.disabled_reason else None,
        last_success_at=row.last_success_at,
        failing_since=row.failing_since,
        quiet_until=row.quiet_until,
        previous_secret_until=row.previous_secret_until,
        created_at=row.created_at,
    )


def endpoints(organization: Organization, *, limit: int = 50, cursor: str | None = None) -> Rows[EndpointFacts]:
    """Return a page of the organization's endpoints, oldest first: one query. Raises CursorInvalid."""
    rows = WebhookEndpoint.objects.filter(organization=organization, deleted_at=None)
    found, next_cursor = paginate(rows, order=("id",), limit=limit, cursor=cursor)
    return Rows(tuple(map(endpoint, found)), next_cursor)


def delivery(row: Delivery) -> DeliveryFacts:
    """Return what became of one message: no query."""
    return DeliveryFacts(
        id=row.pk,
        endpoint_id=row.endpoint_id,
        event_id=row.event_id,
        sequence=row.sequence if row.event_id else None,
        type=row.type,
        status=DeliveryStatus(row.status),
        round=row.round,
        attempts=row.attempts,
        next_at=row.next_at,
        last_status_code=row.last_status_code,
        last_error=recalled(row.last_error),
        finished_at=row.finished_at,
        created_at=row.created_at,
    )


def deliveries(
    row: WebhookEndpoint, *, status: DeliveryStatus | None = None, limit: int = 50, cursor: str | None = None
) -> Rows[DeliveryFacts]:
    """Return a page of the endpoint's deliveries, newest first: one read of an index. Raises CursorInvalid."""
    rows = Delivery.objects.filter(endpoint=row)
    if status is not None:
        rows = rows.filter(status=status)
    found, next_cursor = paginate(rows, order=("-id",), limit=limit, cursor=cursor)
    return Rows(tuple(map(delivery, found)), next_cursor)


def waiting(row: WebhookEndpoint, *, most: int = 1_000) -> int:
    """Return how many messages wait for the endpoint or are retried, counted up to `most`: one query."""
    return Delivery.objects.filter(endpoint=row, status__in=OPEN)[:most].count()


def attempts(row: Delivery) -> tuple[AttemptFacts, ...]:
    """Return the latest attempts of a delivery, at most a hundred, newest first: one query."""
    found = DeliveryAttempt.objects.filter(delivery=row).order_by("-round", "-number")[:_MOST_ATTEMPTS_SHOWN]
    return tuple(
        AttemptFacts(
            round=each.round,
            number=each.number,
            at=each.at,
            milliseconds=each.milliseconds,
            status_code=each.status_code,
            failure=each.failure,
            detail=recalled(each.detail),
            response_body=each.response_body,
        )
        for each in found
    )


def next_sending(endpoint_id: UUID, *, at: datetime) -> datetime | None:
    """Return when something is to be sent to the endpoint next, `at` or later; None: nothing waits, or it is off.

    Whoever sends meanwhile is not looked at. Three index reads.
    """
    row = _on().filter(pk=endpoint_id).first()
    if row is None:
        return None
    found = Delivery.objects.filter(endpoint=row)
    if found.filter(status=DeliveryStatus.WAITING).exists():
        first = at
    else:
        retrying = found.filter(status=DeliveryStatus.RETRYING).order_by("next_at")
        due: datetime | None = retrying.values_list("next_at", flat=True).first()
        if due is None:
            return None
        first = max(due, at)
    return first if row.quiet_until is None else max(first, row.quiet_until)


def due(*, at: datetime) -> list[tuple[UUID, UUID]]:
    """Return the endpoints, each with its organization, to which something is to be sent at `at` and nobody sends.

    For a sweep that makes up for lost wake-ups. Two probes of an index for each endpoint that is on.
    """
    of_row = Delivery.objects.filter(endpoint=OuterRef("pk"))
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    ready = Q(quiet_until=None) | Q(quiet_until__lte=at)
    waits = Exists(of_row.filter(status=DeliveryStatus.WAITING))
    retried = Exists(of_row.filter(status=DeliveryStatus.RETRYING, next_at__lte=at))
    rows = _on().filter(free, ready).filter(Q(waits) | Q(retried)).order_by("pk")
    return list(rows.values_list("pk", "organization_id"))


def next_block(endpoint_id: UUID, *, at: datetime, many: int) -> list[Delivery]:
    """Return what is to be sent to the endpoint at `at`, in sequence: at most `many` in their turn and as many retried.

    Two reads of an index.
    """
    found = Delivery.objects.filter(endpoint=endpoint_id).select_related("endpoint__organization")
    waiting = found.filter(status=DeliveryStatus.WAITING).order_by("sequence", "id")[:many]
    retried = found.filter(status=DeliveryStatus.RETRYING, next_at__lte=at).order_by("next_at")[:many]
    return sorted([*waiting, *retried], key=_place)


def enabled(organization_id: UUID) -> list[WebhookEndpoint]:
    """Return the organization's endpoints that are on: one query."""
    return list(_on().filter(organization=organization_id).order_by("pk"))


def _on() -> QuerySet[WebhookEndpoint]:
    return WebhookEndpoint.objects.filter(disabled_at=None, deleted_at=None)


def _place(row: Delivery) -> tuple[int, UUID]:
    return row.sequence, row.pk

"""Writing down what an attempt came to: the attempt, what becomes of the delivery, and how the endpoint does."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import F, Value
from django.db.models.functions import Coalesce

from tessera import db, organizations
from tessera.core.phrases import kept
from tessera.events.types import Actor, EventType
from tessera.webhooks import leases, retries
from tessera.webhooks.attempting import Outcome
from tessera.webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint
from tessera.webhooks.recording import record
from tessera.webhooks.types import OPEN, DeliveryStatus, DisabledReason

_ACTOR: Final = Actor.system("webhooks")
_LONGEST_DETAIL: Final = 200


def write_down(
    outcome: Outcome, delivery: Delivery, endpoint: WebhookEndpoint, *, lease: UUID, at: datetime, chance: float
) -> None:
    """Keep an attempt and what follows from it; the sender's lease begins anew. `at`: real time, when it was over.

    `delivery` and `endpoint` are as they were when it was sent. What was replayed or turned off meanwhile stays so.
    Each attempt is kept once, whoever made it.
    """
    number, detail = delivery.attempts + 1, kept(outcome.detail, _LONGEST_DETAIL)
    with db.transaction():
        _judge(endpoint, outcome, number, is_test=delivery.event_id is None, lease=lease, at=at)
        made = DeliveryAttempt(
            delivery=delivery,
            round=delivery.round,
            number=number,
            at=outcome.at,
            milliseconds=outcome.milliseconds,
            status_code=outcome.status_code,
            failure=outcome.failure,
            detail=detail,
            response_body=outcome.response_body,
        )
        DeliveryAttempt.objects.bulk_create([made], ignore_conflicts=True)
        Delivery.objects.filter(
            pk=delivery.pk, status__in=OPEN, round=delivery.round, attempts=delivery.attempts
        ).update(
            attempts=number,
            last_status_code=outcome.status_code,
            last_error=detail,
            **_fate(outcome, delivery, number, at, chance),
        )


def _fate(outcome: Outcome, delivery: Delivery, number: int, at: datetime, chance: float) -> dict[str, Any]:
    if outcome.succeeded:
        return {"status": DeliveryStatus.DELIVERED, "next_at": None, "finished_at": at}
    once = outcome.gone or delivery.event_id is None  # somebody waits for a test: a later one is another test
    next_at = None if once else retries.next_try(number, at=at, chance=chance, asked=outcome.asked)
    if next_at is None:
        return {"status": DeliveryStatus.FAILED, "next_at": None, "finished_at": at}
    return {"status": DeliveryStatus.RETRYING, "next_at": next_at}


def _judge(
    endpoint: WebhookEndpoint, outcome: Outcome, number: int, *, is_test: bool, lease: UUID, at: datetime
) -> None:
    """Note how the endpoint does, and disable it if there is no hope."""
    rows = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    rows.filter(lease=lease).update(leased_until=at + leases.LEASE)
    if outcome.succeeded:
        rows.update(last_success_at=at, failing_since=None, failures=0, quiet_until=None)
        return
    if outcome.gone:
        _disable(endpoint, DisabledReason.GONE, at)
    if is_test:
        return
    failures = endpoint.failures + 1
    rest = max(retries.rest_after(failures) or timedelta(0), outcome.asked or timedelta(0))
    rows.update(
        failures=F("failures") + 1,
        failing_since=Coalesce("failing_since", Value(at)),
        quiet_until=at + rest if rest else None,
    )
    failing_since = endpoint.failing_since or at
    if retries.is_given_up(failing_since=failing_since, attempts=number, at=at):
        _disable(endpoint, DisabledReason.FAILING, at)


def _disable(endpoint: WebhookEndpoint, reason: DisabledReason, at: datetime) -> None:
    # Not if it has been given another address meanwhile: it was the old one that answered.
    rows = WebhookEndpoint.objects.filter(pk=endpoint.pk, url=endpoint.url, disabled_at=None, deleted_at=None)
    if rows.update(disabled_at=at, disabled_reason=reason, version=F("version") + 1):
        now = organizations.now(endpoint.organization)
        record(EventType.WEBHOOK_ENDPOINT_DISABLED, endpoint, at=now, actor=_ACTOR, reason=reason.value)

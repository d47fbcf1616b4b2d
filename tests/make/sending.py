"""Webhook endpoints, deliveries, and jobs that were given up."""

from collections.abc import Sequence
from datetime import datetime

from tessera.events.models import Event
from tessera.jobs.models import Job
from tessera.jobs.types import State
from tessera.organizations.models import Organization
from tessera.webhooks import signatures
from tessera.webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint
from tessera.webhooks.types import DeliveryStatus, DisabledReason, Payload
from tests.make.basics import JAN_10


def webhook_endpoint(
    club: Organization,
    url: str = "https://hooks.example.org/tessera",
    *,
    description: str = "",
    event_types: Sequence[str] = (),
    payload: Payload = Payload.THIN,
    disabled_at: datetime | None = None,
    disabled_reason: DisabledReason = DisabledReason.BY_HAND,
    failing_since: datetime | None = None,
    last_success_at: datetime | None = None,
) -> WebhookEndpoint:
    """An address that is told what happens; its secret is sealed like any."""
    row = WebhookEndpoint(
        organization=club,
        url=url,
        description=description,
        event_types=list(event_types),
        payload=payload,
        disabled_at=disabled_at,
        disabled_reason=disabled_reason if disabled_at else "",
        failing_since=failing_since,
        last_success_at=last_success_at,
        created_at=JAN_10,
    )
    row.secret = signatures.seal(signatures.fresh_secret(), row)
    row.save(force_insert=True)
    return row


def delivery(
    to: WebhookEndpoint,
    status: DeliveryStatus = DeliveryStatus.DELIVERED,
    *,
    event: Event | None = None,
    attempts: int = 1,
    at: datetime = JAN_10,
) -> Delivery:
    """A message to an endpoint, about `event` (a test if there is none), with `attempts` of which the last counts."""
    delivered = status == DeliveryStatus.DELIVERED
    row = Delivery.objects.create(
        endpoint=to,
        event_id=event.pk if event else None,
        sequence=event.sequence if event else 0,
        type=event.type if event else "webhook.test",
        status=status,
        attempts=attempts,
        next_at=at if status == DeliveryStatus.RETRYING else None,
        last_status_code=None if status == DeliveryStatus.WAITING else 204 if delivered else 500,
        last_error="" if delivered or status == DeliveryStatus.WAITING else "answered 500",
        finished_at=at if status in (DeliveryStatus.DELIVERED, DeliveryStatus.FAILED) else None,
        created_at=at,
    )
    for number in range(1, attempts + 1):
        good = delivered and number == attempts
        DeliveryAttempt.objects.create(
            delivery=row,
            round=1,
            number=number,
            at=at,
            milliseconds=40,
            status_code=204 if good else 500,
            failure="" if good else "status",
            detail="" if good else "answered 500",
            response_body="" if good else "out of order",
        )
    return row


def parked_job(
    club: Organization | None, task: str = "tessera.webhooks.tasks.send", *, error: str = "ValueError: no"
) -> Job:
    """A job that failed for good; of nobody's in particular without a club."""
    return Job.objects.create(
        organization_id=club.pk if club else None,
        task=task,
        arguments={"args": [], "kwargs": {}},
        queue="default",
        state=State.PARKED,
        run_after=JAN_10,
        attempts=12,
        failures=12,
        errors=[{"class": "builtins.ValueError", "traceback": f"Traceback\n{error}\n", "at": JAN_10.isoformat()}],
        enqueued_at=JAN_10,
        finished_at=JAN_10,
    )

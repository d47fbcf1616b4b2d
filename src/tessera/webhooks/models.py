from django.db import models
from django.db.models import Q

from tessera.core.ids import new_id
from tessera.db.sealed import bound_to
from tessera.db.sealed_columns import SealedColumn, declare
from tessera.organizations.models import Organization
from tessera.webhooks.types import DeliveryStatus, DisabledReason, Payload


class WebhookEndpoint(models.Model):
    """An address of another system that is told what happens. All its instants are real time, as are those of keys.

    A deleted one stays, without its secrets, until pruning has removed its deliveries.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="webhook_endpoints")
    url = models.CharField(max_length=2000)
    description = models.CharField(max_length=500, blank=True)
    event_types = models.JSONField(default=list)  # types and patterns (membership.*); empty: every event
    payload = models.CharField(max_length=4, choices=[(each, each) for each in Payload])
    secret = models.TextField(blank=True)  # sealed
    previous_secret = models.TextField(blank=True)  # sealed; signs too until the instant beside it
    previous_secret_until = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=10, blank=True, choices=[(each, each) for each in DisabledReason])
    deleted_at = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)  # the first failed attempt since the last success
    failures = models.PositiveIntegerField(default=0)  # failed attempts since the last success
    quiet_until = models.DateTimeField(null=True)  # nothing is sent before: it asked for it, or keeps failing
    lease = models.UUIDField(null=True)  # whose turn it is to send; only its holder may
    leased_until = models.DateTimeField(null=True)  # from then on a sender whose process died can be taken over
    version = models.PositiveIntegerField(default=1)  # of what people set, not of what sending writes
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="webhook_endpoint_disabled_for_a_reason",
                condition=Q(disabled_at=None, disabled_reason="") | (~Q(disabled_at=None) & ~Q(disabled_reason="")),
            ),
            models.CheckConstraint(name="webhook_endpoint_has_a_secret", condition=~Q(secret="") | ~Q(deleted_at=None)),
            models.CheckConstraint(
                name="webhook_endpoint_previous_secret_ends",
                condition=Q(previous_secret="", previous_secret_until=None)
                | (~Q(previous_secret="") & ~Q(previous_secret_until=None)),
            ),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def sealed_for(self) -> str:
        """What its secrets are bound to: moved to another row, they do not open."""
        return sealed_for(self)


def sealed_for(row: WebhookEndpoint) -> str:
    """Return what the secrets of a row are bound to."""
    return bound_to(organization_id=row.organization_id, table=WebhookEndpoint._meta.db_table, row_id=row.pk)


for _column in ("secret", "previous_secret"):
    declare(SealedColumn(WebhookEndpoint, _column, sealed_for))


class Delivery(models.Model):
    """That an endpoint is to be told of an event, and what became of it. A test message has no event.

    The event's id is no foreign key and its type stands here too: lists of deliveries read nothing else.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, models.PROTECT, related_name="deliveries", db_index=False)
    event_id = models.UUIDField(null=True)
    sequence = models.BigIntegerField()  # the event's: deliveries wait in its order; 0 of a test message: at once
    type = models.CharField(max_length=64)
    status = models.CharField(
        max_length=10, choices=[(each, each) for each in DeliveryStatus], default=DeliveryStatus.WAITING
    )
    round = models.PositiveIntegerField(default=1)  # one more with each replay
    attempts = models.PositiveSmallIntegerField(default=0)  # of this round
    next_at = models.DateTimeField(null=True)  # of a retrying one
    last_status_code = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=200, blank=True)  # why the last attempt failed, in words
    finished_at = models.DateTimeField(null=True)  # when it was delivered, or given up
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(name="delivery_once_an_event", fields=["endpoint", "event_id"]),
            models.CheckConstraint(
                name="delivery_retried_at_an_instant",
                condition=Q(status=DeliveryStatus.RETRYING, next_at__isnull=False)
                | (~Q(status=DeliveryStatus.RETRYING) & Q(next_at=None)),
            ),
            models.CheckConstraint(
                name="delivery_finished_or_open",
                condition=Q(status__in=(DeliveryStatus.DELIVERED, DeliveryStatus.FAILED), finished_at__isnull=False)
                | Q(status__in=(DeliveryStatus.WAITING, DeliveryStatus.RETRYING), finished_at=None),
            ),
        ]
        indexes = [
            models.Index(name="delivery_list", fields=["endpoint", "id"]),
            models.Index(name="delivery_list_by_status", fields=["endpoint", "status", "id"]),
            models.Index(
                name="delivery_waiting",
                fields=["endpoint", "sequence", "id"],
                condition=Q(status=DeliveryStatus.WAITING),
            ),
            models.Index(
                name="delivery_retrying", fields=["endpoint", "next_at"], condition=Q(status=DeliveryStatus.RETRYING)
            ),
            models.Index(name="delivery_over", fields=["status", "finished_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.status}"


class DeliveryAttempt(models.Model):
    """One request to an endpoint and what came back."""

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="attempts_made", db_index=False)
    round = models.PositiveIntegerField()
    number = models.PositiveSmallIntegerField()  # in its round, from 1
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status_code = models.PositiveSmallIntegerField(null=True)  # null: no answer came
    failure = models.CharField(max_length=40, blank=True)  # a stable word; empty: it succeeded
    detail = models.CharField(max_length=200, blank=True)  # the same in words
    response_body = models.CharField(max_length=2048, blank=True)  # its beginning

    class Meta:
        constraints = [
            models.UniqueConstraint(name="delivery_attempt_once", fields=["delivery", "round", "number"]),
        ]

    def __str__(self) -> str:
        return f"{self.round}.{self.number} {self.status_code or self.failure}"

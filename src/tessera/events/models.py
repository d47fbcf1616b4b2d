from django.db import models

from tessera.core.ids import new_id
from tessera.db.constraints import Immutable


class Event(models.Model):
    """One immutable line of what happened. Holds ids and names of changed fields; personal values stay in the records.

    The id columns are what a timeline asks by; they are no foreign keys, so that a line outlives what it tells of.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("organizations.Organization", models.PROTECT, related_name="events")
    sequence = models.BigIntegerField()  # 1, 2, 3, … in each organization, without a gap
    type = models.CharField(max_length=64)  # an EventType; not said here, or each new one would be a migration
    at = models.DateTimeField()  # the organization's time
    recorded_at = models.DateTimeField()  # real time; differs from `at` only in a test organization
    actor = models.CharField(max_length=80)
    customer_id = models.UUIDField(null=True)
    company_id = models.UUIDField(null=True)
    membership_id = models.UUIDField(null=True)
    plan_id = models.UUIDField(null=True)
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="event_sequence_once", fields=["organization", "sequence"]),
            Immutable(name="event_immutable", passage="events_eventpassage"),
        ]
        indexes = [
            models.Index(name="event_of_customer", fields=["customer_id", "sequence"]),
            models.Index(name="event_of_company", fields=["company_id", "sequence"]),
            models.Index(name="event_of_membership", fields=["membership_id", "sequence"]),
            models.Index(name="event_by_type", fields=["organization", "type", "sequence"]),
            models.Index(name="event_by_actor", fields=["organization", "actor", "sequence"]),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.type}"


class EventPassage(models.Model):
    """The lines of this organization may be deleted, by the transaction that put this here and takes it away again.

    For `lifecycle` alone: an organization that is deleted takes what happened in it along.
    """

    organization = models.OneToOneField(
        "organizations.Organization", models.PROTECT, primary_key=True, related_name="+"
    )

    def __str__(self) -> str:
        return f"{self.pk}"


class EventCounter(models.Model):
    """The last number given to an event of an organization. Taken last in a transaction, so held only briefly."""

    organization = models.OneToOneField("organizations.Organization", models.PROTECT, primary_key=True)
    last = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.last}"


class ReactionCursor(models.Model):
    """Up to which line of an organization all who react have reacted (`reacting.py`)."""

    organization = models.OneToOneField("organizations.Organization", models.PROTECT, primary_key=True)
    last = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.last}"


class FeedEpoch(models.Model):
    """An epoch of an organization's feed that began with a restore; before the first, the feed's is the organization.

    A number names an event only together with its epoch: after a restore, numbers are given again.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("organizations.Organization", models.PROTECT, related_name="feed_epochs")
    number = models.PositiveIntegerField()  # 1, 2, 3, …: the highest is the present one
    forked_from = models.UUIDField()  # the epoch that was restored; no foreign key, the first one has no row
    after = models.BigIntegerField()  # events up to this number are those of the epoch that was restored
    opened_at = models.DateTimeField()  # real time

    class Meta:
        constraints = [models.UniqueConstraint(name="feed_epoch_number_once", fields=["organization", "number"])]

    def __str__(self) -> str:
        return f"{self.number} after {self.after}"

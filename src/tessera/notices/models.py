from typing import Final

from django.db import models
from django.db.models import Q

from tessera.core.ids import new_id
from tessera.notices.types import Status, To
from tessera.organizations.models import Organization
from tessera.people.models import Customer

_DUE: Final = Q(due_at__isnull=False)
_OPEN: Final = Q(status__in=[Status.WAITING, Status.SENDING])


class Notice(models.Model):
    """One mail to one recipient about one fact: to be sent, sent, or not to be sent and why.

    It holds ids and instants. Name, address and language are read from the recipient's record when it is sent, so
    that nothing personal is left here when that record is erased. The recipient is no foreign key for that reason.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=40)  # a Kind
    to = models.CharField(max_length=10, choices=[(each, each) for each in To])
    recipient_id = models.UUIDField()
    fact = models.CharField(max_length=200)
    context = models.JSONField(default=dict)
    event_sequence = models.BigIntegerField(null=True)  # the line that told of it
    happened_at = models.DateTimeField()  # the organization's time
    status = models.CharField(max_length=10, choices=[(each, each) for each in Status])
    why = models.CharField(max_length=300, blank=True)  # skipped or failed: the reason, without anybody's address
    rank = models.PositiveSmallIntegerField()  # 0 goes out first: what somebody waits for before what many are told
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)  # real time: not to be tried before, or in whose hands until; null: done
    claim = models.UUIDField(null=True)  # in whose hands
    sent_at = models.DateTimeField(null=True)  # the organization's time

    class Meta:
        constraints = [
            models.UniqueConstraint(name="notice_once_a_fact", fields=["organization", "kind", "recipient_id", "fact"]),
            models.CheckConstraint(name="notice_open_is_due", condition=(_OPEN & _DUE) | (~_OPEN & ~_DUE)),
            models.CheckConstraint(
                name="notice_sending_is_claimed",
                condition=Q(status=Status.SENDING, claim__isnull=False)
                | (~Q(status=Status.SENDING) & Q(claim__isnull=True)),
            ),
            models.CheckConstraint(
                name="notice_sent_has_instant",
                condition=Q(status=Status.SENT, sent_at__isnull=False)
                | (~Q(status=Status.SENT) & Q(sent_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(name="notice_to_send", fields=["organization", "rank", "id"], condition=_DUE),
            models.Index(name="notice_due", fields=["due_at", "organization"], condition=_DUE),
            models.Index(name="notice_claimed", fields=["claim"], condition=Q(claim__isnull=False)),
            models.Index(name="notice_of_recipient", fields=["recipient_id", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.fact}"


class Unsubscription(models.Model):
    """A customer wants no more mails of a group. What is not here is sent."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    group = models.CharField(max_length=20)  # a Group
    created_at = models.DateTimeField()  # the organization's time

    class Meta:
        constraints = [models.UniqueConstraint(name="unsubscription_once", fields=["customer", "group"])]

    def __str__(self) -> str:
        return f"{self.group} of {self.customer_id}"

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from tessera.core.ids import new_id
from tessera.db.constraints import NoOverlap
from tessera.memberships.types import STORED_REASONS, BulkAction, BulkState, Outcome
from tessera.organizations.models import Organization
from tessera.people.erasure import Kept, keep
from tessera.people.models import Company, Customer
from tessera.people.types import Source
from tessera.plans.models import Plan, Price


class Membership(models.Model):
    """A plan held by one customer or one company. Its history is its terms; its status is derived (`status.py`)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="memberships")
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, related_name="memberships")
    company = models.ForeignKey(Company, models.PROTECT, null=True, related_name="memberships")
    anchor = models.CharField(max_length=40, blank=True)  # core.periods.Anchor as text; empty before the first term
    source = models.CharField(max_length=10, choices=[(each, each) for each in Source])
    renews = models.BooleanField()  # a next term is to follow without anybody asking
    next_plan = models.ForeignKey(Plan, models.PROTECT, null=True, related_name="+")
    next_price = models.ForeignKey(Price, models.PROTECT, null=True, related_name="+")
    seats = models.PositiveIntegerField(null=True)  # companies; null: the plan's
    agreed_start_at = models.DateTimeField(null=True)  # while pending: not before
    agreed_end_at = models.DateTimeField(null=True)  # while pending: the own end asked for at grant
    agreed_trial = models.BooleanField(null=True)  # while pending: whether to begin with a trial; null: if possible
    needs_approval = models.BooleanField(default=False)  # still to be approved
    awaits_payment = models.BooleanField(default=False)  # still to be paid
    paid_by = models.CharField(max_length=40, blank=True)  # what took the first payment, until a term carries it
    pending_until = models.DateTimeField(null=True)  # no term by then: abandoned
    # What a booked change found, to put back if it is taken back: the anchor of the term that it cut.
    anchor_before_change = models.CharField(max_length=40, blank=True)
    cancel_booked_at = models.DateTimeField(null=True)  # when canceling at the period's end was asked for
    grace_before_cancel = models.DateTimeField(null=True)  # the grace it took off, to put back if it is undone
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.CharField(max_length=10, choices=[(each, each) for each in STORED_REASONS], blank=True)
    external_reference = models.CharField(max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    remind_at = models.DateTimeField(null=True)  # when to remind of the end, by the policy when that end was booked
    announced_until = models.DateTimeField()  # all that came of it until then has been announced
    # Two derived instants, kept only so that lists and the announcer find rows; `tessera doctor` recomputes them.
    ends_at = models.DateTimeField(null=True)  # last booked end; null: open, or no term yet
    announce_at = models.DateTimeField(null=True)  # when something next comes of it (`milestones.py`); null: nothing

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="membership_one_holder",
                condition=Q(customer__isnull=False, company__isnull=True)
                | Q(customer__isnull=True, company__isnull=False),
            ),
            models.CheckConstraint(
                name="membership_end_has_reason",
                condition=Q(ended_at__isnull=True, ended_reason="")
                | (Q(ended_at__isnull=False) & Q(ended_reason__in=STORED_REASONS)),
            ),
            models.CheckConstraint(
                name="membership_reminder_before_end",
                condition=Q(remind_at=None) | Q(ends_at__isnull=False, remind_at__lt=F("ends_at")),
            ),
        ]
        indexes = [
            models.Index(name="membership_of_customer", fields=["customer"], condition=Q(customer__isnull=False)),
            models.Index(name="membership_of_company", fields=["company"], condition=Q(company__isnull=False)),
            models.Index(name="membership_by_end", fields=["organization", "ends_at", "id"]),
            models.Index(name="membership_by_age", fields=["organization", "created_at", "id"]),
            models.Index(
                name="membership_not_begun",
                fields=["organization", "created_at", "id"],
                condition=Q(anchor="", ended_at=None),
            ),
            models.Index(
                name="membership_to_approve",
                fields=["organization", "created_at", "id"],
                condition=Q(needs_approval=True, ended_at=None),
            ),
            models.Index(
                name="membership_ended", fields=["organization", "ended_at"], condition=Q(ended_at__isnull=False)
            ),
            models.Index(
                name="membership_by_reference",
                fields=["organization", "external_reference"],
                condition=~Q(external_reference=""),
            ),
            models.Index(
                name="membership_to_announce",
                fields=["organization", "announce_at", "id"],
                condition=Q(announce_at__isnull=False),
            ),
            models.Index(
                name="membership_ended_early",
                fields=["organization", "ends_at", "ended_at"],
                condition=Q(ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Term(models.Model):
    """One granted or paid interval [starts_at, ends_at) of a membership, with the plan and price it was held under."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="terms")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    price = models.ForeignKey(Price, models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)  # exclusive; null: open
    grace_until = models.DateTimeField(null=True)  # access goes on until then while the renewal's payment is awaited
    trial = models.BooleanField(default=False)
    paid_by = models.CharField(max_length=40, blank=True)  # what paid for it: a provider's name; empty: nothing did
    provider_reference = models.CharField(max_length=200, null=True, unique=True)
    booked_by = models.CharField(max_length=80)  # the actor, as in the event
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="term_ends_after_it_starts", condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at"))
            ),
            models.CheckConstraint(
                name="term_grace_after_end",
                condition=Q(grace_until=None) | Q(ends_at__isnull=False, grace_until__gte=F("ends_at")),
            ),
            NoOverlap(name="term_no_overlap", columns=["membership_id"]),
        ]
        indexes = [
            models.Index(name="term_of_membership", fields=["membership", "starts_at"]),
            # What `counting.py` reads, and nothing but that: who has a plan is counted from the index alone.
            models.Index(name="term_of_plan_running", fields=["plan", "ends_at", "starts_at", "price"]),
            models.Index(
                name="term_of_plan_in_grace",
                fields=["plan", "grace_until", "ends_at", "membership"],
                condition=Q(grace_until__isnull=False),
            ),
            # Finds those that are still to begin. With the plan in front, SQLite would read the terms of a page by it.
            models.Index(name="term_to_begin", fields=["starts_at", "plan", "membership"]),
        ]

    def __str__(self) -> str:
        return f"from {self.starts_at:%Y-%m-%d}"

    def covers(self, at: datetime) -> bool:
        """Whether `at` is within: derived from the interval, never stored, so it cannot lag behind the clock."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


class Pause(models.Model):
    """An interval in which a membership grants nothing."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="pauses")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)  # exclusive; null: until somebody resumes it
    extends = models.BooleanField()  # the term's end moves by the wall-clock time paused
    anchor_before = models.CharField(max_length=40, blank=True)  # to put back if the pause is taken back unused
    reason = models.CharField(max_length=500, blank=True)
    paused_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="pause_ends_after_start", condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at"))
            ),
            NoOverlap(name="pause_no_overlap", columns=["membership_id"]),
        ]
        indexes = [
            models.Index(name="pause_of_membership", fields=["membership", "starts_at"]),
            models.Index(name="pause_running", fields=["ends_at", "starts_at", "membership"]),
        ]

    def __str__(self) -> str:
        return f"paused from {self.starts_at:%Y-%m-%d}"


class BulkRun(models.Model):
    """Something that is done with many customers, one after the other."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="bulk_runs")
    action = models.CharField(max_length=10, choices=[(each, each) for each in BulkAction])
    arguments = models.JSONField(default=dict)  # of the action: public ids, days, a tag
    which = models.JSONField(null=True)  # the address of the list whose customers they are; null: they were chosen
    state = models.CharField(max_length=12, choices=[(each, each) for each in BulkState])
    collected_to = models.UUIDField(null=True)  # the last customer who was looked at
    actor = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.action} {self.id}"


class BulkItem(models.Model):
    """One of the customers of a run, and what became of them."""

    run = models.ForeignKey(BulkRun, models.CASCADE, related_name="items", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=10, choices=[(each, each) for each in Outcome], default=Outcome.WAITING)
    reason = models.CharField(max_length=500, blank=True)  # why it was refused

    class Meta:
        constraints = [models.UniqueConstraint(name="bulk_item_once", fields=["run", "customer"])]
        indexes = [models.Index(name="bulk_item_by_outcome", fields=["run", "outcome", "id"])]

    def __str__(self) -> str:
        return self.outcome


keep(
    Kept(Membership),  # with its terms: accounts, and numbers of members, stay true
    Kept(Pause, way="membership__customer", blank={"reason": ""}),
    Kept(BulkItem, blank={"reason": ""}),  # with how many something was done
)

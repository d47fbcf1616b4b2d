from django.db import models
from django.db.models import Q

from tessera.core.currencies import CODES
from tessera.core.ids import new_id
from tessera.core.periods import FixedCycle, Interval
from tessera.organizations.models import Organization
from tessera.plans.types import Audience, Billing, Rule, Visibility


class Permission(models.Model):
    """A named, reusable right or benefit that plans grant."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="permissions")
    key = models.CharField(max_length=80)  # [a-z0-9][a-z0-9._:-]{0,79}; never changes
    name = models.CharField(max_length=200)
    description = models.CharField(max_length=2000, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="permission_key_once", fields=["organization", "key"])]

    def __str__(self) -> str:
        return self.key


class PermissionTarget(models.Model):
    """What a permission means in the words of outside systems: an action on a resource, `enter door:main`.

    `resource_id` is exact, `*`, or a prefix that ends in `*`.
    """

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    permission = models.ForeignKey(Permission, models.CASCADE, related_name="targets")
    action = models.CharField(max_length=80)
    resource_type = models.CharField(max_length=80)
    resource_id = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="target_once_a_permission", fields=["permission", "action", "resource_type", "resource_id"]
            ),
        ]
        indexes = [
            models.Index(name="target_by_words", fields=["organization", "action", "resource_type", "resource_id"]),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.resource_type}:{self.resource_id}"


class Plan(models.Model):
    """What can be held."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="plans")
    name = models.CharField(max_length=200)
    description = models.CharField(max_length=5000, blank=True)
    audience = models.CharField(max_length=10, choices=[(each, each) for each in Audience])
    rule = models.CharField(max_length=10, choices=[(each, each) for each in Rule], default=Rule.ROLLING)
    cycle_start = models.CharField(max_length=5, blank=True)  # fixed: "MM-DD"
    cycle_rollover = models.CharField(max_length=5, blank=True)  # fixed: "MM-DD", or none
    visibility = models.CharField(max_length=10, choices=[(each, each) for each in Visibility])
    needs_approval = models.BooleanField(default=False)
    seats = models.PositiveIntegerField(null=True)  # companies; null: no limit
    capacity = models.PositiveIntegerField(null=True)  # how many may join by themselves until it is full; null: any
    pauses_allowed = models.BooleanField(default=False)
    pauses_extend = models.BooleanField(default=False)  # the end moves by the time paused
    revival_days = models.PositiveSmallIntegerField(default=0)  # whole local days after an end
    colour = models.CharField(max_length=7, default="#1f5f4a")  # #rrggbb
    position = models.PositiveIntegerField(default=0)  # order among the organization's plans
    archived_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    permissions = models.ManyToManyField(Permission, through="PlanPermission", related_name="plans")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="plan_cycle_fits_rule",
                condition=Q(rule=Rule.ROLLING, cycle_start="", cycle_rollover="")
                | (Q(rule=Rule.FIXED) & ~Q(cycle_start="")),
            ),
        ]
        indexes = [models.Index(name="plan_in_order", fields=["organization", "position", "id"])]

    def __str__(self) -> str:
        return self.name

    @property
    def cycle(self) -> FixedCycle | None:
        """The yearly cycle of a fixed plan; None for a rolling one."""
        if self.rule != Rule.FIXED:
            return None
        return FixedCycle.parse(self.cycle_start, self.cycle_rollover or None)


class PlanPermission(models.Model):
    """A plan grants a permission."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="+")
    permission = models.ForeignKey(Permission, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(name="plan_permission_once", fields=["plan", "permission"])]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.permission_id}"


class Price(models.Model):
    """Amount, currency and billing interval of a plan. Never edited once used: a new one replaces it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="prices")
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    billing = models.CharField(max_length=10, choices=[(each, each) for each in Billing])
    interval = models.CharField(max_length=5, choices=[(each, each) for each in Interval], blank=True)
    interval_count = models.PositiveSmallIntegerField(default=1)
    trial_days = models.PositiveSmallIntegerField(default=0)
    joining_fee_minor = models.PositiveBigIntegerField(default=0)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="price_currency_known", condition=Q(currency__in=sorted(CODES))),
            models.CheckConstraint(name="price_count_positive", condition=Q(interval_count__gte=1)),
            models.CheckConstraint(
                name="price_interval_fits_billing",
                condition=Q(billing=Billing.OPEN, interval="") | (~Q(billing=Billing.OPEN) & ~Q(interval="")),
            ),
        ]
        indexes = [models.Index(name="price_of_plan", fields=["plan", "created_at"])]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"

    @property
    def renews_without_payment(self) -> bool:
        """Whether a membership on this price goes on by itself, in one open term whose periods are computed."""
        return self.billing == Billing.RECURRING and self.amount_minor == 0

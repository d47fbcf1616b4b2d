"""Permissions, plans and prices."""

from collections.abc import Sequence
from datetime import datetime

from tessera.core.periods import Interval
from tessera.organizations.models import Organization
from tessera.plans.models import Permission, PermissionTarget, Plan, PlanPermission, Price
from tessera.plans.types import Audience, Billing, Rule, Visibility
from tests.make.basics import JAN_10, serials


def permission(
    club: Organization, key: str = "pool", *, targets: Sequence[str] = (), name: str | None = None
) -> Permission:
    """A permission; targets are written `enter door:main`. One that exists only gets the targets added."""
    row, _ = Permission.objects.get_or_create(
        organization=club, key=key, defaults={"name": name or key.capitalize(), "created_at": JAN_10}
    )
    for target in targets:
        action, _, resource = target.partition(" ")
        resource_type, _, resource_id = resource.partition(":")
        PermissionTarget.objects.create(
            organization=club,
            permission=row,
            action=action,
            resource_type=resource_type,
            resource_id=resource_id,
        )
    return row


def plan(
    club: Organization,
    name: str | None = None,
    *,
    permissions: Sequence[str | Permission] = (),
    amount: int = 3500,
    interval: Interval = Interval.MONTH,
    interval_count: int = 1,
    billing: Billing = Billing.RECURRING,
    trial_days: int = 0,
    joining_fee: int = 0,
    audience: Audience = Audience.BOTH,
    visibility: Visibility = Visibility.PUBLIC,
    rule: Rule = Rule.ROLLING,
    cycle_start: str = "",
    cycle_rollover: str = "",
    needs_approval: bool = False,
    seats: int | None = None,
    capacity: int | None = None,
    pauses_allowed: bool = False,
    pauses_extend: bool = False,
    revival_days: int = 0,
    position: int = 0,
    archived_at: datetime | None = None,
) -> Plan:
    """A plan with one active price; permissions named by key are made if there are none."""
    row = Plan.objects.create(
        organization=club,
        name=name or f"Gold {next(serials)}",
        audience=audience,
        rule=rule,
        cycle_start=cycle_start,
        cycle_rollover=cycle_rollover,
        visibility=visibility,
        needs_approval=needs_approval,
        seats=seats,
        capacity=capacity,
        pauses_allowed=pauses_allowed,
        pauses_extend=pauses_extend,
        revival_days=revival_days,
        position=position,
        archived_at=archived_at,
        created_at=JAN_10,
    )
    for each in permissions:
        granted = permission(club, each) if isinstance(each, str) else each
        PlanPermission.objects.create(plan=row, permission=granted)
    price(
        row,
        amount=amount,
        interval=interval,
        interval_count=interval_count,
        billing=billing,
        trial_days=trial_days,
        joining_fee=joining_fee,
    )
    return row


def price(
    of: Plan,
    *,
    amount: int = 3500,
    currency: str | None = None,
    interval: Interval = Interval.MONTH,
    interval_count: int = 1,
    billing: Billing = Billing.RECURRING,
    trial_days: int = 0,
    joining_fee: int = 0,
    active: bool = True,
    created_at: datetime = JAN_10,
) -> Price:
    """One more price of a plan; an open-ended one has no interval."""
    return Price.objects.create(
        organization_id=of.organization_id,
        plan=of,
        amount_minor=amount,
        currency=currency or of.organization.currency,
        billing=billing,
        interval="" if billing == Billing.OPEN else interval,
        interval_count=interval_count,
        trial_days=trial_days,
        joining_fee_minor=joining_fee,
        active=active,
        created_at=created_at,
    )

"""What screens and APIs read of the catalogue. Numbers of queries do not depend on numbers of rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar
from uuid import UUID

from tessera.core import ids, local_time, periods
from tessera.core.ids import Prefix
from tessera.core.periods import Anchor, Interval
from tessera.http.cursors import paginate
from tessera.organizations.models import Organization
from tessera.organizations.time import zone as zone_of
from tessera.plans.errors import PermissionNotFound, PlanNotFound, PriceNotFound
from tessera.plans.models import Permission, PermissionTarget, Plan, PlanPermission, Price
from tessera.plans.types import Audience, Billing, Rule, Target, Visibility

T = TypeVar("T")
_BY_PLACE = ("position", "id")


@dataclass(frozen=True, slots=True)
class PermissionFacts:
    """What is known of a permission."""

    id: UUID
    version: int
    key: str
    name: str
    description: str
    targets: tuple[Target, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PriceFacts:
    """What is known of a price. Amounts in minor units; `interval` is None for an open-ended one."""

    id: UUID
    plan_id: UUID
    amount_minor: int
    joining_fee_minor: int
    currency: str
    billing: Billing
    interval: Interval | None
    interval_count: int
    trial_days: int
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What is known of a plan; its prices oldest first, its permissions' keys in order of the alphabet."""

    id: UUID
    version: int
    name: str
    description: str
    audience: Audience
    rule: Rule
    cycle_start: str
    cycle_rollover: str
    visibility: Visibility
    needs_approval: bool
    seats: int | None
    capacity: int | None
    pauses_allowed: bool
    pauses_extend: bool
    revival_days: int
    colour: str
    position: int
    archived_at: datetime | None
    created_at: datetime
    permissions: tuple[str, ...]
    prices: tuple[PriceFacts, ...]


@dataclass(frozen=True, slots=True)
class ScheduledTerm:
    """One term as it would lie: `last_day` is the last local day it includes; without an end both are None."""

    starts_at: datetime
    ends_at: datetime | None
    last_day: date | None


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """One page of a list; `next_cursor` asks for the next, None if this was the last."""

    data: tuple[T, ...]
    next_cursor: str | None


def permission_by_key(organization: Organization, key: str) -> Permission:
    """Return the permission. Raises PermissionNotFound."""
    row = Permission.objects.filter(organization=organization, key=key).first()
    if row is None:
        raise PermissionNotFound("there is no such permission")
    return row


def plan_by_id(organization: Organization, text: str) -> Plan:
    """Return the plan with the id `pln_…`. Raises PlanNotFound."""
    key = ids.from_text(Prefix.PLAN, text)
    row = None if key is None else Plan.objects.filter(organization=organization, pk=key).first()
    if row is None:
        raise PlanNotFound("there is no such plan")
    row.organization = organization
    return row


def price_by_id(organization: Organization, text: str) -> Price:
    """Return the price with the id `prc_…`, and its plan with it. Raises PriceNotFound."""
    key = ids.from_text(Prefix.PRICE, text)
    prices = Price.objects.filter(organization=organization).select_related("plan")
    row = None if key is None else prices.filter(pk=key).first()
    if row is None:
        raise PriceNotFound("there is no such price")
    row.plan.organization = organization
    return row


def permission(row: Permission) -> PermissionFacts:
    """Return what is known of one permission: one query."""
    return _permission_facts([row])[0]


def permissions(organization: Organization, *, limit: int = 50, cursor: str | None = None) -> Rows[PermissionFacts]:
    """Return a page of the organization's permissions in order of their keys: two queries.

    Raises CursorInvalid if the cursor is not one of this list.
    """
    rows, next_cursor = paginate(
        Permission.objects.filter(organization=organization), order=("key", "id"), limit=limit, cursor=cursor
    )
    return Rows(tuple(_permission_facts(rows)), next_cursor)


def plans_granting(row: Permission) -> tuple[tuple[UUID, str], ...]:
    """Return id and name of the plans that grant the permission, archived ones included, in the catalogue's order."""
    found = Plan.objects.filter(organization_id=row.organization_id, permissions=row).order_by(*_BY_PLACE)
    return tuple(found.values_list("pk", "name"))


def granting_plans(
    organization: Organization, permission_ids: Collection[UUID]
) -> dict[UUID, tuple[tuple[UUID, str, bool], ...]]:
    """Return the plans that grant each permission: id, name and whether it is archived. One query."""
    rows = PlanPermission.objects.filter(plan__organization=organization, permission__in=permission_ids)
    found: dict[UUID, list[tuple[UUID, str, bool]]] = {}
    columns = rows.order_by("plan__position", "plan_id").values_list(
        "permission_id", "plan_id", "plan__name", "plan__archived_at"
    )
    for permission_id, plan_id, name, archived_at in columns:
        found.setdefault(permission_id, []).append((plan_id, name, archived_at is not None))
    return {key: tuple(each) for key, each in found.items()}


def plan(row: Plan) -> PlanFacts:
    """Return what is known of one plan: two queries."""
    return _plan_facts([row])[0]


def plans(
    organization: Organization,
    *,
    archived: bool | None = None,
    audience: Audience | None = None,
    visibility: Visibility | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Rows[PlanFacts]:
    """Return a page of the organization's plans in the catalogue's order: three queries.

    `archived` None: both those that are and those that are not. `audience` finds plans for both, too.

    Raises CursorInvalid if the cursor is not one of this list.
    """
    found = Plan.objects.filter(organization=organization)
    if archived is not None:
        found = found.filter(archived_at__isnull=not archived)
    if audience is not None:
        found = found.filter(audience__in={audience, Audience.BOTH})
    if visibility is not None:
        found = found.filter(visibility=visibility)
    rows, next_cursor = paginate(found, order=_BY_PLACE, limit=limit, cursor=cursor)
    return Rows(tuple(_plan_facts(rows)), next_cursor)


def order_on_offer(organization: Organization) -> list[UUID]:
    """Return the ids of the plans that are not archived, in the catalogue's order: one query."""
    found = Plan.objects.filter(organization=organization, archived_at=None)
    return list(found.order_by(*_BY_PLACE).values_list("pk", flat=True))


def plan_names(organization: Organization, *, most: int) -> list[tuple[UUID, str]]:
    """Return id and name of the organization's plans in the catalogue's order, archived ones too: one query."""
    return list(Plan.objects.filter(organization=organization).order_by(*_BY_PLACE).values_list("pk", "name")[:most])


def price(row: Price) -> PriceFacts:
    """Return what is known of one price: no query."""
    return PriceFacts(
        id=row.pk,
        plan_id=row.plan_id,
        amount_minor=row.amount_minor,
        joining_fee_minor=row.joining_fee_minor,
        currency=row.currency,
        billing=Billing(row.billing),
        interval=Interval(row.interval) if row.interval else None,
        interval_count=row.interval_count,
        trial_days=row.trial_days,
        active=row.active,
        created_at=row.created_at,
    )


def prices_of(row: Plan, *, limit: int = 50, cursor: str | None = None) -> Rows[PriceFacts]:
    """Return a page of the plan's prices, active or not, oldest first: one query. Raises CursorInvalid."""
    found = Price.objects.filter(organization_id=row.organization_id, plan=row)
    rows, next_cursor = paginate(found, order=("created_at", "id"), limit=limit, cursor=cursor)
    return Rows(tuple(price(each) for each in rows), next_cursor)


def schedule(row: Price, *, starts_at: datetime | None, at: datetime, take: int) -> tuple[ScheduledTerm, ...]:
    """Return the first `take` terms (1 to 1,000) that somebody starting on this price would have, without a trial.

    A start given as an instant is its own anchor; without one it is `at`, anchored at 00:00 of that local day.
    A price paid once has one term, an open-ended one a single term without an end.

    Raises InvalidPeriod if `take` is out of bounds or the calendar ends.
    """
    club = row.plan.organization
    zone = zone_of(club)
    begins = starts_at or at
    if row.billing == Billing.OPEN:
        return (ScheduledTerm(begins, None, None),)
    anchor = Anchor.midnight(begins, zone) if starts_at is None else Anchor.at(begins, zone)
    terms = periods.terms(
        anchor,
        every=Interval(row.interval),
        count=row.interval_count,
        zone=zone,
        take=1 if row.billing == Billing.ONCE else take,
        starts_at=begins,
        cycle=row.plan.cycle,
    )
    return tuple(ScheduledTerm(start, end, local_time.last_day(end, zone)) for start, end in terms)


def _permission_facts(rows: Sequence[Permission]) -> list[PermissionFacts]:
    targets: dict[UUID, list[Target]] = {}
    for target in PermissionTarget.objects.filter(permission__in=[row.pk for row in rows]).order_by("id"):
        words = Target(target.action, target.resource_type, target.resource_id)
        targets.setdefault(target.permission_id, []).append(words)
    return [
        PermissionFacts(
            id=row.pk,
            version=row.version,
            key=row.key,
            name=row.name,
            description=row.description,
            targets=tuple(targets.get(row.pk, ())),
            created_at=row.created_at,
        )
        for row in rows
    ]


def _plan_facts(rows: Sequence[Plan]) -> list[PlanFacts]:
    found = [row.pk for row in rows]
    keys: dict[UUID, list[str]] = {}
    granted = PlanPermission.objects.filter(plan__in=found).order_by("permission__key")
    for plan_id, key in granted.values_list("plan_id", "permission__key"):
        keys.setdefault(plan_id, []).append(key)
    prices: dict[UUID, list[PriceFacts]] = {}
    for each in Price.objects.filter(plan__in=found).order_by("created_at", "id"):
        prices.setdefault(each.plan_id, []).append(price(each))
    return [
        PlanFacts(
            id=row.pk,
            version=row.version,
            name=row.name,
            description=row.description,
            audience=Audience(row.audience),
            rule=Rule(row.rule),
            cycle_start=row.cycle_start,
            cycle_rollover=row.cycle_rollover,
            visibility=Visibility(row.visibility),
            needs_approval=row.needs_approval,
            seats=row.seats,
            capacity=row.capacity,
            pauses_allowed=row.pauses_allowed,
            pauses_extend=row.pauses_extend,
            revival_days=row.revival_days,
            colour=row.colour,
            position=row.position,
            archived_at=row.archived_at,
            created_at=row.created_at,
            permissions=tuple(keys.get(row.pk, ())),
            prices=tuple(prices.get(row.pk, ())),
        )
        for row in rows
    ]

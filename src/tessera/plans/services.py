"""Changes to plans and their prices: each is one transaction and at least one event."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Unpack
from uuid import UUID

from django.db.models import F, Max

from tessera import db
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.core.periods import Interval
from tessera.core.phrases import said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations import versions
from tessera.organizations.models import Organization
from tessera.plans import rules, usage
from tessera.plans.errors import (
    LastActivePrice,
    PermissionUnknown,
    PlanHeld,
    PlanInvalid,
    PlanNotFound,
    PriceUsed,
)
from tessera.plans.models import Permission, Plan, PlanPermission, Price
from tessera.plans.types import (
    Audience,
    Billing,
    PlanDetails,
    PriceDetails,
    PriceTerms,
    Rule,
    Visibility,
)

_FIXED_ONCE_HELD = ("audience", "cycle_rollover", "cycle_start", "rule")


def create_plan(
    *,
    organization: Organization,
    prices: Sequence[PriceTerms],
    at: datetime,
    actor: Actor,
    **given: Unpack[PlanDetails],
) -> Plan:
    """Make a plan with at least one price; free is 0. It comes last in the order unless told.

    Rolling, for both customers and companies, and public unless told.

    Raises PlanInvalid, PriceInvalid, CurrencyMismatch, UnknownCurrency, InvalidAmount, InvalidPeriod,
    PermissionUnknown.
    """
    told = _plan_told(given)
    plan = Plan(
        organization=organization,
        created_at=at,
        **{"audience": Audience.BOTH, "visibility": Visibility.PUBLIC, **told},
    )
    if not plan.name:
        raise PlanInvalid("a name is required", pointer="/name")
    if not prices:
        raise PlanInvalid("a plan needs at least one price; free is 0", pointer="/prices")
    _check_plan(plan)
    asked = [
        rules.checked_terms(terms, rule=Rule(plan.rule), currency=organization.currency, pointer=f"/prices/{place}")
        for place, terms in enumerate(prices)
    ]
    with db.transaction():
        if "position" not in told:
            last = Plan.objects.filter(organization=organization).aggregate(last=Max("position"))["last"]
            plan.position = 0 if last is None else min(last + 1, rules.LARGEST_POSITION)
        plan.save(force_insert=True)
        _grant_permissions(plan, given.get("permissions", ()))
        _record_plan(EventType.PLAN_CREATED, plan, at=at, actor=actor)
        for terms in asked:
            _add(plan, terms, at=at, actor=actor)
    return plan


def update_plan(
    *, plan: Plan, at: datetime, actor: Actor, version: int | None = None, **given: Unpack[PlanDetails]
) -> Plan:
    """Change a plan and return it; holders' permissions change with the next check. Permissions are replaced whole.

    A plan that becomes rolling loses its cycle. If nothing differs, nothing is written.

    Raises VersionStale if `version` is given and not the present one; PlanHeld if whom it is for or how its terms
    lie would change although somebody has or had it; PlanInvalid, PriceInvalid, InvalidPeriod, PermissionUnknown.
    """
    told = _plan_told(given)
    organization = plan.organization
    with db.transaction():
        plan = _locked(plan)
        versions.check(plan.version, version)
        if told.get("rule") == Rule.ROLLING:
            told = {"cycle_start": "", "cycle_rollover": "", **told}
        columns = {name: value for name, value in told.items() if getattr(plan, name) != value}
        fields = sorted(columns)
        keys = given.get("permissions")
        if keys is not None and set(keys) != set(_keys_of(plan)):
            fields.append("permissions")
        if not fields:
            return plan
        if any(name in columns for name in _FIXED_ONCE_HELD) and usage.is_held(plan):
            raise PlanHeld(said("{plan} has been held; make a new plan for other terms", plan=plan.name))
        for name, value in columns.items():
            setattr(plan, name, value)
        _check_plan(plan)
        if "rule" in columns:
            for price in Price.objects.filter(plan=plan, active=True):
                rules.checked_terms(_terms_of(price), rule=Rule(plan.rule), currency=organization.currency)
        if keys is not None and "permissions" in fields:
            PlanPermission.objects.filter(plan=plan).delete()
            _grant_permissions(plan, keys)
        _write(plan, columns)
        _record_plan(EventType.PLAN_UPDATED, plan, at=at, actor=actor, fields=fields)
    return plan


def reorder_plans(*, organization: Organization, order: Sequence[UUID], at: datetime, actor: Actor) -> None:
    """Put the organization's plans in this order; those not named follow in the order they have.

    Plans that stay in their place are not touched. Raises PlanNotFound if one is not the organization's,
    PlanInvalid if one is named twice.
    """
    with db.transaction():
        rows = Plan.objects.filter(organization=organization).select_for_update(no_key=True).order_by("id")
        plans = {plan.pk: plan for plan in rows}
        if len(set(order)) != len(order):
            raise PlanInvalid("each plan once")
        if not plans.keys() >= set(order):
            raise PlanNotFound("there is no such plan")
        rest = sorted((plan for plan in plans.values() if plan.pk not in order), key=_place)
        for position, plan in enumerate([*(plans[key] for key in order), *rest]):
            if plan.position != position:
                _write(plan, {"position": position})
                _record_plan(EventType.PLAN_UPDATED, plan, at=at, actor=actor, fields=["position"])


def archive_plan(*, plan: Plan, at: datetime, actor: Actor) -> Plan:
    """Close a plan to new grants and changes to it; who holds it keeps it and renews as before.

    One that is archived already stays as it is.
    """
    with db.transaction():
        plan = _locked(plan)
        if plan.archived_at is None:
            _write(plan, {"archived_at": at})
            _record_plan(EventType.PLAN_ARCHIVED, plan, at=at, actor=actor)
    return plan


def restore_plan(*, plan: Plan, at: datetime, actor: Actor) -> Plan:
    """Open an archived plan to new grants again. One that is not archived stays as it is.

    Raises LastActivePrice if none of its prices is offered any more: add one, or offer one again, first.
    """
    with db.transaction():
        plan = _locked(plan)
        if plan.archived_at is not None:
            if not Price.objects.filter(plan=plan, active=True).exists():
                raise LastActivePrice("none of its prices is offered; offer one first", pointer="/prices")
            _write(plan, {"archived_at": None})
            _record_plan(EventType.PLAN_RESTORED, plan, at=at, actor=actor)
    return plan


def change_grants(*, changes: Sequence[tuple[Plan, int, Sequence[str]]], at: datetime, actor: Actor) -> list[Plan]:
    """Change what several plans grant at once, all or none; return the plans that differ from before.

    Each change is a plan, the version of it that was looked at, and the keys of all permissions that it is to grant.

    Raises VersionStale if one of the plans has been changed meanwhile; PermissionUnknown.
    """
    changed = []
    with db.transaction():
        for plan, version, keys in sorted(changes, key=lambda each: each[0].pk):
            done = update_plan(plan=plan, version=version, at=at, actor=actor, permissions=keys)
            if done.version != version:
                changed.append(done)
    return changed


def add_price(*, plan: Plan, terms: PriceTerms, at: datetime, actor: Actor) -> Price:
    """Add an active price to a plan; members keep theirs.

    Raises PriceInvalid, CurrencyMismatch, UnknownCurrency, InvalidAmount.
    """
    currency = plan.organization.currency
    with db.transaction():
        plan = _locked(plan)
        asked = rules.checked_terms(terms, rule=Rule(plan.rule), currency=currency)
        return _add(plan, asked, at=at, actor=actor)


def update_price(*, price: Price, at: datetime, actor: Actor, **given: Unpack[PriceDetails]) -> Price:
    """Change a price that nobody has or had; take any out of use, or back into it. Nothing new writes nothing.

    Raises PriceUsed if more than `active` would change of a used one; LastActivePrice if the plan, not archived,
    would be left without an active price; otherwise as `add_price`.
    """
    with db.transaction():
        plan = _locked(price.plan)
        price = Price.objects.select_for_update().get(pk=price.pk)
        price.plan = plan
        told: dict[str, object] = dict(given)
        if "interval" in given:
            told["interval"] = given["interval"] or ""
        columns = {name: value for name, value in told.items() if getattr(price, name) != value}
        if not columns:
            return price
        if columns.keys() - {"active"} and usage.is_held(price):
            raise PriceUsed("somebody has or had this price; add a new one and take this one out of use")
        for name, value in columns.items():
            setattr(price, name, value)
        if price.active:
            rules.checked_terms(_terms_of(price), rule=Rule(plan.rule), currency=plan.organization.currency)
        if columns.get("active") is False and plan.archived_at is None:
            others = Price.objects.filter(plan=plan, active=True).exclude(pk=price.pk)
            if not others.exists():
                raise LastActivePrice("add another price first, or archive the plan", pointer="/active")
        price.save(update_fields=list(columns))
        _record_price(EventType.PRICE_UPDATED, price, at=at, actor=actor, fields=sorted(columns))
    return price


def _plan_told(given: PlanDetails) -> dict[str, object]:
    told: dict[str, object] = {name: value for name, value in given.items() if name != "permissions"}
    if "name" in given:
        told["name"] = rules.line(given["name"], pointer="/name", required=True)
    if "description" in given:
        told["description"] = rules.paragraphs(given["description"], longest=5_000)
    if "colour" in given:
        told["colour"] = rules.colour(given["colour"])
    for name, enum in (("audience", Audience), ("rule", Rule), ("visibility", Visibility)):
        if name in told:
            told[name] = enum(str(told[name]))
    return told


def _check_plan(plan: Plan) -> None:
    rules.check_cycle(Rule(plan.rule), plan.cycle_start, plan.cycle_rollover)
    rules.check_seats(plan.seats, Audience(plan.audience))
    rules.check_capacity(plan.capacity)
    rules.check_bounds(plan.revival_days, least=0, most=rules.LONGEST_REVIVAL_DAYS, pointer="/revival_days")
    rules.check_bounds(plan.position, least=0, most=rules.LARGEST_POSITION, pointer="/position")


def _locked(plan: Plan) -> Plan:
    """The plan as it is now, locked until the transaction ends: changes to it and its prices wait for each other."""
    locked = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    locked.organization = plan.organization
    return locked


def _write(plan: Plan, columns: Mapping[str, object]) -> None:
    Plan.objects.filter(pk=plan.pk).update(version=F("version") + 1, **columns)
    plan.refresh_from_db(fields=["version", *columns])


def _place(plan: Plan) -> tuple[int, UUID]:
    return plan.position, plan.pk


def _keys_of(plan: Plan) -> list[str]:
    return list(PlanPermission.objects.filter(plan=plan).values_list("permission__key", flat=True))


def _grant_permissions(plan: Plan, keys: Sequence[str]) -> None:
    if len(keys) > rules.MOST_PERMISSIONS:
        raise PlanInvalid(said("at most {most} permissions", most=rules.MOST_PERMISSIONS), pointer="/permissions")
    rows = (
        Permission.objects.filter(organization_id=plan.organization_id, key__in=keys)
        .select_for_update(no_key=True)
        .order_by("id")
    )
    known = {permission.key: permission for permission in rows}
    unknown = [key for key in keys if key not in known]
    if unknown:
        place = list(keys).index(unknown[0])
        raise PermissionUnknown(
            said("there is no permission {permission}", permission=unknown[0][:80]), pointer=f"/permissions/{place}"
        )
    PlanPermission.objects.bulk_create(PlanPermission(plan=plan, permission=known[key]) for key in dict.fromkeys(keys))


def _terms_of(price: Price) -> PriceTerms:
    return PriceTerms(
        amount_minor=price.amount_minor,
        currency=price.currency,
        billing=Billing(price.billing),
        interval=Interval(price.interval) if price.interval else None,
        interval_count=price.interval_count,
        trial_days=price.trial_days,
        joining_fee_minor=price.joining_fee_minor,
    )


def _add(plan: Plan, terms: PriceTerms, *, at: datetime, actor: Actor) -> Price:
    price = Price(
        organization_id=plan.organization_id,
        plan=plan,
        amount_minor=terms.amount_minor,
        currency=terms.currency or "",
        billing=terms.billing,
        interval=terms.interval or "",
        interval_count=terms.interval_count,
        trial_days=terms.trial_days,
        joining_fee_minor=terms.joining_fee_minor,
        created_at=at,
    )
    price.save(force_insert=True)
    _record_price(EventType.PRICE_CREATED, price, at=at, actor=actor)
    return price


def _record_plan(what: EventType, plan: Plan, *, at: datetime, actor: Actor, fields: Sequence[str] = ()) -> None:
    _record(what, plan, at=at, actor=actor, data={}, fields=fields)


def _record_price(what: EventType, price: Price, *, at: datetime, actor: Actor, fields: Sequence[str] = ()) -> None:
    data = {"price": ids.to_text(Prefix.PRICE, price.pk)}
    _record(what, price.plan, at=at, actor=actor, data=data, fields=fields)


def _record(
    what: EventType,
    plan: Plan,
    *,
    at: datetime,
    actor: Actor,
    data: Mapping[str, object],
    fields: Sequence[str],
) -> None:
    events.record(
        events.Happened(
            organization_id=plan.organization_id,
            type=what,
            at=at,
            actor=actor,
            plan_id=plan.pk,
            data={**data, "fields": list(fields)} if fields else data,
        )
    )

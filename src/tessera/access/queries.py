"""What a customer may do, for screens and the API; and a decision in words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from tessera import db
from tessera.access import catalogue, engine
from tessera.access.facts import key_of, question_of
from tessera.access.types import Decision, Reason, Source
from tessera.core.intervals import Span
from tessera.core.local_time import last_day
from tessera.organizations.models import Organization
from tessera.organizations.time import zone as zone_of


@dataclass(frozen=True, slots=True)
class HeldPermission:
    """A permission that a customer has, through the membership that wins among those that grant it.

    `valid_until` is of the permission, over all that grant it; None: it does not end by itself.
    """

    key: str
    name: str
    source: Source
    company_id: UUID | None
    company_name: str
    membership_id: UUID
    plan_id: UUID
    plan_name: str
    in_grace: bool
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class Effective:
    """A permission that a customer has, and each membership that grants it by itself, the one that wins first."""

    held: HeldPermission
    sources: tuple[HeldPermission, ...]


def effective_permissions(organization: Organization, customer_id: UUID, at: datetime) -> list[HeldPermission]:
    """Return every permission the customer has at `at`, in order of keys. Nobody banned, archived or unknown has any.

    Two queries, and one or two more for each company whose membership has a number of seats.
    """
    with db.snapshot():
        standing = engine.standing_of(organization_id=organization.pk, customer_id=customer_id, asked=None)
        plan_ids = {term.plan_id for source in standing.sources for term in source.terms}
        found = [
            (permission, engine.judge(standing, question, at))
            for permission, question in catalogue.granted_by(plan_ids).items()
        ]
    return [held for permission, decision in found if (held := _held(permission, decision)) is not None]


def effective_sources(
    organization: Organization,
    customer_id: UUID,
    at: datetime,
    *,
    names: Mapping[UUID, Mapping[str, str]],
    ahead: Mapping[UUID, int],
) -> list[Effective]:
    """Return every permission the customer has at `at`, with all that grant it; in order of keys. One query.

    What the caller has read already is given: `names` are what each plan grants, names by keys; `ahead` how many people
    come before each affiliation. Who finds the seats taken costs one or two queries more for each such company.
    """
    standing = engine.standing_of(organization_id=organization.pk, customer_id=customer_id, asked=None)
    for source in standing.sources:
        before = ahead.get(key_of(source.affiliation.id)) if source.affiliation is not None else None
        if source.affiliation is not None and before is not None:
            for seats in {term.seats for term in source.terms if term.seats is not None}:
                if before < seats:
                    source.affiliation.free[seats] = [Span(at, None)]
    pairs: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for plan_id, granted in names.items():
        for key, name in granted.items():
            pairs.setdefault((key, name), []).append((plan_id.hex, key))
    found = []
    for (key, name), of_plans in sorted(pairs.items()):
        permission, question = catalogue.Granted(key, name), question_of(of_plans)
        held = _held(permission, engine.judge(standing, question, at))
        if held is not None:
            alone = (replace(standing, sources=[each]) for each in standing.sources)
            each_held = (_held(permission, engine.judge(one, question, at)) for one in alone)
            sources = [one for one in each_held if one is not None]
            sources.sort(key=lambda one: one.membership_id != held.membership_id)
            found.append(Effective(held, tuple(sources)))
    return found


def explain(decision: Decision, organization: Organization) -> str:
    """Return the decision as sentences for staff and for `reason_text`, with days in the organization's zone.

    Such as "Granted via Acme Ltd, Corporate plan, until Tue 31 Mar 2026."
    """
    if decision.reason in _PLAIN:
        return _PLAIN[decision.reason]
    zone = zone_of(organization)
    until = _until(decision.valid_until, zone)
    if decision.allow:
        grace = ", in grace while the renewal is awaited" if decision.in_grace else ""
        if decision.source is Source.COMPANY:
            return f"Granted via {decision.company_name}, {decision.plan_name} plan{grace}, {until}."
        return f"Granted by their own {decision.plan_name} plan{grace}, {until}."
    return _refused(decision, zone)


def _refused(decision: Decision, zone: ZoneInfo) -> str:
    happens = decision.happens_at
    via = f" via {decision.company_name}" if decision.source is Source.COMPANY else ""
    plan = f"The {decision.plan_name} plan{via}"
    match decision.reason:
        case Reason.MEMBERSHIP_PAUSED:
            return f"{plan} is paused {_until(happens, zone) if happens else 'until it is resumed'}."
        case Reason.SEAT_LIMIT_REACHED:
            return f"{plan} has no seat left{f'; one is free from {_moment(happens, zone)}' if happens else ''}."
        case Reason.MEMBERSHIP_PENDING:
            return f"{plan} waits for approval or payment."
        case Reason.MEMBERSHIP_SCHEDULED:
            return f"{plan} starts {'on ' + _moment(happens, zone) if happens else 'later'}."
        case Reason.MEMBERSHIP_EXPIRED:
            return f"{plan} ended{' on ' + _last(happens, zone) if happens else ''}."
        case _:
            left = f", on {_last(happens, zone)}" if happens else ""
            return f"They left {decision.company_name}, which holds the {decision.plan_name} plan{left}."


_PLAIN = {
    Reason.CUSTOMER_UNKNOWN: "There is no such customer.",
    Reason.REFERENCE_AMBIGUOUS: "Several customers go by this: use the id or number of one of them.",
    Reason.TOKEN_INVALID: "The token does not count: over, altered, or for somebody else.",
    Reason.CUSTOMER_BANNED: "This customer is banned.",
    Reason.CUSTOMER_ARCHIVED: "This customer is archived.",
    Reason.PERMISSION_UNKNOWN: "There is no permission for this.",
    Reason.NOT_IN_ANY_PLAN: "No membership of theirs includes this.",
}


def _held(permission: catalogue.Granted, decision: Decision) -> HeldPermission | None:
    if not decision.allow or decision.source is None or decision.membership_id is None or decision.plan_id is None:
        return None
    return HeldPermission(
        key=permission.key,
        name=permission.name,
        source=decision.source,
        company_id=decision.company_id,
        company_name=decision.company_name,
        membership_id=decision.membership_id,
        plan_id=decision.plan_id,
        plan_name=decision.plan_name,
        in_grace=decision.in_grace,
        valid_until=decision.valid_until,
    )


def _until(end: datetime | None, zone: ZoneInfo) -> str:
    return "without an end" if end is None else f"until {_last(end, zone)}"


def _last(end: datetime, zone: ZoneInfo) -> str:
    """Say an exclusive end: by its last day where that is whole, else by the instant."""
    local = end.astimezone(zone)
    return _day(last_day(end, zone)) if local.time() == _MIDNIGHT else _moment(end, zone)


def _moment(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return _day(local) if local.time() == _MIDNIGHT else f"{_day(local)} at {local.hour:02}:{local.minute:02}"


def _day(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


# As English has them, whatever the process's locale is.
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MIDNIGHT = time()

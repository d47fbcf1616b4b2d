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
from tessera.core.phrases import Phrase, said
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


def explain(decision: Decision, organization: Organization) -> Phrase:
    """Return the decision as sentences for staff and for `reason_text`, with days in the organization's zone.

    Such as "Granted via Acme Ltd, Corporate plan, until Tue 31 Mar 2026." English; pages say it in theirs.
    """
    if decision.reason in _PLAIN:
        return _PLAIN[decision.reason]
    zone = zone_of(organization)
    return _allowed(decision, zone) if decision.allow else _refused(decision, zone)


def _allowed(decision: Decision, zone: ZoneInfo) -> Phrase:
    company, plan, until = decision.company_name, decision.plan_name, _until(decision.valid_until, zone)
    if decision.source is Source.COMPANY and decision.in_grace:
        return said(
            "Granted via {company}, {plan} plan, in grace while the renewal is awaited, {until}.",
            company=company,
            plan=plan,
            until=until,
        )
    if decision.source is Source.COMPANY:
        return said("Granted via {company}, {plan} plan, {until}.", company=company, plan=plan, until=until)
    if decision.in_grace:
        return said(
            "Granted by their own {plan} plan, in grace while the renewal is awaited, {until}.", plan=plan, until=until
        )
    return said("Granted by their own {plan} plan, {until}.", plan=plan, until=until)


def _refused(decision: Decision, zone: ZoneInfo) -> Phrase:
    happens, name, company = decision.happens_at, decision.plan_name, decision.company_name
    via = decision.source is Source.COMPANY
    plan = (
        said("The {plan} plan via {company}", plan=name, company=company) if via else said("The {plan} plan", plan=name)
    )
    match decision.reason:
        case Reason.MEMBERSHIP_PAUSED:
            until = _until(happens, zone) if happens else said("until it is resumed")
            return said("{it} is paused {until}.", it=plan, until=until)
        case Reason.SEAT_LIMIT_REACHED if happens:
            return said("{it} has no seat left; one is free from {start}.", it=plan, start=_moment(happens, zone))
        case Reason.SEAT_LIMIT_REACHED:
            return said("{it} has no seat left.", it=plan)
        case Reason.MEMBERSHIP_PENDING:
            return said("{it} waits for approval or payment.", it=plan)
        case Reason.MEMBERSHIP_SCHEDULED if happens:
            return said("{it} starts on {start}.", it=plan, start=_moment(happens, zone))
        case Reason.MEMBERSHIP_SCHEDULED:
            return said("{it} starts later.", it=plan)
        case Reason.MEMBERSHIP_EXPIRED if happens:
            return said("{it} ended on {end}.", it=plan, end=_last(happens, zone))
        case Reason.MEMBERSHIP_EXPIRED:
            return said("{it} ended.", it=plan)
        case _ if happens:
            return said(
                "They left {company}, which holds the {plan} plan, on {end}.",
                company=company,
                plan=name,
                end=_last(happens, zone),
            )
        case _:
            return said("They left {company}, which holds the {plan} plan.", company=company, plan=name)


_PLAIN = {
    Reason.CUSTOMER_UNKNOWN: said("There is no such customer."),
    Reason.REFERENCE_AMBIGUOUS: said("Several customers go by this: use the id or number of one of them."),
    Reason.TOKEN_INVALID: said("The token does not count: over, altered, or for somebody else."),
    Reason.CUSTOMER_BANNED: said("This customer is banned."),
    Reason.CUSTOMER_ARCHIVED: said("This customer is archived."),
    Reason.PERMISSION_UNKNOWN: said("There is no permission for this."),
    Reason.NOT_IN_ANY_PLAN: said("No membership of theirs includes this."),
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


def _until(end: datetime | None, zone: ZoneInfo) -> Phrase:
    return said("without an end") if end is None else said("until {end}", end=_last(end, zone))


def _last(end: datetime, zone: ZoneInfo) -> Phrase:
    """Say an exclusive end: by its last day where that is whole, else by the instant."""
    local = end.astimezone(zone)
    return _that_day(last_day(end, zone)) if local.time() == _MIDNIGHT else _moment(end, zone)


def _moment(instant: datetime, zone: ZoneInfo) -> Phrase:
    local = instant.astimezone(zone)
    if local.time() == _MIDNIGHT:
        return _that_day(local.date())
    return Phrase(f"{_day(local)} at {local.hour:02}:{local.minute:02}", "{instant}", {"instant": instant})


def _that_day(day: date) -> Phrase:
    return Phrase(_day(day), "{day}", {"day": day})


def _day(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


# As English has them, whatever the process's locale is.
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MIDNIGHT = time()

"""What happened to somebody, in words: the events of a page, newest first."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tessera.console import naming
from tessera.console.access import Member
from tessera.console.words import happened, particulars
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events import origins
from tessera.events import queries as events
from tessera.events.queries import EventLine
from tessera.events.types import EventType
from tessera.organizations.formatting import Formats

SHOWN = 30


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `day` is said by the first line of each day only."""

    day: str
    at: datetime
    title: str
    particulars: str
    tone: str
    actor: str
    subject: str = ""  # of whom it tells, where lines of many stand together, and where they are found
    address: str = ""
    sequence: int = 0
    type: str = ""
    from_address: str = ""  # where the request came from, and the kind of device, as far as that is known
    device: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The latest lines, and where to read on; empty if that is all. `actors`: who they are that were asked for, too."""

    lines: list[Line]
    next_cursor: str
    actors: dict[str, str] = field(default_factory=dict)


class Kind(StrEnum):
    """What of all that happened is asked for."""

    MEMBERSHIPS = "memberships"
    COMPANIES = "companies"
    DETAILS = "details"
    NOTES = "notes"
    STAFF = "staff"

    @property
    def label(self) -> str:
        return str(_LABELS[self])

    @property
    def types(self) -> list[EventType]:
        """The types of its events; empty: of all."""
        return [each for each in EventType if each.value.startswith(_BEGIN[self])] if self in _BEGIN else []

    @property
    def by(self) -> str:
        """How the actors' texts begin; empty: whoever it was."""
        return "staff:" if self is Kind.STAFF else ""


_LABELS: Final = {
    Kind.MEMBERSHIPS: _("Memberships"),
    Kind.COMPANIES: _("Companies"),
    Kind.DETAILS: _("Details"),
    Kind.NOTES: _("Notes"),
    Kind.STAFF: _("By staff"),
}
_BEGIN: Final = {
    Kind.MEMBERSHIPS: ("membership.",),
    Kind.COMPANIES: ("affiliation.",),
    Kind.DETAILS: ("customer.", "company."),
    Kind.NOTES: ("note.",),
}


def of_customer(
    staff: Member,
    customer_id: UUID,
    *,
    merged_ids: tuple[UUID, ...] = (),
    kind: Kind | None = None,
    cursor: str | None = None,
) -> Timeline:
    """Return what happened to a customer, also while they were still two records. At most two queries."""
    lines, next_cursor = events.timeline(
        staff.organization,
        customer_id=customer_id,
        merged_ids=merged_ids,
        types=kind.types if kind else (),
        by=kind.by if kind else "",
        limit=SHOWN,
        cursor=cursor,
    )
    return _timeline(staff, lines, next_cursor, of_customer=True)


def of_company(staff: Member, company_id: UUID, *, kind: Kind | None = None, cursor: str | None = None) -> Timeline:
    """Return what happened to a company. At most two queries."""
    lines, next_cursor = events.timeline(
        staff.organization,
        company_id=company_id,
        types=kind.types if kind else (),
        by=kind.by if kind else "",
        limit=SHOWN,
        cursor=cursor,
    )
    return _timeline(staff, lines, next_cursor, of_customer=False)


def of_membership(
    staff: Member, membership_id: UUID, *, actors: Collection[str] = (), cursor: str | None = None
) -> Timeline:
    """Return what happened to a membership, whoever held it then, and who `actors` are. At most two queries."""
    lines, next_cursor = events.timeline(staff.organization, membership_id=membership_id, limit=SHOWN, cursor=cursor)
    return _timeline(staff, lines, next_cursor, of_customer=True, actors=actors)


def of_organization(
    staff: Member,
    *,
    types: Collection[EventType] = (),
    without: Collection[EventType] = (),
    actor: str = "",
    before: datetime | None = None,
    limit: int = SHOWN,
    cursor: str | None = None,
    with_origins: bool = False,
) -> Timeline:
    """Return what happened in the organization: of these types and not of those `without`, by `actor`, before an
    instant. At most three queries.

    `with_origins`: with the addresses that staff and programs did it from, for those who may see them.
    """
    lines, next_cursor = events.timeline(
        staff.organization, types=types, without=without, actor=actor, before=before, limit=limit, cursor=cursor
    )
    log = _log(staff, lines)
    if with_origins:
        known = origins.origins_of(staff.organization.pk, [each.id for each in lines])
        log = [_come_from(line, known.get(each.id)) for each, line in zip(lines, log, strict=True)]
    return Timeline(log, next_cursor or "")


def _come_from(line: Line, origin: origins.Origin | None) -> Line:
    return replace(line, from_address=origin.address or "", device=origin.device) if origin else line


def _log(staff: Member, lines: list[EventLine]) -> list[Line]:
    """Lines that say whom each is about, and lead there."""
    organization = staff.organization
    names = naming.of_many(
        organization,
        customers={each.customer_id for each in lines if each.customer_id},
        companies={each.company_id for each in lines if each.company_id},
        plans={each.plan_id for each in lines if each.plan_id},
        actors={each.actor for each in lines} | {text for each in lines for text in _named(each)},
    )
    people, companies = names.customers, names.companies
    actors = names.of_actors({each.actor for each in lines})
    told = _told(staff.formats, lines, companies, names.plans, actors, of_customer=True)
    found = []
    for each, line in zip(lines, told, strict=True):
        subject, route, key = "", "", ""
        if each.customer_id is not None and each.customer_id in people:
            subject, route = people[each.customer_id], "console:customer"
            key = ids.to_text(Prefix.CUSTOMER, each.customer_id)
        elif each.company_id is not None and each.company_id in companies:
            subject, route = companies[each.company_id], "console:company"
            key = ids.to_text(Prefix.COMPANY, each.company_id)
        elif each.plan_id is not None and each.plan_id in names.plans:
            subject, route = names.plans[each.plan_id], "console:plan"
            key = ids.to_text(Prefix.PLAN, each.plan_id)
        elif each.type.value.startswith("permission."):
            subject = str(each.data.get("key", ""))
        else:
            subject = next((name for name in names.of_actors(_named(each)).values() if name), "")
        address = reverse(route, args=[organization.slug, key]) if route else ""
        found.append(replace(line, subject=subject, address=address, sequence=each.sequence, type=each.type.value))
    return found


def _named(line: EventLine) -> list[str]:
    """Whom or which key a line about the organization itself tells of, as actors are written; nobody who acted on
    themselves."""
    told = [f"{kind}:{line.data.get(name)}" for kind, name in (("staff", "staff"), ("key", "key"))]
    return [text for text in told if text != line.actor]


def _timeline(
    staff: Member,
    lines: list[EventLine],
    next_cursor: str | None,
    *,
    of_customer: bool,
    actors: Collection[str] = (),
) -> Timeline:
    names = naming.of_many(
        staff.organization,
        customers=set() if of_customer else {each.customer_id for each in lines if each.customer_id},
        companies={each.company_id for each in lines if each.company_id} if of_customer else set(),
        plans={each.plan_id for each in lines if each.plan_id},
        actors={*actors, *(each.actor for each in lines)},
    )
    known = names.of_actors({*actors, *(each.actor for each in lines)})
    others = names.companies if of_customer else names.customers
    told = _told(staff.formats, lines, others, names.plans, known, of_customer=of_customer)
    return Timeline(told, next_cursor or "", {each: known[each] for each in actors})


def _told(
    formats: Formats,
    lines: list[EventLine],
    others: dict[UUID, str],
    plans: dict[UUID, str],
    actors: dict[str, str],
    *,
    of_customer: bool,
) -> list[Line]:
    found: list[Line] = []
    last_day = ""
    for each in lines:
        day = formats.day(formats.local(each.at).date())
        other = each.company_id if of_customer else each.customer_id
        title, tone = happened(
            each.type,
            plan=plans.get(each.plan_id, "") if each.plan_id else "",
            other=others.get(other, "") if other else gettext("somebody"),
        )
        said = particulars(each, formats)
        found.append(Line("" if day == last_day else day, each.at, title, said, tone, actors[each.actor]))
        last_day = day
    return found

"""Who has lost a place at a company, or the seat there, by what happened. The cost does not grow with lines."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.queries import EventLine
from tessera.memberships.models import Membership, Pause, Term
from tessera.memberships.status import Facts, state_at
from tessera.notices.types import Draft, Kind, News, To
from tessera.organizations.models import Organization
from tessera.people.models import Affiliation
from tessera.people.types import CustomerStatus
from tessera.plans.models import Plan


def of_leavers(organization: Organization, lines: Sequence[EventLine]) -> list[Draft]:
    """Return the mails to those who left a company that held something then. Four queries."""
    told = {key: line for line in lines if (key := _affiliation_of(line)) is not None}
    rows = list(Affiliation.objects.filter(organization=organization, pk__in=told))
    held = _histories({row.company_id for row in rows})
    drafts = []
    for row in rows:
        line = told[row.pk]
        # One that was taken back before it began gave nothing that could be lost.
        if row.starts_at < line.at and any(state_at(each, line.at).unended for each in held[row.company_id]):
            drafts.append(_draft(row, line, fact=f"{_text(row)}:{line.data.get('ended_at')}"))
    return drafts


def of_fewer_seats(organization: Organization, lines: Sequence[EventLine]) -> list[Draft]:
    """Return the mails to those whose seat is gone: those who came last. Two queries."""
    plans = {line.plan_id for line in lines if line.plan_id is not None}
    seats_of_plans = dict(Plan.objects.filter(organization=organization, pk__in=plans).values_list("pk", "seats"))
    people = _people({line.company_id for line in lines if line.company_id is not None})
    drafts = []
    for line in lines:
        if line.company_id is None or line.membership_id is None:
            continue
        before, after = (_seats(line, name, seats_of_plans) for name in ("from_seats", "seats"))
        if after is None:
            continue
        membership = ids.to_text(Prefix.MEMBERSHIP, line.membership_id)
        fact = ids.to_text(Prefix.EVENT, line.id)
        queue = [row for row in people[line.company_id] if _covers(row, line.at)]
        drafts += [_draft(row, line, fact=fact, membership=membership) for row in queue[after:before]]
    return drafts


def _affiliation_of(line: EventLine) -> UUID | None:
    named = line.data.get("affiliation")
    return ids.from_text(Prefix.AFFILIATION, named) if isinstance(named, str) else None


def _histories(company_ids: Collection[UUID]) -> dict[UUID, list[Facts]]:
    """All that the companies' memberships were and are, by company."""
    terms: dict[UUID, list[Term]] = defaultdict(list)
    for term in Term.objects.filter(membership__company__in=company_ids).order_by("starts_at"):
        terms[term.membership_id].append(term)
    pauses: dict[UUID, list[Pause]] = defaultdict(list)
    for pause in Pause.objects.filter(membership__company__in=company_ids).order_by("starts_at"):
        pauses[pause.membership_id].append(pause)
    found: dict[UUID, list[Facts]] = defaultdict(list)
    for row in Membership.objects.filter(company__in=company_ids):
        assert row.company_id is not None
        found[row.company_id].append(Facts(row, terms[row.pk], pauses[row.pk]))
    return found


def _people(company_ids: Collection[UUID]) -> dict[UUID, list[Affiliation]]:
    """The companies' people who can have a seat, in the order of seats (memberships/seats.py)."""
    found: dict[UUID, list[Affiliation]] = defaultdict(list)
    rows = Affiliation.objects.filter(company__in=company_ids, customer__status=CustomerStatus.ACTIVE)
    for row in rows.order_by("queue_at", "id"):
        found[row.company_id].append(row)
    return found


def _covers(row: Affiliation, at: datetime) -> bool:
    return row.starts_at <= at and (row.ends_at is None or at < row.ends_at)


def _seats(line: EventLine, name: str, seats_of_plans: Mapping[UUID, int | None]) -> int | None:
    """The number of seats that a line tells; where it tells none, the plan's. None: there is no limit."""
    told = line.data.get(name)
    if isinstance(told, int):
        return told
    return None if line.plan_id is None else seats_of_plans.get(line.plan_id)


def _draft(row: Affiliation, line: EventLine, *, fact: str, **context: str) -> Draft:
    news = News(Kind.SEAT_LOST, fact, line.at, line.sequence, {"affiliation": _text(row), **context})
    return Draft(news, To.CUSTOMER, row.customer_id)


def _text(row: Affiliation) -> str:
    return ids.to_text(Prefix.AFFILIATION, row.pk)

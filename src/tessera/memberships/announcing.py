"""Announcing what comes of memberships as time passes, once each. It comes by itself; this only records that it has.

Stored for it are two instants of each membership: until when all has been announced, and when there is something next.
Whoever changes a membership announces first what came before the change (`held.py`), so nothing is lost or told late.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Min, OuterRef, Subquery

from tessera import db
from tessera.core import ids, local_time
from tessera.events import services as events
from tessera.events.services import text
from tessera.events.types import Actor, EventType
from tessera.memberships import status
from tessera.memberships.booked import Booked, booked
from tessera.memberships.milestones import REMINDERS, Milestone, milestones
from tessera.memberships.models import Membership, Pause, Term
from tessera.memberships.status import Facts
from tessera.memberships.types import EndedReason
from tessera.organizations.models import Organization
from tessera.organizations.time import zone

_BLOCK = 500
_ACTOR: Final = Actor.system("announce")
_DAY: Final = timedelta(days=1)
_COLUMNS: Final = (
    *("organization_id", "customer_id", "company_id", "renews", "pending_until", "cancel_booked_at", "ended_at"),
    *("ended_reason", "next_plan_id", "next_price_id", "ends_at", "remind_at", "announce_at", "announced_until"),
    "version",
)


@dataclass(frozen=True, slots=True)
class Coming:
    """What has come of a membership and is to be announced, and when there will be something next."""

    lines: list[events.Happened]
    next_at: datetime | None


def next_due(*, organization: Organization, after: datetime, until: datetime) -> datetime | None:
    """Return the first instant in `(after, until]` at which there is something to announce; None if there is none."""
    due = Membership.objects.filter(organization=organization, announce_at__gt=after, announce_at__lte=until)
    first: datetime | None = due.aggregate(first=Min("announce_at"))["first"]
    return first


def organizations_due(at: datetime) -> list[UUID]:
    """Return the live organizations in which there is something to announce at `at`.

    One look into one index for each organization, whatever its size.
    """
    # The first of all rather than whether there is one: asked that, PostgreSQL may look through every membership.
    coming = Membership.objects.filter(organization=OuterRef("pk"), announce_at__isnull=False).order_by("announce_at")
    live = Organization.objects.filter(is_test=False, deleting_since=None).annotate(
        first=Subquery(coming.values("announce_at")[:1])
    )
    return list(live.filter(first__lte=at).values_list("pk", flat=True))


def run_due(*, organization: Organization, at: datetime) -> int:
    """Announce what has come at `at` or before; return how many announcements were made."""
    return announce(organization=organization, at=at).total()


def announce(*, organization: Organization, at: datetime) -> Counter[EventType]:
    """Record once each what has come of the organization's memberships at `at` or before; return how often which.

    Rows are claimed in blocks, each a short transaction that begins when all is prepared. Two at once do no harm, and
    what downtime left over is caught up with, the earliest first; but a reminder of an end that has passed is not.
    """
    announced: Counter[EventType] = Counter()
    while rows := _due(organization, at):
        coming = {row.pk: coming_of(row, each, organization=organization, at=at) for row, each in rows}
        claimed = _record([row for row, _ in rows], coming, at)
        announced.update(line.type for key in claimed for line in coming[key].lines)
        if len(rows) < _BLOCK or not claimed:
            break
    return announced


def coming_of(membership: Membership, held: Booked, *, organization: Organization, at: datetime) -> Coming:
    """Return what has come of one membership at `at` or before and has not been announced, in order."""
    found = milestones(membership, *held, after=membership.announced_until)
    return Coming(
        [
            _line(membership, held, each, organization, at)
            for each in found
            if each.at <= at and not _pointless(each, membership, organization, at)
        ],
        next((each.at for each in found if each.at > at), None),
    )


def _due(organization: Organization, at: datetime) -> list[tuple[Membership, Booked]]:
    rows = Membership.objects.filter(organization=organization, announce_at__lte=at).only(*_COLUMNS)
    block = list(rows.order_by("announce_at", "id")[:_BLOCK])
    found = booked([row.pk for row in block]) if block else {}
    return [(row, found[row.pk]) for row in block]


def _record(rows: Sequence[Membership], coming: dict[UUID, Coming], at: datetime) -> list[UUID]:
    """Write a block; return the keys of those that nobody else has announced, changed or holds."""
    with db.transaction():
        free = Membership.objects.select_for_update(no_key=True, skip_locked=True).filter(pk__in=coming)
        present = {key: seen for key, *seen in free.values_list("pk", "version", "announce_at")}
        claimed = [row.pk for row in rows if present.get(row.pk) == [row.version, row.announce_at]]
        _mark([(coming[key].next_at, at, key) for key in claimed])
        events.record(*(line for key in claimed for line in coming[key].lines))
    return claimed


def _mark(rows: Sequence[tuple[datetime | None, datetime, UUID]]) -> None:
    """Store of each membership when there is something next, and until when all has been announced."""
    key, instant = Membership._meta.pk.get_db_prep_value, connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {Membership._meta.db_table} SET announce_at = %s, announced_until = %s WHERE id = %s",
            [(instant(next_at), instant(at), key(pk, connection)) for next_at, at, pk in rows],
        )


def _pointless(milestone: Milestone, membership: Membership, organization: Organization, at: datetime) -> bool:
    """Whether nobody wants to be told any more: the end that was to be reminded of has come, or reminders are off."""
    if milestone.event not in REMINDERS:
        return False
    return organization.reminder_days == 0 or membership.ends_at is None or membership.ends_at <= at


def _line(
    membership: Membership, held: Booked, milestone: Milestone, organization: Organization, at: datetime
) -> events.Happened:
    term = status.term_held(held.terms, milestone.at)
    plan_id, price_id = (
        (term.plan_id, term.price_id) if isinstance(term, Term) else (membership.next_plan_id, membership.next_price_id)
    )
    assert plan_id is not None and price_id is not None
    return events.Happened(
        organization_id=membership.organization_id,
        type=milestone.event,
        at=at,
        actor=_ACTOR,
        customer_id=membership.customer_id,
        company_id=membership.company_id,
        membership_id=membership.pk,
        plan_id=plan_id,
        data={
            "plan": ids.to_text(ids.Prefix.PLAN, plan_id),
            "price": ids.to_text(ids.Prefix.PRICE, price_id),
            "ends_at": text(membership.ends_at),
            "version": membership.version,
            **_details(membership, held, milestone, organization, at),
        },
    )


def _details(
    membership: Membership, held: Booked, milestone: Milestone, organization: Organization, at: datetime
) -> dict[str, object]:
    instant = text(milestone.at)
    match milestone.event:
        case EventType.MEMBERSHIP_STARTED:
            return {"starts_at": instant}
        case EventType.MEMBERSHIP_PAUSE_STARTED:
            return {"starts_at": instant, "until": text(_pause(membership, held, milestone.at).ends_at)}
        case EventType.MEMBERSHIP_PAUSE_ENDED:
            pause = _pause(membership, held, milestone.at - datetime.resolution)
            return {"paused_from": text(pause.starts_at), "ended_at": instant}
        case EventType.MEMBERSHIP_EXPIRED:
            return {"expired_at": instant, "reason": EndedReason.LAPSED if held.terms else EndedReason.ABANDONED}
    assert membership.ends_at is not None
    left = local_time.wall_clock_between(at, membership.ends_at, zone(organization))
    return {"days": -(-left // _DAY)}


def _pause(membership: Membership, held: Booked, at: datetime) -> Pause:
    pause = status.state_at(Facts(membership, *held), at).pause
    assert isinstance(pause, Pause)
    return pause

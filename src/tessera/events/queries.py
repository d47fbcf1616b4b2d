"""Reading what happened: the feed that others follow, and the timeline of one person, company or membership."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db.models import QuerySet

from tessera.core import ids
from tessera.events.errors import FeedEpochStale
from tessera.events.lineage import Fork, agree_until
from tessera.events.models import Event, FeedEpoch
from tessera.events.types import EventType
from tessera.http.cursors import paginate


class _HasKey(Protocol):
    @property
    def pk(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class EventLine:
    """One line. `at` is the organization's time, `recorded_at` real time; ids are of the records it tells of."""

    id: UUID
    sequence: int
    type: EventType
    at: datetime
    recorded_at: datetime
    actor: str
    customer_id: UUID | None
    company_id: UUID | None
    membership_id: UUID | None
    plan_id: UUID | None
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Feed:
    """Lines in order. `next_after` is where to go on; `more`: there are further ones already."""

    lines: list[EventLine]
    next_after: int
    more: bool


def feed(
    organization: _HasKey,
    *,
    after: int = 0,
    limit: int = 50,
    types: Collection[EventType] = (),
    actor: str = "",
    before: datetime | None = None,
    customer_id: UUID | None = None,
    company_id: UUID | None = None,
    membership_id: UUID | None = None,
) -> Feed:
    """Return the lines numbered above `after`, oldest first, at most `limit`, that fit every filter given.

    Numbers have no gaps and become visible in order, so whoever goes on at `next_after` misses nothing.
    """
    rows = _about(organization, customer_id, company_id, membership_id).filter(sequence__gt=after)
    if types:
        rows = rows.filter(type__in=list(types))
    if actor:
        rows = rows.filter(actor=actor)
    if before is not None:
        rows = rows.filter(at__lt=before)
    found = list(rows.order_by("sequence")[: limit + 1])
    lines = _lines(found[:limit])
    return Feed(lines, lines[-1].sequence if lines else after, len(found) > limit)


def lines_by_id(organization: _HasKey, keys: Collection[UUID]) -> dict[UUID, EventLine]:
    """Return those of the lines with these ids that are the organization's: one query."""
    return {line.id: line for line in _lines(Event.objects.filter(organization_id=organization.pk, pk__in=keys))}


def present_epoch(organization_id: UUID) -> UUID:
    """Return the epoch that the organization's numbers are of. A restore begins another one."""
    found = FeedEpoch.objects.filter(organization_id=organization_id).order_by("-number").values_list("pk", flat=True)
    return found.first() or organization_id


def forks(organization_id: UUID) -> dict[UUID, Fork]:
    """Return every epoch of the organization that began with a restore, the oldest first."""
    rows = FeedEpoch.objects.filter(organization_id=organization_id).order_by("number")
    return {row.pk: Fork(row.pk, row.forked_from, row.after) for row in rows}


def refuse_stale_epoch(organization_id: UUID, *, epoch: UUID, present: UUID) -> None:
    """Raises FeedEpochStale unless `epoch` is the present one, saying up to which number both agree if that is known.

    Nothing is known of epochs of another copy of the database, or from before somebody restored over them elsewhere.
    """
    if epoch == present:
        return
    until = agree_until(epoch, present, forks=forks(organization_id))
    name = ids.to_text(ids.Prefix.FEED_EPOCH, present)
    known = f"up to number {until} both agree" if until is not None else "how far both agree is not known"
    raise FeedEpochStale(
        f"the feed was restored from a backup and has a new epoch, {name}: {known}",
        pointer="/epoch",
        epoch=name,
        agree_until=until,
    )


def timeline(
    organization: _HasKey,
    *,
    customer_id: UUID | None = None,
    company_id: UUID | None = None,
    membership_id: UUID | None = None,
    merged_ids: Collection[UUID] = (),
    types: Collection[EventType] = (),
    without: Collection[EventType] = (),
    actor: str = "",
    by: str = "",
    before: datetime | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[EventLine], str | None]:
    """Return what happened to somebody or something, newest first, and the cursor of what was before.

    Only events of `types` and not of those `without`, by `actor`, by actors whose text begins with `by`, such as
    `staff:`, and before the instant `before`, where these are given. `merged_ids`: customers that were merged into this
    one, whose past is now theirs. Raises CursorInvalid.
    """
    rows = _about(organization, None if merged_ids else customer_id, company_id, membership_id)
    if merged_ids and customer_id is not None:
        rows = rows.filter(customer_id__in=[customer_id, *merged_ids])
    if types:
        rows = rows.filter(type__in=list(types))
    if without:
        rows = rows.exclude(type__in=list(without))
    if actor:
        rows = rows.filter(actor=actor)
    if by:
        rows = rows.filter(actor__startswith=by)
    if before is not None:
        rows = rows.filter(at__lt=before)
    page, next_cursor = paginate(rows, order=("-sequence",), limit=limit, cursor=cursor)
    return _lines(page), next_cursor


def _about(
    organization: _HasKey, customer_id: UUID | None, company_id: UUID | None, membership_id: UUID | None
) -> QuerySet[Event]:
    filters = {"customer_id": customer_id, "company_id": company_id, "membership_id": membership_id}
    asked = {name: value for name, value in filters.items() if value is not None}
    return Event.objects.filter(organization_id=organization.pk, **asked)


def _lines(rows: Iterable[Event]) -> list[EventLine]:
    return [
        EventLine(
            id=row.pk,
            sequence=row.sequence,
            type=EventType(row.type),
            at=row.at,
            recorded_at=row.recorded_at,
            actor=row.actor,
            customer_id=row.customer_id,
            company_id=row.company_id,
            membership_id=row.membership_id,
            plan_id=row.plan_id,
            data=row.data,
        )
        for row in rows
    ]

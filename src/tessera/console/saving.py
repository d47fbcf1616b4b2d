"""Views of lists: saving the present filters under a name, renaming, changing, sharing and removing them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote_plus
from uuid import UUID

from django.db import IntegrityError
from django.db.models import F, Q, QuerySet

from tessera import db
from tessera.console.models import ListColumns, SavedView
from tessera.core import ids
from tessera.core.errors import Conflict, Forbidden, Invalid, NotFound
from tessera.core.ids import Prefix
from tessera.core.phrases import said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations import versions
from tessera.organizations.models import Staff
from tessera.organizations.rights import Right, Role, may
from tessera.people import details
from tessera.people.erasure import Person

LONGEST_NAME: Final = 60
MOST: Final = 50
_LONGEST_QUERY: Final = 2_000


class ViewUnknown(NotFound):
    """No such view, or it is somebody else's own."""

    code = "saved_view_not_found"


class ViewNamedSo(Conflict):
    """There is a view of this name already."""

    code = "saved_view_named_so"


class ViewOfAnother(Forbidden):
    """A shared view that somebody else made."""

    code = "saved_view_of_another"


class ViewInvalid(Invalid):
    """A view without a name, or one too many."""

    code = "saved_view_invalid"


@dataclass(frozen=True, slots=True)
class View:
    """A saved view as the tabs above a list show it. `own`: of whoever looks."""

    id: UUID
    version: int
    name: str
    query: str
    shared: bool
    own: bool

    @property
    def reference(self) -> str:
        return ids.to_text(Prefix.SAVED_VIEW, self.id)


def visible(staff: Staff) -> QuerySet[SavedView]:
    """Return the rows of the views that the staff member sees: their own, and those shared with all."""
    return SavedView.objects.filter(Q(staff=staff) | Q(shared=True), organization_id=staff.organization_id)


def view(*, staff: Staff, view_id: UUID | None) -> tuple[View, str]:
    """Return a view, and the list that it is of. Raises ViewUnknown."""
    row = _row(staff, view_id)
    return _view(row, staff), row.listed


def save(*, staff: Staff, listed: str, name: str, query: str, shared: bool, at: datetime, actor: Actor) -> View:
    """Save a list's filters under a name. Raises ViewInvalid, ViewNamedSo, TextInvalid."""
    name = _name(name)
    if len(query) > _LONGEST_QUERY:
        raise ViewInvalid("these filters are too long to be saved")
    with db.transaction():
        db.one_at_a_time(str(staff.pk), "saved views")  # they are counted, then one more is added
        if SavedView.objects.filter(staff=staff, listed=listed).count() >= MOST:
            raise ViewInvalid(said("at most {most} views of a list; remove one first", most=MOST), pointer="/name")
        row = SavedView(
            organization_id=staff.organization_id,
            staff=staff,
            listed=listed,
            name=name,
            query=query,
            shared=shared,
            created_at=at,
        )
        _write(row, fresh=True)
        _record(EventType.SAVED_VIEW_CREATED, row, at, actor)
    return _view(row, staff)


def change(*, staff: Staff, view_id: UUID | None, version: int | None, at: datetime, actor: Actor, **told: Any) -> View:
    """Change a view's `name`, `query` or `shared`, whichever are told. If nothing differs, nothing is written.

    Raises ViewUnknown, VersionStale, ViewInvalid, ViewNamedSo, TextInvalid.
    """
    if "name" in told:
        told["name"] = _name(told["name"])
    with db.transaction():
        row = _row(staff, view_id, lock=True)
        versions.check(row.version, version, detail=said("somebody has changed this view meanwhile"))
        fields = sorted(name for name, value in told.items() if getattr(row, name) != value)
        if not fields:
            return _view(row, staff)
        for name in fields:
            setattr(row, name, told[name])
        _write(row, fresh=False)
        _record(EventType.SAVED_VIEW_UPDATED, row, at, actor, fields=fields)
        row.refresh_from_db()
    return _view(row, staff)


def remove(*, staff: Staff, view_id: UUID | None, at: datetime, actor: Actor) -> str:
    """Remove a view and return the list that it was of. Raises ViewUnknown."""
    with db.transaction():
        row = _row(staff, view_id, lock=True)
        listed = row.listed
        _record(EventType.SAVED_VIEW_DELETED, row, at, actor)
        row.delete()
    return listed


def columns(*, staff: Staff, listed: str, known: Sequence[str], usual: Sequence[str]) -> list[str]:
    """Return which of the known columns the staff member wants to see. One query."""
    row = ListColumns.objects.filter(staff=staff, listed=listed).first()
    return shown(None if row is None else row.columns, known=known, usual=usual)


def shown(chosen: Sequence[str] | None, *, known: Sequence[str], usual: Sequence[str]) -> list[str]:
    """Return which of the known columns are shown to whoever has chosen these; None: nobody chose any."""
    return list(usual) if chosen is None else [each for each in known if each in chosen]


def choose_columns(*, staff: Staff, listed: str, chosen: Sequence[str]) -> None:
    """Keep which columns the staff member wants to see. It is theirs alone, and nothing that happened to anybody."""
    ListColumns.objects.update_or_create(staff=staff, listed=listed, defaults={"columns": list(chosen)})


def forget(person: Person) -> None:
    """Remove the organization's views that look for what means the person, or are named by it. Part of an erasure."""
    for row in SavedView.objects.filter(organization=person.organization_id).only("id", "name", "query"):
        if person.is_sought_by(f"{row.name} {unquote_plus(row.query)}"):
            row.delete()


def _name(given: str) -> str:
    name = details.text(given, pointer="/name", longest=LONGEST_NAME)
    if not name:
        raise ViewInvalid("a view needs a name", pointer="/name")
    return name


def _row(staff: Staff, view_id: UUID | None, *, lock: bool = False) -> SavedView:
    rows = visible(staff).select_for_update() if lock else visible(staff)
    row = rows.filter(pk=view_id).first() if view_id else None
    if row is None:
        raise ViewUnknown("there is no such view")
    if lock and row.staff_id != staff.pk and not may(Role(staff.role), Right.ORGANIZATION_WRITE):
        raise ViewOfAnother("only who made a shared view, or an owner, can change it")
    return row


def _write(row: SavedView, *, fresh: bool) -> None:
    try:
        with db.transaction():
            if fresh:
                row.save(force_insert=True)
            else:
                row.version = F("version") + 1
                row.save()
    except IntegrityError as reason:
        raise ViewNamedSo("there is a view of this name already", pointer="/name") from reason


def _view(row: SavedView, staff: Staff) -> View:
    return View(row.pk, row.version, row.name, row.query, row.shared, row.staff_id == staff.pk)


def _record(what: EventType, row: SavedView, at: datetime, actor: Actor, **more: object) -> None:
    data = {"view": ids.to_text(Prefix.SAVED_VIEW, row.pk), "list": row.listed, "shared": row.shared, **more}
    events.record(events.Happened(organization_id=row.organization_id, type=what, at=at, actor=actor, data=data))

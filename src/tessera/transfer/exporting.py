"""An export's life: a list is asked for, written in one snapshot, downloaded by who may, and gone after a day."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import BinaryIO, Final
from uuid import UUID

from tessera import db
from tessera.core import ids
from tessera.core.phrases import said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations.models import Organization
from tessera.transfer import limits, spool
from tessera.transfer.cells import guarded
from tessera.transfer.errors import ExportNotFound, ListUnknown
from tessera.transfer.lists import Chosen, Listed, list_named
from tessera.transfer.models import Export
from tessera.transfer.types import ExportStatus

_BLOCK: Final = 1_000
_MARK: Final = "\ufeff"  # by which a spreadsheet knows UTF-8
# Where a comma separates decimals, spreadsheets expect the cells of a CSV to be separated by semicolons.
_SEMICOLON: Final = frozenset({"de", "fr", "es", "it", "nl", "pl", "pt", "da", "sv", "nb", "fi", "cs", "ru", "tr"})


def request(
    *,
    organization: Organization,
    name: str,
    filters: Mapping[str, str],
    selection: Sequence[str] | None,
    excel: bool,
    at: datetime,
    actor: Actor,
) -> Export:
    """Ask for a list as CSV: all that the filters let through, or these alone by their public ids.

    What is no filter of the list is left aside: an address of its page holds an order and a place, too.

    Raises ListUnknown, also for an id that is none of the list's, or more than ten thousand of them.
    """
    found = list_named(name)
    kept = {key: value[:200] for key, value in filters.items() if key in found.filters and value}
    if selection is not None:
        _keys(found, selection)
    row = Export(
        organization=organization,
        list=name,
        filters=kept,
        selection=None if selection is None else list(dict.fromkeys(selection)),
        excel=excel,
        status=ExportStatus.WAITING,
        actor=str(actor),
        created_at=at,
        kept_until=limits.export_kept_until(),
    )
    with db.transaction():
        row.save(force_insert=True)
        chosen = {"selected": len(row.selection)} if row.selection is not None else {}
        _record(EventType.EXPORT_REQUESTED, row, at, actor, filters=sorted(kept), **chosen)
    return row


def write(row: Export, *, at: datetime) -> int:
    """Write the file of an export that waits, in one snapshot, and return how many rows it has."""
    found = list_named(row.list)
    selection = None if row.selection is None else _keys(found, row.selection)
    with spool.writing(row.pk, "csv") as target, db.snapshot():
        text = io.TextIOWrapper(target, encoding="utf-8", newline="", write_through=False)
        try:
            many = _write(text, found, Chosen(row.organization, at, row.filters, selection), row)
        finally:
            text.flush()
            text.detach()
    size = spool.path_of(row.pk, "csv").stat().st_size
    with db.transaction():
        locked = _locked(row.organization, row.pk)
        locked.status, locked.rows, locked.size = ExportStatus.DONE, many, size
        locked.save(update_fields=["status", "rows", "size"])
        _record(EventType.EXPORT_FINISHED, locked, at, Actor.parse(locked.actor), rows=many)
    return many


def download(*, organization: Organization, export_id: UUID, at: datetime, actor: Actor) -> BinaryIO:
    """Return the file, to be read and closed, and record who took it along. Raises ExportNotFound, FileGone."""
    with db.transaction():
        row = _locked(organization, export_id)
        if row.status != ExportStatus.DONE or row.kept_until <= limits.now():
            raise ExportNotFound("there is no such export, or it is gone")
        file = spool.opened(row.pk, "csv")
        _record(EventType.EXPORT_DOWNLOADED, row, at, actor, rows=row.rows)
    return file


def fail(row: Export) -> None:
    """Say that it could not be written: its filters are none any more."""
    with db.transaction():
        locked = _locked(row.organization, row.pk)
        locked.status = ExportStatus.FAILED
        locked.save(update_fields=["status"])
        _record(EventType.EXPORT_FINISHED, locked, locked.created_at, Actor.parse(locked.actor), rows=0)


def remove(*, organization: Organization, export_id: UUID, at: datetime, actor: Actor) -> None:
    """Remove an export and its file. Raises ExportNotFound."""
    with db.transaction():
        row = _locked(organization, export_id)
        _record(EventType.EXPORT_REMOVED, row, at, actor)
        row.delete()
    spool.remove(export_id)


def dialect(row: Export) -> str:
    """Return what separates the cells of this export."""
    language = row.organization.locale.partition("-")[0].lower()
    return ";" if row.excel and language in _SEMICOLON else ","


def _write(target: io.TextIOWrapper, found: Listed, chosen: Chosen, row: Export) -> int:
    if row.excel:
        target.write(_MARK)
    # Every cell in quotes: whichever character a program takes for the separator, no cell begins where none does.
    writer = csv.writer(target, delimiter=dialect(row), quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(found.columns)
    many = 0
    for cells in _counted(found.rows(chosen), row.pk):
        writer.writerow([guarded(cell) for cell in cells])
        many += 1
    return many


def _counted(rows: Iterator[Sequence[str]], key: UUID) -> Iterator[Sequence[str]]:
    """Yield the rows, and say now and then how many they were."""
    for place, each in enumerate(rows):
        if place % _BLOCK == 0:
            spool.note(key, str(place))
        yield each


def _keys(found: Listed, selection: Sequence[str]) -> list[UUID]:
    if len(selection) > limits.MOST_SELECTED:
        raise ListUnknown(said("at most {most:,} can be picked out", most=limits.MOST_SELECTED), pointer="/selection")
    keys = [ids.from_text(found.prefix, each) for each in selection]
    if None in keys:
        raise ListUnknown("that is no id of this list", pointer="/selection")
    return [key for key in keys if key is not None]


def _locked(organization: Organization, export_id: UUID) -> Export:
    row = Export.objects.select_for_update(no_key=True).filter(organization=organization, pk=export_id).first()
    if row is None:
        raise ExportNotFound("there is no such export, or it is gone")
    row.organization = organization
    return row


def _record(event: EventType, row: Export, at: datetime, actor: Actor, **data: object) -> None:
    events.record(
        events.Happened(
            organization_id=row.organization_id,
            type=event,
            at=at,
            actor=actor,
            data={"export": ids.to_text(ids.Prefix.EXPORT, row.pk), "list": row.list, **data},
        )
    )

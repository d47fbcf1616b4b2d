"""What screens read of imports and exports."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final, cast
from uuid import UUID

from django.db.models import QuerySet

from tessera.core import ids
from tessera.core.phrases import recalled
from tessera.http.cursors import paginate
from tessera.organizations.models import Organization, Staff
from tessera.transfer import limits, records, spool
from tessera.transfer.errors import ExportNotFound, FileGone, ImportNotFound
from tessera.transfer.fields import guessed
from tessera.transfer.models import Export, Import, ImportBlock, RememberedMapping
from tessera.transfer.records import Place
from tessera.transfer.types import (
    OVER,
    WORKING,
    ExportStatus,
    ImportStatus,
    Kind,
    Line,
    Outcome,
    Phase,
    Setup,
)

_NONE: Final = {"created": 0, "updated": 0, "skipped": 0, "refused": 0}


@dataclass(frozen=True, slots=True)
class Tally:
    """What would become, or became, of rows; `total` is all that were looked at."""

    created: int
    updated: int
    skipped: int
    refused: int

    @property
    def total(self) -> int:
        return self.created + self.updated + self.skipped + self.refused

    @property
    def left_out(self) -> int:
        return self.skipped + self.refused


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for which rows were left out, how often, and the words of the first of them."""

    outcome: Outcome
    code: str
    field: str
    detail: str
    line: int
    many: int


@dataclass(frozen=True, slots=True)
class ImportFacts:
    """What is known of an import. `percent` of the present phase, 0 to 100; `who` is the name of whoever did it."""

    id: UUID
    version: int
    kind: Kind
    status: ImportStatus
    who: str
    file_name: str
    size: int
    encoding: str
    delimiter: str
    headers: tuple[str, ...]
    setup: Setup | None
    percent: int
    rows: int
    checked: Tally
    written: Tally
    failure: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def working(self) -> bool:
        return self.status in WORKING

    @property
    def over(self) -> bool:
        return self.status in OVER

    @property
    def phase(self) -> Phase:
        """Of which phase there is something to read: what was written once it has been started."""
        return Phase.RUN if self.started_at is not None else Phase.CHECK


@dataclass(frozen=True, slots=True)
class ExportFacts:
    """What is known of an export. While it is written, `rows` are those so far. `kept_until` in real time."""

    id: UUID
    list: str
    filters: Mapping[str, str]
    selected: int | None
    excel: bool
    status: ExportStatus
    who: str
    rows: int
    size: int
    created_at: datetime
    kept_until: datetime


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that was not written: as it stands in the file, what became of it and why."""

    line: Line
    outcome: Outcome
    code: str
    field: str
    detail: str


def imports(
    organization: Organization, *, limit: int = 50, cursor: str | None = None
) -> tuple[list[ImportFacts], str | None]:
    """Return a page of the organization's imports, the latest first: two queries. Raises CursorInvalid."""
    found = Import.objects.filter(organization=organization)
    page, next_cursor = paginate(found, order=("-created_at", "-id"), limit=limit, cursor=cursor)
    names = _names(organization, [row.actor for row in page])
    return [_import_facts(row, names) for row in page], next_cursor


def import_by_ref(organization: Organization, ref: str) -> ImportFacts:
    """Return the import with the id `imp_…`: two queries. Raises ImportNotFound."""
    key = ids.from_text(ids.Prefix.IMPORT, ref)
    row = None if key is None else Import.objects.filter(organization=organization, pk=key).first()
    if row is None:
        raise ImportNotFound("there is no such import")
    return _import_facts(row, _names(organization, [row.actor]))


def first_rows(found: ImportFacts, many: int = limits.SHOWN_ROWS) -> list[Line]:
    """Return the first rows of its file; none if that is gone."""
    try:
        with spool.opened(found.id, "csv") as file:
            _delimiter, _headers, place = records.header_of(file)
            reader = records.Reader(file, delimiter=found.delimiter, place=place)
            return list(islice((line for line in reader if not line.fault), many))
    except FileGone:
        return []


def proposed(organization: Organization, found: ImportFacts) -> tuple[dict[str, int], Setup | None]:
    """Return which column seems to be what, and how the last import of the kind was set up, if there was one."""
    row = RememberedMapping.objects.filter(organization=organization, kind=found.kind).first()
    columns = guessed(found.kind, found.headers, row.headers if row is not None else {})
    return columns, None if row is None else Setup.from_json(row.setup)


def reasons(found: ImportFacts, most: int = 20) -> list[Reason]:
    """Return why rows were left out, the most frequent reasons first. One query."""
    many: Counter[tuple[str, str, str]] = Counter()
    first: dict[tuple[str, str, str], tuple[int, str]] = {}
    for each in _blocks(found).iterator(chunk_size=200):
        for line, outcome, code, field, detail in each.left_out:
            many[outcome, code, field] += 1
            first.setdefault((outcome, code, field), (line, detail))
    told = []
    for why, times in sorted(many.items(), key=lambda each: (each[0][0], -each[1]))[:most]:
        (outcome, code, field), (line, detail) = why, first[why]
        told.append(Reason(Outcome(outcome), code, field, recalled(detail), line, times))
    return told


def left_out(found: ImportFacts) -> Iterator[LeftOut]:
    """Yield every row that was not written, in the order of the file. Raises FileGone."""
    with spool.opened(found.id, "csv") as file:
        _delimiter, _headers, place = records.header_of(file)
        yield from _joined(found, file, place)


def _joined(found: ImportFacts, file: Any, place: Place) -> Iterator[LeftOut]:
    reader = iter(records.Reader(file, delimiter=found.delimiter, place=place))
    for block in _blocks(found).iterator(chunk_size=50):
        notes = iter(block.left_out)
        note = next(notes, None)
        for line in islice(reader, len(block.letters)):
            if note is not None and note[0] == line.number:
                yield LeftOut(line, Outcome(note[1]), note[2], note[3], recalled(note[4]))
                note = next(notes, None)


def exports(
    organization: Organization, *, limit: int = 50, cursor: str | None = None
) -> tuple[list[ExportFacts], str | None]:
    """Return a page of the organization's exports whose files are kept, the latest first. Raises CursorInvalid."""
    found = Export.objects.filter(organization=organization, kept_until__gt=limits.now())
    page, next_cursor = paginate(found, order=("-created_at", "-id"), limit=limit, cursor=cursor)
    names = _names(organization, [row.actor for row in page])
    return [_export_facts(row, names) for row in page], next_cursor


def export_by_ref(organization: Organization, ref: str) -> ExportFacts:
    """Return the export with the id `exp_…`. Raises ExportNotFound, also if its time is over."""
    key = ids.from_text(ids.Prefix.EXPORT, ref)
    kept = Export.objects.filter(organization=organization, kept_until__gt=limits.now())
    row = None if key is None else kept.filter(pk=key).first()
    if row is None:
        raise ExportNotFound("there is no such export, or it is gone")
    return _export_facts(row, _names(organization, [row.actor]))


def _blocks(found: ImportFacts) -> QuerySet[ImportBlock]:
    return ImportBlock.objects.filter(work=found.id, phase=found.phase).order_by("number")


def _names(organization: Organization, actors: list[str]) -> dict[str, str]:
    """The names of the staff among these, and of commands."""
    keys = {text: ids.from_text(ids.Prefix.STAFF, text.partition(":")[2]) for text in actors}
    rows = Staff.objects.filter(organization=organization, pk__in=[key for key in keys.values() if key is not None])
    names = dict(rows.values_list("pk", "user__name"))
    return {text: names[key] if key in names else text.partition(":")[2] for text, key in keys.items()}


def _tally(counts: Mapping[str, int]) -> Tally:
    return Tally(**{**_NONE, **counts})


def _import_facts(row: Import, names: Mapping[str, str]) -> ImportFacts:
    whole = max(1, row.size - row.first_position)
    return ImportFacts(
        id=row.pk,
        version=row.version,
        kind=Kind(row.kind),
        status=ImportStatus(row.status),
        who=names[row.actor],
        file_name=row.file_name,
        size=row.size,
        encoding=row.encoding,
        delimiter=row.delimiter,
        headers=tuple(row.headers),
        setup=None if row.setup is None else Setup.from_json(cast("dict[str, Any]", row.setup)),
        percent=min(100, (row.position - row.first_position) * 100 // whole),
        rows=row.rows,
        checked=_tally(row.checked),
        written=_tally(row.written),
        failure=recalled(row.failure),
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def _export_facts(row: Export, names: Mapping[str, str]) -> ExportFacts:
    so_far = spool.noted(row.pk) if row.status == ExportStatus.WAITING else ""
    return ExportFacts(
        id=row.pk,
        list=row.list,
        filters=row.filters,
        selected=None if row.selection is None else len(row.selection),
        excel=row.excel,
        status=ExportStatus(row.status),
        who=names[row.actor],
        rows=int(so_far) if so_far.isdigit() else row.rows,
        size=row.size,
        created_at=row.created_at,
        kept_until=row.kept_until,
    )

"""An import's life: a file is uploaded, prepared, checked, then started, canceled or forgotten. Rows: `blocks.py`."""

from collections.abc import Mapping
from datetime import datetime
from typing import BinaryIO, Final
from uuid import UUID

from tessera import db
from tessera.core import ids
from tessera.core.ids import new_id
from tessera.core.phrases import kept, said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations.errors import VersionStale
from tessera.organizations.models import Organization
from tessera.transfer import decoding, records, seen, spool
from tessera.transfer.errors import ImportNotFound, ImportNotReady, MappingInvalid
from tessera.transfer.fields import FIELDS, MATCHES, NEEDED, key_of
from tessera.transfer.limits import import_kept_until
from tessera.transfer.models import Import, ImportBlock, RememberedMapping
from tessera.transfer.types import OVER, WORKING, ImportStatus, Kind, Policy, Setup

_LONGEST_FAILURE: Final = 500
_ROWS: Final = {
    Kind.CUSTOMERS: said("customers"),
    Kind.COMPANIES: said("companies"),
    Kind.AFFILIATIONS: said("affiliations"),
    Kind.MEMBERSHIPS: said("memberships"),
}


def upload(
    *, organization: Organization, kind: Kind, source: BinaryIO, file_name: str, at: datetime, actor: Actor
) -> Import:
    """Keep a file whose rows are of this kind, in UTF-8, and return the import. Its columns are still to be named.

    Raises FileUnreadable if it is no table of text, or larger than an import may be.
    """
    key = new_id()
    try:
        with spool.writing(key, "csv") as target:
            encoding, size = decoding.into_utf8(source, target)
        with spool.opened(key, "csv") as file:
            delimiter, headers, place = records.header_of(file)
        row = Import(
            id=key,
            organization=organization,
            kind=kind,
            status=ImportStatus.UPLOADED,
            actor=str(actor),
            file_name=_bare(file_name),
            size=size,
            encoding=encoding,
            delimiter=delimiter,
            headers=headers,
            first_position=place.position,
            first_line=place.line,
            position=place.position,
            line=place.line,
            created_at=at,
            kept_until=import_kept_until(),
        )
        with db.transaction():
            row.save(force_insert=True)
            _record(EventType.IMPORT_UPLOADED, row, at, actor)
    except BaseException:
        spool.remove(key)
        raise
    return row


def prepare(*, organization: Organization, import_id: UUID, setup: Setup, at: datetime, actor: Actor) -> Import:
    """Say which columns are what. Then it can be checked: that begins anew, and so it is remembered for the next file.

    Raises ImportNotFound; ImportNotReady if it is being worked on, or has been started; MappingInvalid.
    """
    with db.transaction():
        row = _locked(organization, import_id)
        if row.status not in (ImportStatus.UPLOADED, ImportStatus.CHECKED):
            raise ImportNotReady("this import has been started or is being checked; upload the file again")
        _check(setup, Kind(row.kind), len(row.headers))
        ImportBlock.objects.filter(work=row).delete()
        seen.forget(row.pk)
        row.setup, row.status, row.checked = setup.as_json(), ImportStatus.CHECKING, {}
        _to_the_beginning(row)
        _remember(row, setup)
        _record(EventType.IMPORT_PREPARED, row, at, actor)
    return row


def start(
    *, organization: Organization, import_id: UUID, at: datetime, actor: Actor, version: int | None = None
) -> Import:
    """Have the rows written. Whoever starts it is who did it, in the log.

    Raises ImportNotFound; ImportNotReady unless it has been checked and not been started; VersionStale if somebody has
    prepared it otherwise since `version`.
    """
    with db.transaction():
        row = _locked(organization, import_id)
        if row.status != ImportStatus.CHECKED:
            raise ImportNotReady("only an import that has been checked can be started, and once")
        if version is not None and version != row.version:
            raise VersionStale("it has been prepared anew meanwhile; look at it again", version=row.version)
        row.status, row.actor, row.started_at, row.written = ImportStatus.RUNNING, str(actor), at, {}
        _to_the_beginning(row)
        _record(EventType.IMPORT_STARTED, row, at, actor)
    return row


def cancel(*, organization: Organization, import_id: UUID, at: datetime, actor: Actor) -> Import:
    """Stop it. Rows that have been written stay; the block that is being written is finished or not begun.

    Raises ImportNotFound; ImportNotReady if it is over.
    """
    with db.transaction():
        row = _locked(organization, import_id)
        if row.status in OVER:
            raise ImportNotReady("this import is over")
        row.status, row.finished_at = ImportStatus.CANCELED, at
        _settle(row)
        _record(EventType.IMPORT_CANCELED, row, at, actor, **_counts(row.written))
    return row


def conclude(row: Import, *, at: datetime) -> None:
    """Say that all rows have been worked on; for `blocks.advance`, which holds the lock."""
    actor = Actor.parse(row.actor)
    if row.status == ImportStatus.CHECKING:
        row.status = ImportStatus.CHECKED
        _settle(row)
        _record(EventType.IMPORT_CHECKED, row, at, actor, **_counts(row.checked))
        return
    row.status, row.finished_at = ImportStatus.DONE, at
    _settle(row)
    _record(EventType.IMPORT_FINISHED, row, at, actor, **_counts(row.written))


def fail(row: Import, why: str) -> None:
    """Give it up, saying why; what has been written stays."""
    with db.transaction():
        locked = _locked(row.organization, row.pk)
        if locked.status not in WORKING:
            return
        locked.status, locked.failure = ImportStatus.FAILED, kept(why, _LONGEST_FAILURE)
        _settle(locked)
        actor = Actor.parse(locked.actor)
        _record(EventType.IMPORT_CANCELED, locked, locked.started_at or locked.created_at, actor, reason=why)


def remove(row: Import, *, at: datetime) -> None:
    """Forget an import whose time is over: the file, and what was said of its rows.

    One that is being worked on by now, or gone already, is left as it is.
    """
    key = row.pk
    with db.transaction():
        idle = Import.objects.select_for_update().filter(pk=key).exclude(status__in=WORKING)
        if idle.first() is None:
            return
        _record(EventType.IMPORT_REMOVED, row, at, Actor.system("transfer"))
        ImportBlock.objects.filter(work=row).delete()
        row.delete()
    spool.remove(key)


def _bare(name: str) -> str:
    """What a file is called, for showing: never where it is kept."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(each for each in last if each.isprintable())[:200] or "import.csv"


def _check(setup: Setup, kind: Kind, columns: int) -> None:
    known = {field.name: field for field in FIELDS[kind]}
    for name, place in setup.columns.items():
        if name not in known:
            raise MappingInvalid(
                said("there is no field {name!r} of {kind}", name=name, kind=_ROWS[kind]), pointer=f"/{name}"
            )
        if not 0 <= place < columns:
            raise MappingInvalid("there is no such column", pointer=f"/{name}")
    for name in setup.constants:
        if name not in known or not known[name].constant:
            raise MappingInvalid(
                said("{name!r} cannot be the same for all {kind}", name=name, kind=_ROWS[kind]), pointer=f"/{name}"
            )
    told = {*setup.columns, *setup.constants}
    for group in NEEDED[kind]:
        if told.isdisjoint(group):
            labels = [str(known[name].label) for name in group]
            raise MappingInvalid(said("say which column holds one of: {labels}", labels=labels), pointer=f"/{group[0]}")
    if any(each not in MATCHES[kind] for each in setup.match):
        raise MappingInvalid(said("{kind} are not matched by that", kind=_ROWS[kind]))
    if setup.policy is Policy.UPDATE and kind is Kind.MEMBERSHIPS:
        raise MappingInvalid("a membership that is known is skipped or refused: what runs is changed by its own verbs")


def _remember(row: Import, setup: Setup) -> None:
    headers = {key_of(row.headers[place]): name for name, place in setup.columns.items()}
    rest = {**setup.as_json(), "columns": {}, "constants": {}, "welcome": False}
    RememberedMapping.objects.update_or_create(
        organization=row.organization, kind=row.kind, defaults={"headers": headers, "setup": rest}
    )


def _to_the_beginning(row: Import) -> None:
    row.position, row.line, row.blocks, row.rows = row.first_position, row.first_line, 0, 0
    _settle(row)


def _settle(row: Import) -> None:
    row.version += 1
    row.save()


def _locked(organization: Organization, import_id: UUID) -> Import:
    row = Import.objects.select_for_update(no_key=True).filter(organization=organization, pk=import_id).first()
    if row is None:
        raise ImportNotFound("there is no such import")
    row.organization = organization
    return row


def _counts(tally: Mapping[str, int]) -> dict[str, int]:
    return {name: tally.get(name, 0) for name in ("created", "updated", "skipped", "refused")}


def _record(event: EventType, row: Import, at: datetime, actor: Actor, **data: object) -> None:
    events.record(
        events.Happened(
            organization_id=row.organization_id,
            type=event,
            at=at,
            actor=actor,
            data={"import": ids.to_text(ids.Prefix.IMPORT, row.pk), "kind": Kind(row.kind).value, **data},
        )
    )

"""Working through a file block by block. What becomes of the rows of a block is written with them, or not at all.

Whoever works on an import, a worker or a command, two at once or one after a crash: a block begins where the last one
that was kept ended, and that is read under the import's lock.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, cast
from uuid import UUID

from tessera import db, organizations
from tessera.core.errors import TesseraError
from tessera.core.phrases import kept, said
from tessera.events.types import Actor
from tessera.organizations.time import zone
from tessera.transfer import affiliations, companies, customers, importing, memberships, records, rows, seen, spool
from tessera.transfer.errors import FileGone
from tessera.transfer.limits import MOST_ROWS
from tessera.transfer.models import Import, ImportBlock
from tessera.transfer.records import Place
from tessera.transfer.rows import Task
from tessera.transfer.seen import Seen
from tessera.transfer.types import (
    OUTCOME_NAMES,
    WORKING,
    ImportStatus,
    Kind,
    Line,
    Outcome,
    Phase,
    Result,
    Setup,
)


@dataclass(frozen=True, slots=True)
class _Work:
    """How rows of a kind are read, which writes nothing, and written; how many make a block."""

    read: Callable[[Mapping[str, str], Task], Any]
    write: Callable[[Sequence[tuple[int, Any]], Task, Seen], Sequence[Result]]
    block: int


_WORK: Final[Mapping[Kind, _Work]] = {
    Kind.CUSTOMERS: _Work(customers.read, customers.write, 500),
    Kind.COMPANIES: _Work(companies.read, companies.write, 100),
    Kind.AFFILIATIONS: _Work(affiliations.read, affiliations.write, 50),
    Kind.MEMBERSHIPS: _Work(memberships.read, memberships.write, 50),
}


_LONGEST_DETAIL: Final = 500


class _TakenBackError(Exception):
    pass


def advance(key: UUID) -> bool:
    """Work on the next block of an import that is being checked or is running; return whether there is more to do.

    Checking writes as running does, and takes it back: what is foretold is what then happens.
    """
    work = Import.objects.select_related("organization").get(pk=key)
    if work.status not in WORKING:
        return False
    try:
        lines, place = _next_lines(work)
    except FileGone:
        importing.fail(work, said("the file is not kept any more"))
        return False
    if work.rows + len(lines) > MOST_ROWS:
        importing.fail(work, said("the file has more than {most:,} rows: split it", most=MOST_ROWS))
        return False
    task = _task(work)
    told = [_read(line, task, len(work.headers), Kind(work.kind)) for line in lines]
    with (
        seen.kept(work.pk) if work.status == ImportStatus.CHECKING else nullcontext(Seen()) as before,
        db.transaction(),
    ):
        locked = Import.objects.select_for_update(no_key=True).get(pk=key)
        if (locked.version, locked.position, locked.status) != (work.version, work.position, work.status):
            return locked.status in WORKING  # somebody else has done it meanwhile, or it was canceled
        results = _written(lines, told, task, before, work)
        _keep(work, lines, results, place)
        if not lines:
            importing.conclude(work, at=task.at)
            return False
    return True


def _next_lines(work: Import) -> tuple[list[Line], Place]:
    with spool.opened(work.pk, "csv") as file:
        reader = records.Reader(file, delimiter=work.delimiter, place=Place(work.position, work.line))
        lines = list(islice(reader, _WORK[Kind(work.kind)].block))
    return lines, reader.place


def _task(work: Import) -> Task:
    organization = work.organization
    return Task(
        organization=organization,
        at=organizations.now(organization),
        actor=Actor.parse(work.actor),
        setup=Setup.from_json(cast("dict[str, Any]", work.setup)),
        zone=zone(organization),
    )


def _read(line: Line, task: Task, headers: int, kind: Kind) -> Any:
    """Return what a row says, or the Result that it is refused with."""
    if line.fault:
        return Result(Outcome.REFUSED, "row_unreadable", "", line.fault)
    try:
        return _WORK[kind].read(rows.values_of(line, task.setup, headers), task)
    except TesseraError as refusal:
        return rows.refused(refusal)


def _written(lines: Sequence[Line], told: Sequence[Any], task: Task, before: Seen, work: Import) -> list[Result]:
    """Write the rows that can be read, and return what became of each; of a check nothing is kept."""
    results: list[Result | None] = [each if isinstance(each, Result) else None for each in told]
    places = [place for place, each in enumerate(results) if each is None]
    if places:
        readable = [(lines[place].number, told[place]) for place in places]
        for place, result in zip(places, _carried_out(readable, task, before, work), strict=True):
            results[place] = result
    return cast("list[Result]", results)


def _carried_out(readable: Sequence[tuple[int, Any]], task: Task, before: Seen, work: Import) -> Sequence[Result]:
    write = _WORK[Kind(work.kind)].write
    if work.status == ImportStatus.RUNNING:
        return write(readable, task, before)
    found: list[Result] = []
    try:
        with db.transaction():
            found += write(readable, task, before)
            raise _TakenBackError
    except _TakenBackError:
        return found


def _keep(work: Import, lines: Sequence[Line], results: Sequence[Result], place: Place) -> None:
    """Put down what became of the rows, and where the next block begins."""
    checking = work.status == ImportStatus.CHECKING
    if lines:
        ImportBlock(
            work=work,
            phase=Phase.CHECK if checking else Phase.RUN,
            number=work.blocks,
            letters="".join(each.outcome for each in results),
            left_out=[
                [line.number, each.outcome, each.code, each.field, kept(each.detail, _LONGEST_DETAIL).replace("\0", "")]
                for line, each in zip(lines, results, strict=True)
                if each.code
            ],
        ).save(force_insert=True)
    tally = Counter(work.checked if checking else work.written)
    tally.update(OUTCOME_NAMES[each.outcome] for each in results)
    if checking:
        work.checked = dict(tally)
    else:
        work.written = dict(tally)
    work.position, work.line = place.position, place.line
    work.blocks += 1
    work.rows += len(lines)
    work.save(update_fields=["checked", "written", "position", "line", "blocks", "rows"])

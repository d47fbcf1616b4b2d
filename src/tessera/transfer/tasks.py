"""The jobs of imports and exports. Each is taken up again where it was left, by whoever runs it next."""

import time
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from tessera import db, organizations
from tessera.core.errors import TesseraError
from tessera.events.types import Actor
from tessera.jobs.queue import Again, enqueue, task
from tessera.transfer import blocks, exporting, importing, limits, spool
from tessera.transfer.errors import ExportNotFound
from tessera.transfer.models import Export, Import
from tessera.transfer.types import WORKING, ExportStatus

_TURN: Final = 5.0  # seconds after which a worker that is to stop may
_BREATH: Final = 0.01  # seconds between two blocks in which others can write: SQLite has one writer, and no queue
_REMOVED_AT_ONCE: Final = 200
_YOUNG: Final = timedelta(hours=1)  # its row may just be about to be written
_ACTOR: Final = Actor.system("transfer")


@task(queue="network")  # it takes a while, and holds nothing up there
def go_on(import_id: str) -> None:
    """Check or write the next rows of an import."""
    until = time.monotonic() + _TURN
    key = UUID(import_id)
    if not Import.objects.filter(pk=key).exists():
        return
    while blocks.advance(key):
        if time.monotonic() > until:
            raise Again(seconds=0)
        time.sleep(_BREATH)


@task(queue="network")
def write_export(export_id: str) -> None:
    """Write the file of an export."""
    row = Export.objects.select_related("organization").filter(pk=UUID(export_id)).first()
    if row is None or row.status != ExportStatus.WAITING:
        return
    try:
        exporting.write(row, at=organizations.now(row.organization))
    except ExportNotFound:  # removed while it was being written: so is what was written
        spool.remove(row.pk)
    except TesseraError:
        exporting.fail(row)


def enqueue_import(row: Import) -> None:
    """Have a worker check or write the rows of an import that has just been prepared or started."""
    with db.transaction():
        enqueue(go_on, str(row.pk), key=f"import:{row.pk}", organization_id=row.organization_id)


def enqueue_export(row: Export) -> None:
    """Have a worker write the file of an export."""
    with db.transaction():
        enqueue(write_export, str(row.pk), key=f"export:{row.pk}", organization_id=row.organization_id)


@task()
def catch_up() -> None:
    """Enqueue what is to be worked on and has no job: its command was stopped, or another backend forgot it."""
    for row in Import.objects.filter(status__in=WORKING).only("id", "organization_id"):
        enqueue_import(row)
    for each in Export.objects.filter(status=ExportStatus.WAITING).only("id", "organization_id"):
        enqueue_export(each)


@task()
def prune() -> None:
    """Remove what has been kept for as long as it is kept: exports a day, imports a month."""
    now = limits.now()
    for row in Export.objects.filter(kept_until__lte=now).select_related("organization")[:_REMOVED_AT_ONCE]:
        club = row.organization
        exporting.remove(organization=club, export_id=row.pk, at=organizations.now(club), actor=_ACTOR)
    over = Import.objects.filter(kept_until__lte=now).exclude(status__in=WORKING)
    for each in over.select_related("organization")[:_REMOVED_AT_ONCE]:
        importing.remove(each, at=organizations.now(each.organization))
    _sweep(now)


def _sweep(now: datetime) -> None:
    """Remove files whose row is gone: of organizations that were deleted, of writers that died."""
    found = spool.keys_before(now - _YOUNG)
    known = {*Import.objects.filter(pk__in=found).values_list("pk", flat=True)}
    known |= {*Export.objects.filter(pk__in=found).values_list("pk", flat=True)}
    for key in found - known:
        spool.remove(key)

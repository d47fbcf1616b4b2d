"""Removing files that no picture has: of pictures that were given up, of uploads that came to nothing."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final
from uuid import UUID

from tessera.files import storage
from tessera.files.models import Picture
from tessera.files.types import SIZES, Kind

YOUNG: Final = timedelta(hours=1)  # somebody may just be about to keep it
_BLOCK: Final = 500

log = logging.getLogger(__name__)


def sweep(*, at: datetime) -> int:
    """Remove files that are older than an hour at `at` (real time) and belong to no picture; return how many.

    Nothing while a backup reads them. Files that are not ours stay.
    """
    removed = 0
    with storage.removing() as may:
        if may:
            for organization_id, folder in storage.folders():
                removed += _sweep(organization_id, folder, at)
    return removed


def remove_folder(organization_id: UUID) -> bool:
    """Remove all that an organization has, whatever its age; return whether that was possible, or a backup reads."""
    with storage.removing() as may:
        if not may:
            return False
        folder = storage.root() / str(organization_id)
        for path in folder.iterdir() if folder.is_dir() else ():
            if storage.is_ours(path):
                path.unlink(missing_ok=True)
        _remove_if_empty(folder)
    return True


def _sweep(organization_id: UUID, folder: Path, at: datetime) -> int:
    removed = 0
    old = (path for path in folder.iterdir() if storage.is_ours(path) and _older(path, at - YOUNG))
    while block := list(islice(old, _BLOCK)):
        named = {key for path in block if (key := storage.picture_of(path)) is not None}
        kept = set(Picture.objects.filter(organization=organization_id, pk__in=named).values_list("pk", flat=True))
        for path in block:
            if storage.picture_of(path) not in kept:
                path.unlink(missing_ok=True)
                removed += 1
    _remove_if_empty(folder)
    return removed


def missing(block: int = _BLOCK) -> Iterator[tuple[UUID, Path]]:
    """Yield (picture, path) of every file that should be there and is not."""
    rows = Picture.objects.order_by("pk").only("pk", "organization_id", "kind")
    found = list(rows[:block])
    while found:
        for row in found:
            for size in SIZES:
                path = storage.path_of(row.organization_id, row.pk, Kind(row.kind), size)
                if not path.is_file():
                    yield row.pk, path
        found = list(rows.filter(pk__gt=found[-1].pk)[:block])


def _older(path: Path, than: datetime) -> bool:
    try:
        return path.lstat().st_mtime < than.timestamp()
    except FileNotFoundError:
        return False


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # not empty, or not there: both are fine
        log.debug("%s stays", folder)

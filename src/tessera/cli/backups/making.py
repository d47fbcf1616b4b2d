"""Making a backup: the database as it is at one instant, and every uploaded file."""

import importlib.metadata
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from django.db import connection

from tessera.cli.backups import postgresql, sqlite
from tessera.cli.backups.archive import DATABASES, MANIFEST, MEDIA, Writer, may_be_named
from tessera.cli.backups.errors import BackupExists, BackupFailed
from tessera.cli.backups.manifest import FORMAT, Manifest, Media, encode
from tessera.cli.backups.workplace import put_in_place, workplace
from tessera.config.settings import tessera as settings
from tessera.files import storage


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made. `left_out`: files among the media that are no plain files, or have odd names."""

    manifest: Manifest
    bytes: int
    left_out: list[str]


def media_folder() -> Path:
    """Return where uploaded files are."""
    return settings.home / MEDIA


def back_up(to: Path, *, overwrite: bool, at: datetime) -> Made:
    """Write a backup to the file `to`, mode 0600. It appears there when it is whole; until then nothing changes.

    Raises BackupExists unless it may be overwritten; BackupRunning, BackupFailed, NothingToBackUp, DatabaseDamaged,
    ProgramMissing, ProgramFailed.
    """
    if not overwrite and (to.exists() or to.is_symlink()):
        raise BackupExists(f"{to} is there already; --force replaces it")
    try:
        with workplace(to, suffix=".part") as folder:
            part = folder / "backup"
            with open(part, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as stream:
                manifest, left_out = _write(stream, folder, at=at)
            size = part.stat().st_size
            put_in_place(part, to)
    except OSError as reason:
        raise BackupFailed(f"{to} cannot be written: {reason.strerror or reason}") from reason
    return Made(manifest, size, left_out)


def back_up_to_stdout(*, at: datetime) -> Made:
    """Write a backup to standard output, for whatever keeps, encrypts or sends it."""
    with _elsewhere() as folder:
        manifest, left_out = _write(sys.stdout.buffer, folder, at=at)
        sys.stdout.buffer.flush()
    return Made(manifest, 0, left_out)


@contextmanager
def _elsewhere() -> Iterator[Path]:
    settings.home.mkdir(parents=True, exist_ok=True)
    # Beside the database rather than in /tmp, which is often small, and memory.
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=settings.home) as folder:
        yield Path(folder)


def _write(stream: IO[bytes], folder: Path, *, at: datetime) -> tuple[Manifest, list[str]]:
    with storage.nothing_removed():  # or a file could go while it is read, which a row in the copy still names
        return _write_all(stream, folder, at=at)


def _write_all(stream: IO[bytes], folder: Path, *, at: datetime) -> tuple[Manifest, list[str]]:
    copied = folder / "database"
    database, facts = (sqlite if connection.vendor == "sqlite" else postgresql).copy(copied)
    # After the database: what a row of it names was there before the row.
    files, left_out = _media()
    manifest = Manifest(
        format=FORMAT,
        tessera=importlib.metadata.version("tessera-membership"),
        made_at=at,
        database=database,
        migrations=facts.migrations,
        encryption_keys=facts.encryption_keys,
        organizations=facts.organizations,
        media=Media(files=len(files), bytes=sum(size for _, _, size in files)),
    )
    archive = Writer(stream, at=at.timestamp())
    archive.add(MANIFEST, encode(manifest))
    archive.add_file(DATABASES[database.kind], copied)
    for name, path, _ in files:
        archive.add_file(name, path)
    archive.close()
    return manifest, left_out


def _media() -> tuple[list[tuple[str, Path, int]], list[str]]:
    """Return (name in the archive, path, size) of every uploaded file, and the names of what is none."""
    root = media_folder()
    files, left_out = [], []
    for path in sorted(root.rglob("*")) if root.is_dir() else []:
        found = path.lstat()
        if stat.S_ISDIR(found.st_mode) or path == root / storage.LOCK:
            continue
        name = f"{MEDIA}/{path.relative_to(root).as_posix()}"
        if stat.S_ISREG(found.st_mode) and may_be_named(name):
            files.append((name, path, found.st_size))
        else:
            left_out.append(name)
    return files, left_out

"""The files of imports and exports: in `TESSERA_HOME/transfer`, readable by this program's user alone."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import BufferedWriter
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from django.conf import settings

from tessera.transfer.errors import FileGone

_FOLDER, _FILE = 0o700, 0o600
_OURS: Final = re.compile(r"[0-9a-f]{32}\.")


def path_of(key: UUID, suffix: str) -> Path:
    """Return where a file is kept; the name is made of the key alone, never of what somebody typed."""
    return Path(settings.HOME) / "transfer" / f"{key.hex}.{suffix}"


def prepared(key: UUID, suffix: str) -> Path:
    """Return the path of a file that is there, empty if it was not, for this program's user alone."""
    target = path_of(key, suffix)
    target.parent.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
    os.close(os.open(target, os.O_RDWR | os.O_CREAT, _FILE))
    return target


@contextmanager
def writing(key: UUID, suffix: str) -> Iterator[BufferedWriter]:
    """Give a file to write, which takes its place when the block ends well, and is gone if it does not."""
    target = path_of(key, suffix)
    target.parent.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
    unfinished = target.with_suffix(f".{suffix}.{os.getpid()}.tmp")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def opened(key: UUID, suffix: str) -> BinaryIO:
    """Return the file, to be read and closed. Raises FileGone."""
    try:
        return path_of(key, suffix).open("rb")
    except FileNotFoundError as reason:
        raise FileGone("the file is not kept any more") from reason


def note(key: UUID, text: str) -> None:
    """Say how far a file is that is being written: no transaction may, while it reads a snapshot."""
    target = path_of(key, "progress")
    target.parent.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE), "w") as file:
        file.write(text)


def noted(key: UUID) -> str:
    """Return what was said last; empty if nothing."""
    try:
        return path_of(key, "progress").read_text()
    except FileNotFoundError:
        return ""


def keys_before(instant: datetime) -> set[UUID]:
    """Return the keys of files that nobody has written to since an instant of real time."""
    folder = Path(settings.HOME) / "transfer"
    old = (each for each in folder.iterdir() if each.stat().st_mtime < instant.timestamp()) if folder.is_dir() else ()
    return {UUID(hex=each.name[:32]) for each in old if _OURS.match(each.name)}


def remove(key: UUID) -> None:
    """Remove everything that is kept under the key."""
    folder = path_of(key, "x").parent
    if folder.is_dir():
        for each in folder.glob(f"{key.hex}.*"):
            each.unlink(missing_ok=True)

"""Where pictures are: below TESSERA_HOME/media, a folder an organization, a file a size, named by us alone.

A file appears under its name when it is whole and on the disk. Its row comes after it, and goes before it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings

from tessera.files.types import SIZES, Kind, Renditions

FOLDER: Final = "media"
LOCK: Final = ".lock"  # in the folder itself, which several machines may share
_UNFINISHED: Final = ".part"


def root() -> Path:
    """Return the folder that holds all of them."""
    return Path(settings.HOME) / FOLDER


def path_of(organization_id: UUID, picture_id: UUID, kind: Kind, size: int) -> Path:
    """Return where a picture is in one of SIZES."""
    return root() / str(organization_id) / f"{picture_id}-{size}.{kind.ending}"


def write(organization_id: UUID, picture_id: UUID, made: Renditions) -> None:
    """Put a picture's files in place, and on the disk. Raises OSError if that fails."""
    folder = root() / str(organization_id)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for size in SIZES:
        target = path_of(organization_id, picture_id, made.kind, size)
        part = folder / f".{uuid4()}{_UNFINISHED}"
        try:
            with open(part, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(made.by_size[size])
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    _keep_names(folder)


def folders() -> Iterator[tuple[UUID, Path]]:
    """Yield the folder of every organization that has had pictures; whatever else is there is left alone."""
    for folder in sorted(root().iterdir()) if root().is_dir() else []:
        try:
            key = UUID(folder.name)
        except ValueError:
            continue
        if folder.is_dir() and not folder.is_symlink():
            yield key, folder


def picture_of(path: Path) -> UUID | None:
    """Return which picture a file belongs to; None if it was never finished, or is not ours."""
    try:
        return UUID(path.name[:36])
    except ValueError:
        return None


def is_ours(path: Path) -> bool:
    """Whether a file is one that we write: a picture's, or one that was not finished."""
    return picture_of(path) is not None or (path.name.startswith(".") and path.name.endswith(_UNFINISHED))


@contextmanager
def nothing_removed() -> Iterator[None]:
    """Have no file removed meanwhile, as while a backup reads them."""
    with _locked(fcntl.LOCK_SH):
        yield


@contextmanager
def removing() -> Iterator[bool]:
    """Yield whether files may be removed now: not while a backup reads them."""
    try:
        with _locked(fcntl.LOCK_EX | fcntl.LOCK_NB):
            yield True
    except BlockingIOError:
        yield False


@contextmanager
def _locked(how: int) -> Iterator[None]:
    if not root().is_dir():  # nothing to keep, nothing to remove
        yield
        return
    handle = os.open(root() / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)


def _keep_names(folder: Path) -> None:
    """Have the names in a folder on the disk, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

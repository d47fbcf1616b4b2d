"""A folder beside the file that is being made, so that a rename on one disk puts all of it in place, or nothing."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tessera.cli.backups.errors import BackupRunning


@contextmanager
def workplace(beside: Path, *, suffix: str) -> Iterator[Path]:
    """Yield an empty folder, mode 0700, on the disk of `beside`; it is gone afterwards, with what is left in it.

    What a process left there that was killed is cleared away first. Raises BackupRunning if one is still at it.
    """
    folder = beside.with_name(f".{beside.name}{suffix}")
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as reason:
            raise BackupRunning(f"another process is at work in {folder}") from reason
        for leftover in folder.iterdir():
            if leftover.name != ".lock":
                remove(leftover)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def remove(path: Path) -> None:
    """Remove a file, or a folder with all in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def put_in_place(made: Path, at: Path) -> None:
    """Have `made` be called `at`, in the place of what was: after a power cut either is there, whole."""
    with made.open("rb") as file:
        os.fsync(file.fileno())
    made.replace(at)
    keep_names(at.parent)


def keep_names(folder: Path) -> None:
    """See that what was renamed in a folder is so on the disk too."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def belong_to(path: Path, like: os.stat_result) -> None:
    """Give a file or folder, with all in it, to the owner in `like`, if we are root and they are not."""
    if os.geteuid() == 0 and like.st_uid != 0:
        for each in (path, *path.rglob("*")) if path.is_dir() else (path,):
            os.chown(each, like.st_uid, like.st_gid)

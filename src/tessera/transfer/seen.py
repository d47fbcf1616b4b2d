"""What a check has found in the blocks before: kept beside the file, since nothing of a check stays in the database.

A row that would be made is a duplicate to the rows after it. A million of them do not belong in memory.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from uuid import UUID

from tessera.transfer import spool

_SUFFIX = "seen"


class Seen:
    """Nothing was seen: what a real import writes is in the database itself."""

    def earlier(self, line: int) -> "Seen":
        """Return what was seen in blocks before the one that begins on this line: its own rows are in the database."""
        return self

    def find(self, keys: Iterable[str]) -> set[int]:
        """Return the lines whose rows would be made with one of these keys."""
        return set()

    def remember(self, keys: Iterable[str], line: int) -> None:
        """Keep that the row on this line would be made, and is found by these keys."""


class _Kept(Seen):
    def __init__(self, database: sqlite3.Connection, before: int = 0) -> None:
        self._database, self._before = database, before

    def earlier(self, line: int) -> Seen:
        return _Kept(self._database, line)

    def find(self, keys: Iterable[str]) -> set[int]:
        rows = (self._database.execute("SELECT line FROM seen WHERE key = ?", (key,)).fetchone() for key in keys)
        return {row[0] for row in rows if row is not None and row[0] < self._before}

    def remember(self, keys: Iterable[str], line: int) -> None:
        self._database.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", [(key, line) for key in keys])


@contextmanager
def kept(key: UUID) -> Iterator[Seen]:
    """Give what was seen in this import; what is remembered inside is kept when the block ends well."""
    path = spool.prepared(key, _SUFFIX)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("CREATE TABLE IF NOT EXISTS seen (key TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        yield _Kept(database)
        database.commit()


def forget(key: UUID) -> None:
    """Begin anew."""
    spool.path_of(key, _SUFFIX).unlink(missing_ok=True)

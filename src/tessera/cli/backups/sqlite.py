"""Copying a SQLite database while it is in use, and putting a copy in its place while it is not."""

import gzip
import shutil
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.db import DatabaseError, OperationalError, connection

from tessera.cli.backups.errors import BackupDamaged, BackupFailed, DatabaseDamaged, DatabaseInUse, NothingToBackUp
from tessera.cli.backups.facts import MIGRATIONS, Ask, Contents, Facts, contents, facts
from tessera.cli.backups.manifest import Database

_EMPTY = Contents(empty=True, says="", organizations=[], forks={})


def path() -> Path:
    """Return where the configured database is."""
    return Path(str(connection.settings_dict["NAME"]))


def copy(to: Path) -> tuple[Database, Facts]:
    """Write the database as it is at this instant to `to`, compressed, and return what is in it.

    Others read and write meanwhile. Raises NothingToBackUp, BackupFailed; DatabaseDamaged, before anything is kept.
    """
    plain = to.with_suffix(".plain")
    try:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(plain)])
    except OperationalError as reason:
        raise BackupFailed(f"the database cannot be copied: {reason}") from reason
    except DatabaseError as reason:
        raise DatabaseDamaged(f"the database is damaged: {reason}") from reason
    with closing(_open(plain)) as copied:
        ask = _asking(copied)
        refuse_damaged(ask)
        tables = _tables(ask)
        if MIGRATIONS not in tables:
            raise NothingToBackUp("the database has no tables yet: there is nothing to back up")
        found = facts(ask, tables)
    with plain.open("rb") as source, gzip.GzipFile(to, "wb", compresslevel=6, mtime=0) as target:
        shutil.copyfileobj(source, target, 1024 * 1024)
    plain.unlink()
    return Database("sqlite", str(_driver().sqlite_version)), found


def unpack(packed: Path, to: Path) -> None:
    """Write the database out of a backup to `to`. Raises BackupDamaged; DatabaseDamaged if SQLite finds fault."""
    try:
        with gzip.GzipFile(packed) as source, to.open("xb") as target:
            shutil.copyfileobj(source, target, 1024 * 1024)
    except (EOFError, zlib.error, gzip.BadGzipFile) as reason:
        raise BackupDamaged(f"the database in the backup cannot be unpacked: {reason}") from reason
    with closing(_open(to)) as copied:
        refuse_damaged(_asking(copied))


def refuse_damaged(ask: Ask) -> None:
    """Raises DatabaseDamaged unless SQLite's own check finds nothing."""
    try:
        said = [str(line) for (line,) in ask("PRAGMA quick_check(5)")]
    except _driver().DatabaseError as reason:
        said = [str(reason)]
    if said != ["ok"]:
        raise DatabaseDamaged(f"the database is damaged: {'; '.join(said)}")


@contextmanager
def held(database: Path) -> Iterator[Contents]:
    """Keep everybody else off a database, and yield what it holds; a file that is not there holds nothing.

    Raises DatabaseInUse if any process has it open: in WAL mode even an idle one is in the way of this.
    """
    if not database.exists():
        yield _EMPTY
        return
    with closing(_open(database)) as holding:
        yield _hold(database, _asking(holding))


@contextmanager
def in_place_of_the_configured(database: Path) -> Iterator[None]:
    """Have Django work on another file; afterwards that file is whole, with no log beside it."""
    configured = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = str(database)
    try:
        yield
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
        connection.settings_dict["NAME"] = configured


def _hold(database: Path, ask: Ask) -> Contents:
    try:
        ask("PRAGMA locking_mode = EXCLUSIVE")
        # Ends the write-ahead log, with all of it put into the file: possible for the only user alone.
        ask("PRAGMA journal_mode = DELETE")
        ask("BEGIN EXCLUSIVE")
        tables = _tables(ask)
        return contents(ask, tables) if tables else _EMPTY
    except _driver().OperationalError as reason:
        text = f"{database} is in use: stop the server and the workers, and end other commands"
        raise DatabaseInUse(text) from reason
    except _driver().DatabaseError as reason:
        # Damaged, or something else's: there is nobody to keep off, and all the more reason to restore.
        return Contents(empty=False, says=f"a file that SQLite cannot read ({reason})", organizations=[], forks={})


def _driver() -> Any:
    """The SQLite that Django works with (see db/sqlite/driver.py), not the interpreter's own."""
    return connection.Database  # type: ignore[attr-defined]


def _open(database: Path) -> Any:
    return _driver().connect(str(database), timeout=2, isolation_level=None)


def _asking(opened: Any) -> Ask:
    def ask(sql: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = opened.execute(sql).fetchall()
        return rows

    return ask


def _tables(ask: Ask) -> set[str]:
    return {name for (name,) in ask("SELECT name FROM sqlite_master WHERE type = 'table'")}

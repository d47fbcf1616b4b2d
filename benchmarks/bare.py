"""Tables without their indexes, triggers and foreign keys while millions of rows are written, which then come back.

What is laid anew over rows that are there takes a fraction of what each row costs one by one.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection
from django.db.models import Model


@contextmanager
def bare(*models: type[Model]) -> Iterator[None]:
    """Take everything off the models' tables but primary and unique keys while the block runs; then ANALYZE.

    PostgreSQL checks each rule anew as it comes back; SQLite's triggers, and its foreign keys, look at new rows only.
    """
    tables = [model._meta.db_table for model in models]
    sqlite = connection.vendor == "sqlite"
    off, on = _of_sqlite(tables) if sqlite else _of_postgresql(tables)
    durable = "PRAGMA synchronous = NORMAL" if sqlite else "RESET synchronous_commit"
    before = ("PRAGMA synchronous = OFF", "PRAGMA cache_size = -400000", "PRAGMA threads = 2", *off)
    if not sqlite:
        before = ("SET synchronous_commit = off", "SET maintenance_work_mem = '512MB'", *off)
    _run(before)
    yield
    _run((*on, "ANALYZE", durable))


def _of_sqlite(tables: Sequence[str]) -> tuple[list[str], list[str]]:
    laid = _asked(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('index', 'trigger')"
        " AND sql NOT LIKE 'CREATE UNIQUE%' AND tbl_name IN " + _marks(tables),
        tables,
    )
    return [f'DROP {kind} "{name}"' for kind, name, _ in laid], [sql for _, _, sql in laid]


def _of_postgresql(tables: Sequence[str]) -> tuple[list[str], list[str]]:
    rules = _asked(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype IN ('f', 'x') AND conrelid::regclass::text IN " + _marks(tables),
        tables,
    )
    indexes = _asked(
        "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef NOT LIKE 'CREATE UNIQUE%%'"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint) AND tablename IN " + _marks(tables),
        tables,
    )
    off = [f'ALTER TABLE {table} DROP CONSTRAINT "{name}"' for table, name, _ in rules]
    off += [f'DROP INDEX "{name}"' for name, _ in indexes]
    on = [sql for _, sql in indexes]
    return off, on + [f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {rule}' for table, name, rule in rules]


def _marks(tables: Sequence[str]) -> str:
    return f"({', '.join(['%s'] * len(tables))})"


def _asked(sql: str, parameters: Sequence[str]) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def _run(statements: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        for each in statements:
            cursor.execute(each)

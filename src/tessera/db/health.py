"""Whether the database is the one this version expects: its migrations, the rules it keeps, the driver's version."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from tessera.db.constraints import Immutable, NoOverlap

# A table that is there from when a restore has replaced the tables until it has done what comes after.
RESTORING: Final = "tessera_restoring"


@dataclass(frozen=True, slots=True)
class Schema:
    """Migrations as `app.name`: those the database lacks, and those that only a later version knows."""

    missing: tuple[str, ...]
    unknown: tuple[str, ...]


def schema() -> Schema:
    """Compare the database with this version. Raises OperationalError if it cannot be reached."""
    loader = MigrationLoader(connection)
    applied, known = set(loader.applied_migrations), set(loader.disk_migrations)
    ours = loader.migrated_apps
    return Schema(
        missing=tuple(".".join(each) for each in sorted(known - applied)),
        unknown=tuple(".".join(each) for each in sorted(applied - known) if each[0] in ours),
    )


def missing_rules() -> list[str]:
    """Return the names of the rules (db/constraints.py) that the database has been told and no longer keeps.

    On SQLite those are triggers, which a rebuilt table loses silently; on PostgreSQL constraints and triggers.
    """
    kept = _kept_names()
    return sorted(name for name in _rule_names() if name not in kept)


def half_restored() -> bool:
    """Whether a restore has put tables into the database and was stopped before its end."""
    return RESTORING in connection.introspection.table_names()


def sqlite_too_old() -> str | None:
    """Return the version of SQLite in use if its WAL mode can damage a database; None if it is sound, or not SQLite."""
    if connection.vendor != "sqlite":
        return None
    # Asked of the database: what was meant to be loaded is no proof.
    with connection.cursor() as cursor:
        cursor.execute("SELECT sqlite_version()")
        version = str(cursor.fetchone()[0])
    if tuple(int(part) for part in version.split(".")) >= import_module("tessera.db.sqlite.driver").FIXED_IN:
        return None
    return version


def journal_mode() -> str | None:
    """Return how SQLite journals (`wal` is right); None on PostgreSQL."""
    if connection.vendor != "sqlite":
        return None
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        return str(cursor.fetchone()[0])


def analyze() -> None:
    """Have the database count its rows anew: without that its planner guesses."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def release() -> None:
    """Give up this process's connections, a pool's too: for a process that is about to fork."""
    connection.close()
    close_pool = getattr(connection, "close_pool", None)
    if close_pool is not None:
        close_pool()


def _rule_names() -> Iterator[str]:
    for model in apps.get_models():
        for rule in model._meta.constraints:
            if isinstance(rule, NoOverlap | Immutable):
                yield from rule.sqlite_triggers() if connection.vendor == "sqlite" else (rule.name,)


def _kept_names() -> set[str]:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        else:
            # Of this schema only; a trigger that somebody switched off keeps nothing.
            cursor.execute(
                "SELECT c.conname FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid"
                " WHERE c.contype = 'x' AND c.convalidated AND r.relnamespace = current_schema()::regnamespace"
                " UNION ALL SELECT t.tgname FROM pg_trigger t JOIN pg_class r ON r.oid = t.tgrelid"
                " WHERE t.tgenabled <> 'D' AND r.relnamespace = current_schema()::regnamespace"
            )
        return {str(name) for (name,) in cursor.fetchall()}

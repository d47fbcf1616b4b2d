"""Django system checks of the database, run by `tessera migrate`, at boot, and by Django's own `check`."""

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, Tags, register

from tessera.db import health


def register_checks() -> None:
    """Have Django know the checks. Once a process."""
    register(Tags.database)(check_sqlite_version)
    register(Tags.database)(check_rules_are_kept)


def check_sqlite_version(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Warn of a SQLite whose WAL mode can damage the file when several connections write."""
    version = health.sqlite_too_old() if databases else None
    if version is None:
        return []
    return [
        checks.Warning(
            f"SQLite {version} has a fault in WAL mode that can damage the database (fixed in 3.51.3).",
            hint="On a machine without a wheel of pysqlite3, use PostgreSQL: set TESSERA_DATABASE_URL.",
            id="tessera.W001",
        )
    ]


def check_rules_are_kept(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Warn of rules that the migrations laid and that the database has lost, such as SQLite's triggers."""
    if not databases or health.schema().missing:  # not laid yet
        return []
    missing = health.missing_rules()
    if not missing:
        return []
    return [
        checks.Warning(
            f"The database no longer keeps: {', '.join(missing)}.",
            hint="Restore it from a backup, or lay them again; until then overlaps and changed events are not refused.",
            id="tessera.W002",
        )
    ]

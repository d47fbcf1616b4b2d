"""Emptying the database after tests that commit: what has rows, in spite of events that nobody may delete."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.core.management.commands import flush
from django.db import connection, transaction

# Filled when tables are made, and read by nobody since.
_STAYS = frozenset({"django_content_type", "auth_permission"})


@pytest.fixture(scope="session", autouse=True)
def database_is_emptied_quickly() -> Iterator[None]:
    """Django deletes from every table, PostgreSQL's slowly, then makes permissions of its own anew for each model."""
    operations = type(connection.ops)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "sql_flush", _deletions)
        patch.setattr(operations, "execute_sql_flush", _delete)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *arguments, **options: None)
        yield


def _deletions(self: Any, style: Any, tables: Iterable[str], **options: object) -> list[str]:
    """Return the names of the tables that have rows, for `_delete`."""
    asked = [
        f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {self.quote_name(name)})" for name in sorted({*tables} - _STAYS)
    ]
    with self.connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        return [name for (name,) in cursor.fetchall()]


def _delete(self: Any, tables: list[str]) -> None:
    """Empty the tables, with whatever watches over their rows laid aside for that moment."""
    if not tables:
        return
    with transaction.atomic(using=self.connection.alias), self.connection.cursor() as cursor:
        triggers = []
        if self.connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
        else:
            names = ", ".join(f"'{name}'" for name in tables)
            cursor.execute(f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ({names})")
            triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {self.quote_name(name)}")
        for name in tables:
            cursor.execute(f"DELETE FROM {self.quote_name(name)}")
        for _, made in triggers:
            cursor.execute(made)

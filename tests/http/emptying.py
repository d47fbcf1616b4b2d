"""Tests that commit leave events behind, which the database refuses to delete: this lets the suite empty it.

PostgreSQL truncates, which triggers on rows do not see; on SQLite the triggers are laid aside for that moment.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection


@pytest.fixture(scope="session", autouse=True)
def database_can_be_emptied() -> Iterator[None]:
    """Flushing between tests works on SQLite in spite of immutable rows."""
    operations = type(connection.ops)
    empty = operations.execute_sql_flush

    def without_triggers(self: Any, sql_list: list[str]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
            try:
                empty(self, sql_list)
            finally:
                for _, sql in triggers:
                    cursor.execute(sql)

    with pytest.MonkeyPatch.context() as patch:
        if connection.vendor == "sqlite":
            patch.setattr(operations, "execute_sql_flush", without_triggers)
        yield

"""Statements that are asked many times a second: straight to the driver, past Django's rewriting and bookkeeping.

On PostgreSQL they are prepared, because planning them takes longer than running them; unless a transaction pooler
stands between (`TESSERA_DATABASE_POOLER`), where prepared statements do not last.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections


def rows(sql: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
    """Return the rows of a reading statement, with the values that the driver gives.

    Placeholders are the driver's own: `?` or `?1` on SQLite, `%s` on PostgreSQL.
    """
    database = connections[DEFAULT_DB_ALIAS]
    if database.connection is None:
        database.ensure_connection()
    if database.queries_logged:
        database.queries_log.append({"sql": sql})
    with database.wrap_database_errors:
        if database.vendor == "sqlite":
            found: list[tuple[Any, ...]] = database.connection.execute(sql, parameters).fetchall()
            return found
        driver: psycopg.Connection[tuple[Any, ...]] = database.connection
        if driver.prepare_threshold is None and not settings.DATABASE_POOLER:
            # Django's own cursors bind on this side and prepare nothing, whatever the threshold.
            driver.prepare_threshold = 0
        with psycopg.Cursor(driver) as cursor:
            return cursor.execute(sql, parameters).fetchall()

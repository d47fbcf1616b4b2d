"""Looking into an installation's database from outside, and changing it as no command would."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.cli.installation import Installation


def statement(installation: Installation, sql: str) -> list[tuple[Any, ...]]:
    """Run a statement, committed at once, and return its rows."""
    with _connected(installation) as run:
        return run(sql)


def all_rows(installation: Installation) -> dict[str, list[str]]:
    """Return every row of every table, as text, in an order of their own."""
    with _connected(installation) as run:
        names = (
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            if "TESSERA_DATABASE_URL" in installation.environ
            else "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            " AND sql NOT LIKE 'CREATE VIRTUAL%'"  # an index: what it is made of is in tables of its own
        )
        return {name: sorted(map(repr, run(f'SELECT * FROM "{name}"'))) for (name,) in run(names)}


@contextmanager
def _connected(installation: Installation) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
    url = installation.environ.get("TESSERA_DATABASE_URL")
    if url is None:
        path = Path(installation.environ["TESSERA_HOME"]) / "tessera.sqlite3"
        with closing(sqlite3.connect(path, isolation_level=None)) as file:
            yield lambda sql: file.execute(sql).fetchall()
        return
    with psycopg.connect(url, autocommit=True) as server:

        def run(sql: str) -> list[tuple[Any, ...]]:
            done = server.execute(sql.encode())
            return done.fetchall() if done.description else []

        yield run

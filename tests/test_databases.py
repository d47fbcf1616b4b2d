"""The suite runs on what operators run: a SQLite file with a write-ahead log, or a PostgreSQL server."""

from pathlib import Path

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db


def answer(question: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return str(cursor.fetchone()[0])


def test_the_suite_runs_on_the_database_it_was_asked_to(request: pytest.FixtureRequest) -> None:
    assert connection.vendor == request.config.getoption("database")


def test_sqlite_is_a_file_with_a_write_ahead_log() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("about SQLite")
    assert answer("PRAGMA journal_mode") == "wal"
    assert Path(str(connection.settings_dict["NAME"])).stat().st_size > 0


def test_sqlite_is_the_one_that_came_with_the_driver_and_not_the_interpreters() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("about SQLite")
    brought = pytest.importorskip("pysqlite3", reason="no wheel for this machine").sqlite_version
    assert answer("SELECT sqlite_version()") == brought


def test_postgresql_is_a_server_of_the_suites_own_on_loopback() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("about PostgreSQL")
    assert connection.settings_dict["HOST"] == "127.0.0.1"
    assert answer("SHOW data_directory").rsplit("/", 2)[-2].startswith("tessera-postgresql-")

"""`tessera migrate` brings databases of earlier versions, with people in them, up to this one; nobody notices."""

import json
from pathlib import Path

import pytest

from tests.cli.databases import statement
from tests.cli.installation import fresh
from tests.migrations import loading
from tests.migrations.answers import ask, missing
from tests.migrations.dump import served_to_the_club


@pytest.mark.parametrize("version", loading.names())
def test_a_database_of_an_earlier_version_is_brought_up_to_this_one_and_answers_as_before(
    tmp_path: Path, version: str
) -> None:
    told = json.loads((loading.HERE / f"{version}.json").read_text(encoding="utf-8"))
    with fresh(tmp_path) as installation:
        loading.load(version, installation)
        assert "[schema_behind]" in installation.run("serve", "--no-worker", exit_code=1).stderr

        assert "migrations were applied" in installation.run("migrate").stdout
        assert not list(tmp_path.rglob("*.sqlite3-wal"))  # all of it is in the file, for whoever copies that

        assert installation.run("migrate").stdout == "The database is up to date.\n"
        assert json.loads(installation.run("doctor", "--json").stdout)["ok"]
        with served_to_the_club(installation) as api:
            now = ask(api)
    # What happens later is told later; what has happened stays as it was.
    now["events"] = now["events"][: len(told["events"])]
    assert missing(told, now) == []


def test_a_database_of_a_later_version_is_neither_served_nor_migrated_and_the_doctor_says_why(tmp_path: Path) -> None:
    with fresh(tmp_path) as installation:
        installation.migrate()
        row = "('plans', '9999_later', '2026-01-10 12:00:00+00:00')"
        statement(installation, f"INSERT INTO django_migrations (app, name, applied) VALUES {row}")

        for command in (("serve", "--no-worker"), ("worker",), ("migrate",)):
            refused = installation.run(*command, exit_code=1).stderr
            assert "plans.9999_later" in refused
            assert "[schema_ahead]" in refused
        report = json.loads(installation.run("doctor", "--json", exit_code=1).stdout)

    assert report["checks"][0]["examples"] == ["unknown plans.9999_later"]

"""A database from before there were reminders: what has passed stays unsaid, and what comes is announced."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tessera.core.local_time import local_days_before
from tests.cli.installation import Installation, fresh

pytestmark = pytest.mark.django_db  # the suite's own server has to be there

LONDON = ZoneInfo("Europe/London")
DAY = timedelta(days=1)
ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Stored:
    """What is stored of a membership."""

    ends_at: datetime | None
    remind_at: datetime | None
    announced_until: datetime | None
    announce_at: datetime | None


def program(installation: Installation, what: str) -> str:
    """Do something with the first schema, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.memberships.first_schema", what],
        cwd=ROOT,
        env={**installation.environ, "DJANGO_SETTINGS_MODULE": "tessera.config.settings"},
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def stored(installation: Installation) -> dict[str, Stored]:
    rows: dict[str, list[str | None]] = json.loads(program(installation, "look"))
    return {
        name: Stored(*(None if each is None else datetime.fromisoformat(each) for each in instants))
        for name, instants in rows.items()
    }


def comes(rows: dict[str, Stored], club: str, now: datetime) -> dict[str, float | None]:
    """When something comes of each membership of a club next: days from `now`, one digit after the point."""
    return {
        name.removeprefix(f"{club}: "): None if row.announce_at is None else round((row.announce_at - now) / DAY, 1)
        for name, row in rows.items()
        if name.startswith(club)
    }


EXPECTED: dict[str, Any] = {
    "runs": 13.0,
    "ends soon": 3.0,
    "renews": 13.0,
    "lapsed": None,
    "lapsed, not announced": -2.0,
    "to start": 5.0,
    "open": None,
    "revoked": None,
    "leaves": 20.0,
    "to pause": 2.0,
    "waits": 1.0,
}


@pytest.mark.soak  # migrating takes its time: on every run, below, it is also interrupted and comes to the same
def test_what_comes_is_known_and_what_has_passed_is_not_announced(tmp_path: Path) -> None:
    with fresh(tmp_path) as installation:
        program(installation, "make")
        began = datetime.now(UTC)
        assert "migrations were applied" in installation.run("migrate").stdout
        all_is_known(installation, began)


def test_filling_that_was_interrupted_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with fresh(tmp_path) as installation:
        program(installation, "make")
        began = datetime.now(UTC)
        program(installation, "interrupt")
        half = stored(installation)
        assert sum(row.announced_until is not None for row in half.values()) == 6

        assert "migrations were applied" in installation.run("migrate").stdout

        rows = all_is_known(installation, began)
        for name, row in half.items():
            if row.announced_until is not None:
                assert rows[name] == row


def all_is_known(installation: Installation, began: datetime) -> dict[str, Stored]:
    """What comes is known, and what has passed is not announced; return what was stored before announcing."""
    rows = stored(installation)

    then = datetime(2020, 1, 10, 12, tzinfo=UTC)
    assert comes(rows, "tests", then) == EXPECTED
    live = comes(rows, "live", began)
    assert live.keys() == EXPECTED.keys()
    for name, days in EXPECTED.items():
        # A reminder is local days before an end: an hour off where clocks change in between.
        assert live[name] == days if days is None else abs((live[name] or 0) - days) < 0.2, name
    for row in rows.values():
        assert row.announced_until is not None
        reminder = None if row.ends_at is None else local_days_before(row.ends_at, 7, LONDON)
        assert row.remind_at == reminder
    assert rows["tests: runs"].announced_until == then

    assert json.loads(installation.run("doctor", "--json").stdout)["ok"]
    announced = json.loads(installation.run("announce", "--json").stdout)
    assert announced["kinds"] == {"membership.expired": 2}
    assert announced["organizations"] == {"live": 1, "tests": 1}
    assert "up to date" in installation.run("migrate").stdout
    return rows

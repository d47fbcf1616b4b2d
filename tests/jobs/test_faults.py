"""What a worker survives: `kill -9` at any moment, and the database going away under it."""

import random
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tessera.jobs.models import Job, Periodic
from tessera.jobs.queue import enqueue
from tessera.jobs.types import State
from tests import postgres
from tests.cli import installation
from tests.jobs import processes, sample
from tests.scale import scaled

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

_SECONDS = 80.0


def not_done() -> int:
    return Job.objects.exclude(state=State.DONE).count()


def test_killed_at_random_moments_it_carries_out_every_job(tmp_path: Path) -> None:
    many, most_kills, dice, kills = scaled(2_000), scaled(40), random.Random(7), 0
    held = tmp_path / "held"
    enqueue(sample.stay_the_first_time, str(held))
    for number in range(many):
        enqueue(sample.write_row_slowly, f"row-{number}")
    deadline = time.monotonic() + _SECONDS + many / 5
    while not_done():
        before, worker = not_done(), processes.start("worker")
        try:
            # Until it has begun, the first of them in the middle of a job; after enough, one may end what is left.
            while not_done() and (not (held.exists() if kills == 0 else not_done() < before) or kills == most_kills):
                assert worker.poll() is None
                assert time.monotonic() < deadline, f"{not_done()} jobs are left"
                time.sleep(0.01)
            time.sleep(dice.uniform(0, 0.2))
        finally:
            worker.kill()
            worker.wait()
        kills += 1

    assert kills >= 2
    assert Periodic.objects.filter(name__startswith="row-").count() == many
    assert Job.objects.filter(losses__gt=0).exists()
    assert not Job.objects.filter(failures__gt=0).exists()


def test_when_the_database_was_away_everybody_goes_on_by_themselves() -> None:
    """PostgreSQL is stopped under a web process and a worker, and started again: neither is."""
    if connection.vendor != "postgresql":
        return  # a file does not go away
    with postgres.controlled(durable=True) as (database, tell):
        settings = {**processes.environ(), "TESSERA_DATABASE_URL": database.url}
        site = installation.Installation(settings)
        site.migrate()
        with site.served() as server, psycopg.connect(database.url) as driver:
            count = "SELECT count(*) FROM jobs_periodic"
            _until(lambda: bool(driver.execute(count).fetchone() != (0,)))  # the worker works
            driver.close()
            tell("halt")
            assert server.call("GET", "/readyz").status == 503
            assert server.call("GET", "/livez").status == 200
            time.sleep(1.5)  # long enough for the worker to meet a database that is not there
            tell("start")
            _until(lambda: server.call("GET", "/readyz").status == 200)
            with psycopg.connect(database.url, autocommit=True) as again:
                again.execute("UPDATE jobs_periodic SET next_at = '2020-01-01'")
                _until(lambda: again.execute(f"{count} WHERE next_at < '2021-01-01'").fetchone() == (0,))


def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)

"""What happens after the answer: what enqueueing costs, how fast a worker works, what an idle one takes."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from benchmarks import over_http
from benchmarks.report import Result
from tessera import db
from tessera.core import clock, ids
from tessera.jobs.models import Job
from tessera.jobs.queue import enqueue
from tessera.jobs.types import State
from tests.jobs import sample

_ROOT = Path(__file__).resolve().parent.parent
_ROWS = 1_000
_ROUNDS = 9
_SMALL_JOBS = 6_000
_IDLE_SECONDS = 20.0
_LONGEST = 120.0
_TICKS = os.sysconf("SC_CLK_TCK")


def measure(database: str) -> Iterator[Result]:
    """Measure on an installation of its own: the web process answers meanwhile."""
    yield _enqueueing(database)
    Job.objects.all().delete()
    with over_http.running(), worker() as process:
        yield _working(database)
        yield _idling(database, process)


def _enqueueing(database: str) -> Result:
    """`enqueue` against the plainest INSERT of the same row through Django, in turns, in one transaction each."""
    ours, plain = [], []
    for round_number in range(_ROUNDS + 1):
        for taken, write in ((ours, lambda: enqueue(sample.nothing)), (plain, _plain_insert)):
            with db.transaction():
                began = time.perf_counter()
                for _ in range(_ROWS):
                    write()
                if round_number:
                    taken.append(time.perf_counter() - began)
    ours_us, plain_us = (statistics.median(taken) / _ROWS * 1e6 for taken in (ours, plain))
    return Result(
        "enqueueing / a plain INSERT",
        database,
        2,
        at_most=True,
        unit="x",
        value=ours_us / plain_us,
        note=f"{ours_us:.0f} µs, {plain_us:.0f} µs",
    )


def _plain_insert() -> None:
    at, key = clock.now(), ids.new_id()
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Job._meta.db_table} (id, task, arguments, queue, priority, key, state, run_after, attempts,"
            " failures, losses, errors, worker, enqueued_at)"
            " VALUES (%s, %s, %s, 'default', 0, '', 'waiting', %s, 0, 0, 0, '[]', '', %s)",
            [key.hex if sqlite else key, "tests.jobs.sample.nothing", '{"args": [], "kwargs": {}}', at, at],
        )


def _working(database: str) -> Result:
    """Small jobs that are enqueued one by one, in transactions of their own, while the worker is at it."""
    began = time.perf_counter()
    for _ in range(_SMALL_JOBS // 100):
        with db.transaction():
            for _ in range(100):
                enqueue(sample.nothing)
    wait_until(lambda: not Job.objects.exclude(state=State.DONE).exists())
    rate = _SMALL_JOBS / (time.perf_counter() - began)
    return Result(
        "small jobs, one worker beside a web process",
        database,
        300,
        at_most=False,
        unit=" a second",
        value=rate,
        note=f"{_SMALL_JOBS:,} of them, enqueueing included",
    )


def _idling(database: str, process: "subprocess.Popen[bytes]") -> Result:
    time.sleep(3)  # what is periodic has been done
    before = cpu_seconds(process.pid)
    time.sleep(_IDLE_SECONDS)
    spent = cpu_seconds(process.pid) - before
    return Result("an idle worker", database, 1, at_most=True, unit=" % of a core", value=spent / _IDLE_SECONDS * 100)


@contextmanager
def worker() -> "Iterator[subprocess.Popen[bytes]]":
    """Run a worker on the benchmark's database for the length of the block."""
    everywhere = set(range(os.cpu_count() or 1))  # wherever the client keeps itself
    process = subprocess.Popen(
        [sys.executable, "-m", "tessera.cli", "worker"],
        cwd=_ROOT,
        preexec_fn=lambda: os.sched_setaffinity(0, everywhere),  # noqa: PLW1509  (nothing is shared yet)
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def cpu_seconds(pid: int) -> float:
    """The processor time a process has had, its threads' too."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def wait_until(happened: Callable[[], bool], *, seconds: float = _LONGEST) -> None:
    """Wait until something is so. Raises TimeoutError after `seconds`."""
    until = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > until:
            raise TimeoutError("it did not happen")
        time.sleep(0.02)

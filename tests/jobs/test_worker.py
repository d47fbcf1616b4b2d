"""The worker itself, in a thread of the test, on a database that it shares with it."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DataError, connection, connections
from django_tasks.base import Task

from tessera.core import clock
from tessera.jobs import taking
from tessera.jobs.leading import Every, Schedule
from tessera.jobs.models import Job, Lease
from tessera.jobs.queue import enqueue
from tessera.jobs.taking import Done
from tessera.jobs.types import State
from tessera.jobs.worker import Worker
from tests.jobs import processes, sample

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

_LONGEST = 40.0


@contextmanager
def working(schedule: Schedule = Schedule(), *, patience: float = 10.0) -> Iterator[Worker]:  # noqa: B008  (frozen)
    """Run a worker for the length of the block."""
    worker = Worker(schedule, patience=patience)

    def run() -> None:
        try:
            worker.run()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(_LONGEST)
        assert not thread.is_alive()


def until(happened: Callable[[], object]) -> None:
    """Wait until something is so, at most some seconds."""
    deadline = time.monotonic() + _LONGEST
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def all_done() -> bool:
    return not Job.objects.exclude(state=State.DONE).exists()


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def test_jobs_are_carried_out_whenever_they_are_enqueued(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    enqueue(sample.write_line, str(path), "before")
    with working():
        until(lambda: lines(path) == ["before"])
        enqueue(sample.write_line, str(path), "while idle")
        until(lambda: lines(path)[1:] == ["while idle"])
        enqueue(sample.write_line, str(path), "a moment later", run_after=clock.now() + timedelta(seconds=0.3))
        until(lambda: lines(path)[2:] == ["a moment later"])
        until(all_done)

    assert set(Job.objects.values_list("attempts", flat=True)) == {1}


def test_a_failure_does_not_end_it_and_is_tried_again(tmp_path: Path) -> None:
    enqueue(sample.fail_once, str(tmp_path / "tries"))
    enqueue(sample.write_line, str(tmp_path / "lines"), "the next one")
    with working():
        until(all_done)

    assert lines(tmp_path / "tries") == ["tried", "tried"]
    assert lines(tmp_path / "lines") == ["the next one"]


@pytest.mark.parametrize("how", ["return", "raise"])
def test_what_no_database_keeps_stops_nobody(tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "tessera.jobs.carrying_out")  # reports of tests cannot hold it either
    enqueue(sample.say_what_cannot_be_kept, how)
    enqueue(sample.write_line, str(tmp_path / "lines"), "the next one")
    with working():
        until(lambda: lines(tmp_path / "lines") == ["the next one"])
        until(lambda: not Job.objects.filter(state=State.RUNNING).exists())

    told = Job.objects.get(task__endswith="say_what_cannot_be_kept")
    assert told.result == "half ? and " if how == "return" else "half ? and " in told.errors[0]["traceback"]


def test_an_outcome_that_cannot_be_written_has_failed_and_the_others_are_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever the reason is that nobody has thought of."""
    write = taking.exchange

    def exchange(**given: Any) -> list[taking.Taken]:
        if any(isinstance(each, Done) and each.result == 3 for each in given["ended"]):
            raise DataError("three cannot be kept")
        return write(**given)

    monkeypatch.setattr(taking, "exchange", exchange)
    enqueue(sample.add, 1, 2)
    enqueue(sample.add, 2, 2)
    with working():
        until(lambda: Job.objects.filter(state=State.DONE).exists())
        until(lambda: Job.objects.filter(failures=1).exists())

    assert Job.objects.get(state=State.DONE).result == 4


def test_a_task_that_wants_to_end_the_process_has_failed(tmp_path: Path) -> None:
    enqueue(sample.leave)
    enqueue(sample.write_line, str(tmp_path / "lines"), "the next one")
    with working():
        until(lambda: lines(tmp_path / "lines") == ["the next one"])
        until(lambda: Job.objects.filter(failures=1).exists())


def test_what_waits_behind_a_long_job_is_done_by_whoever_has_time(tmp_path: Path) -> None:
    gate = sample.GATES["held"] = sample.Gate()
    enqueue(sample.wait_at_gate.using(queue_name="default"), "held")
    for number in range(10):
        enqueue(sample.write_line, str(tmp_path / "lines"), str(number))
    with working(), working():
        until(lambda: len(lines(tmp_path / "lines")) == 10)
        until(lambda: Job.objects.filter(state=State.RUNNING).count() == 1)
        gate.opened.set()
        until(all_done)


def test_slow_receivers_leave_a_real_worker_connections_for_the_rest(tmp_path: Path) -> None:
    for _ in range(8):
        enqueue(sample.wait_for_file, str(tmp_path / "gate"))
    with processes.running("worker"):
        until(lambda: Job.objects.filter(state=State.RUNNING).count() == 8)
        enqueue(sample.write_line, str(tmp_path / "lines"), "passed")
        until(lambda: lines(tmp_path / "lines") == ["passed"])
        (tmp_path / "gate").touch()
        until(all_done)


def test_what_waits_for_others_does_not_hold_up_what_does_not(tmp_path: Path) -> None:
    gate = sample.GATES["held"] = sample.Gate()
    for _ in range(8):
        enqueue(sample.wait_at_gate, "held")
    enqueue(sample.write_line, str(tmp_path / "lines"), "passed")
    with working():
        until(lambda: lines(tmp_path / "lines") == ["passed"])
        assert Job.objects.filter(state=State.DONE).count() <= 1
        gate.opened.set()
        until(all_done)


def test_told_to_stop_it_finishes_what_runs_and_gives_back_the_rest(tmp_path: Path) -> None:
    gate = sample.GATES["held"] = sample.Gate()
    enqueue(sample.wait_at_gate.using(queue_name="default"), "held")
    for number in range(10):
        enqueue(sample.write_line, str(tmp_path / "lines"), str(number))
    with working() as worker:
        until(gate.reached.is_set)  # taken up in one with the other ten, which wait behind it
        worker.stop()
        gate.opened.set()

    assert lines(tmp_path / "lines") == []
    assert Job.objects.filter(state=State.DONE).count() == 1
    assert Job.objects.filter(state=State.WAITING, lease=None).count() == 10
    assert not Lease.objects.exists()


def test_it_leads_and_keeps_what_is_periodic_going(tmp_path: Path) -> None:
    task: Task[[], None] = sample.nothing
    with working(Schedule(periodic=(Every("often", timedelta(seconds=1), task),))):
        until(lambda: Job.objects.filter(state=State.DONE).count() >= 2)


def test_two_workers_share_the_work(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    with working(), working():
        for number in range(200):
            enqueue(sample.write_line, str(path), str(number))
        until(all_done)

    assert sorted(lines(path), key=int) == [str(number) for number in range(200)]


def test_an_idle_worker_takes_no_write_lock() -> None:
    """On SQLite somebody else holds it all the time, and an idle worker does not even notice."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no such lock")
    with working():
        until(Lease.objects.exists)  # it leads: its one write is done
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA data_version")
            before = cursor.fetchone()
            for _ in range(30):
                time.sleep(0.1)
                cursor.execute("PRAGMA data_version")
                assert cursor.fetchone() == before

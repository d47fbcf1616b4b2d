"""Tasks for tests: what they did can be seen in a file or in the database, from any process."""

import os
import threading
import time
from pathlib import Path

from tessera import db
from tessera.core import clock
from tessera.core.ids import new_id
from tessera.jobs.models import Periodic
from tessera.jobs.queue import Again, task


class Gate:
    """Where a job waits until the test opens it: for workers that run in a thread of the test."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()


GATES: dict[str, Gate] = {}  # of this process


@task(queue="network")
def wait_at_gate(name: str) -> None:
    """Wait until the test opens the gate."""
    gate = GATES[name]
    gate.reached.set()
    assert gate.opened.wait(40)


@task()
def nothing() -> None:
    """Done at once."""


@task()
def add(one: int, other: int) -> int:
    """A result to be asked for."""
    return one + other


@task()
def write_line(path: str, line: str) -> None:
    """Append a line to a file, whole."""
    _append(path, line)


@task(queue="network")
def write_line_from_network(path: str, line: str) -> None:
    _append(path, line)


@task(attempts=3)
def fail(path: str) -> None:
    _append(path, "failed")
    raise ValueError("this cannot be done")


@task(attempts=3)
def fail_once(path: str) -> None:
    """Fail the first time."""
    first = not Path(path).exists()
    _append(path, "tried")
    if first:
        raise ValueError("not yet")


@task()
def again_once(path: str) -> None:
    """Ask to be run again, the first time."""
    first = not Path(path).exists()
    _append(path, "run")
    if first:
        raise Again(seconds=0.05)


@task()
def write_row(name: str) -> None:
    """Write a row in a transaction of its own; again is no harm."""
    with db.transaction():
        Periodic.objects.get_or_create(name=name, defaults={"next_at": clock.now()})


@task()
def write_row_slowly(name: str) -> None:
    """As `write_row`, with time enough on both sides of the commit to be killed in."""
    time.sleep(0.002)
    write_row.call(name)
    time.sleep(0.002)


@task()
def stay_the_first_time(path: str) -> None:
    """Say that it is there and wait to be killed, the first time; after that, be done at once."""
    first = not Path(path).exists()
    _append(path, "there")
    if first:
        threading.Event().wait(40)


@task()
def count_rows(prefix: str) -> int:
    """How many rows of such names there are now."""
    return Periodic.objects.filter(name__startswith=prefix).count()


@task(attempts=2)
def say_what_cannot_be_kept(how: str) -> str:
    """Text that no database keeps: as a result, or in what is raised."""
    text = "half \ud800 and \0"
    if how == "return":
        return text
    raise ValueError(text)


@task(attempts=2)
def leave() -> None:
    """Try to take the process along."""
    raise SystemExit(3)


@task(queue="network")
def wait_for_file(path: str) -> None:
    """Look into the database, then wait for somebody."""
    Periodic.objects.count()
    deadline = time.monotonic() + 40
    while not Path(path).exists() and time.monotonic() < deadline:
        time.sleep(0.02)


@task()
def die(path: str) -> None:
    """Take the whole worker along, the first time."""
    first = not Path(path).exists()
    _append(path, str(new_id()))
    if first:
        os._exit(9)


def _append(path: str, line: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{line}\n")

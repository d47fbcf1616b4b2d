"""Keeping the processes of an installation running: what dies is started again, what refuses to start ends all."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

import click

from tessera.jobs.processes import end_with_parent

_PAUSES: Final = (0.2, 1.0, 3.0, 10.0)  # seconds before starting again; back to the first after a good while
_GOOD_WHILE: Final = 60.0
_BEGINNING: Final = 60.0
_STOP_SECONDS: Final = 15.0
_LOOK: Final = 0.1


@dataclass(slots=True)
class Part:
    """One of the processes: `tessera`, or another program, with these arguments.

    `needed`: without it there is no point in going on. `works` tells whether it has begun its work; where nothing
    tells, it has after a minute.
    """

    name: str
    arguments: Sequence[str]
    needed: bool = True
    works: Callable[[], bool] = lambda: False
    program: Sequence[str] = (sys.executable, "-m", "tessera.cli")
    begun: bool = field(default=False, init=False)
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    started: float = field(default=0.0, init=False)
    deaths: int = field(default=0, init=False)
    again_at: float = field(default=0.0, init=False)

    def start(self) -> None:
        """Start the process; it ends when this one does, however that ends (on Linux)."""
        parent = os.getpid()
        self.process = subprocess.Popen(
            [*self.program, *self.arguments],
            preexec_fn=lambda: end_with_parent(parent),  # noqa: PLW1509  (there is one thread)
        )
        self.started = time.monotonic()

    def refused(self, code: int) -> bool:
        """Whether it ended of its own accord before it ever began: it said why, and would say so again."""
        return self.needed and code >= 0 and not self.begun

    def look(self) -> None:
        """Note whether it has begun its work by now."""
        self.begun = self.begun or time.monotonic() - self.started > _BEGINNING or self.works()

    def died(self) -> None:
        """Note that it has ended, and from when on it is to be started again."""
        now = time.monotonic()
        self.deaths = 0 if now - self.started > _GOOD_WHILE else self.deaths
        self.again_at = now + _PAUSES[min(self.deaths, len(_PAUSES) - 1)]
        self.deaths += 1
        self.process = None


class _Told(Exception):
    """Somebody told us to stop."""


def supervise(parts: Sequence[Part]) -> int:
    """Run the parts until told to stop (SIGTERM, Ctrl-C); return the exit code."""
    previous = {number: signal.signal(number, _stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        for part in parts:
            part.start()
        while True:
            for part in parts:
                code = _look_after(part)
                if code is not None:
                    return code
            time.sleep(_LOOK)
    except _Told:
        return 0
    finally:
        for number in previous:
            signal.signal(number, signal.SIG_IGN)
        _stop_all(parts)
        for number, handler in previous.items():
            signal.signal(number, handler)


def _look_after(part: Part) -> int | None:
    """Start the part again if it has died; return the code to end with if it refuses to run."""
    if part.process is None:
        if time.monotonic() >= part.again_at:
            part.start()
        return None
    code = part.process.poll()
    if code is None:
        part.look()
        return None
    if part.refused(code):
        return code
    click.echo(f"the {part.name} ended ({_ending(code)}); starting it again", err=True)
    part.died()
    return None


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def _stop_all(parts: Sequence[Part]) -> None:
    running = [part.process for part in parts if part.process is not None and part.process.poll() is None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _stop(number: int, frame: FrameType | None) -> None:
    raise _Told

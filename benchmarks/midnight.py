"""A hundred thousand memberships end at the same midnight: how long until that is announced, and who waits meanwhile.

Checks come at half the rate at which the idle server answers as fast as it can, each at its own instant whether the
one before has been answered or not; a check's latency counts from that instant.
"""

import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from django.db import connection

from benchmarks import crowd as crowds
from benchmarks import jobs, over_http
from benchmarks.crowd import Crowd
from benchmarks.report import Result
from tessera.events import reacting
from tessera.events.models import EventCounter, ReactionCursor
from tessera.memberships.models import Membership

_MIDNIGHT = datetime(2026, 11, 1, tzinfo=UTC)
_CONNECTIONS = 4
_IDLE_SECONDS = 15.0
_LONGEST = 900.0


def measure(database: str, crowd: Crowd, *, many: int) -> Iterator[Result]:
    """Let `many` memberships end, start a worker, and check all the while."""
    reacting.skip_to_present(crowd.club.pk)  # what other measurements recorded is not this worker's to tell of
    with over_http.running() as port, over_http.client_elsewhere():
        questions = over_http.evaluations(crowd, port)
        most = over_http.answered_per_second(port, questions)
        pace = most / 2
        idle = _latencies(port, questions, pace, until=_after(_IDLE_SECONDS))
        crowds.ending(crowd, many, at=_MIDNIGHT)
        began = time.monotonic()
        announced: list[float] = []

        def over() -> bool:
            left = Membership.objects.filter(organization=crowd.club, announce_at__lte=_MIDNIGHT).exists()
            if not left and not announced:
                announced.append(time.monotonic() - began)
            return not left

        with jobs.worker():
            busy = _latencies(port, questions, pace, until=_as_told(over))
            jobs.wait_until(lambda: _reacted(crowd), seconds=_LONGEST)
            reacted = time.monotonic() - began
    yield Result(
        f"a worker announces {many:,} that end at one midnight",
        database,
        300,
        at_most=True,
        unit=" s",
        value=announced[0] if announced else None,
        note=f"and {reacted:.0f} s until all reactions to it had run, beside {pace:.0f} checks a second",
    )
    yield Result(
        "checks meanwhile / checks when idle, 99th percentile",
        database,
        2,
        at_most=True,
        unit="x",
        value=_p99(busy) / _p99(idle),
        note=f"{_p99(idle) * 1e3:.1f} ms idle, {_p99(busy) * 1e3:.1f} ms meanwhile, at half the idle maximum",
    )


def _reacted(crowd: Crowd) -> bool:
    last = EventCounter.objects.get(organization=crowd.club).last
    return ReactionCursor.objects.filter(organization=crowd.club, last__gte=last).exists()


def _after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def _as_told(over: Callable[[], bool]) -> Callable[[], bool]:
    """Ask `over` now and then, on a thread of its own, and at most for a quarter of an hour."""
    told = threading.Event()

    def ask() -> None:
        end = time.monotonic() + _LONGEST
        try:
            while not over() and time.monotonic() < end:
                time.sleep(0.25)
        finally:
            told.set()
            connection.close()

    threading.Thread(target=ask, daemon=True).start()
    return told.is_set


def _latencies(port: int, questions: Sequence[bytes], pace: float, *, until: Callable[[], bool]) -> list[float]:
    """Ask at `pace` a second over several connections until told; return how long each took, in seconds."""
    gap = _CONNECTIONS / pace
    taken: list[list[float]] = [[] for _ in range(_CONNECTIONS)]

    def ask_on(number: int) -> None:
        with over_http.connected(port) as socket:
            position, due = number * len(questions) // _CONNECTIONS, time.perf_counter() + gap * number / _CONNECTIONS
            while not until():
                time.sleep(max(0.0, due - time.perf_counter()))
                over_http.ask(socket, questions[position % len(questions)])
                taken[number].append(time.perf_counter() - due)
                position, due = position + 1, due + gap

    with ThreadPoolExecutor(_CONNECTIONS) as threads:
        list(threads.map(ask_on, range(_CONNECTIONS)))
    return [each for part in taken for each in part]


def _p99(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98]

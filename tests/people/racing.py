"""Doing several things at the same moment, each on a connection of its own."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from django.db import connection

from tessera.core.errors import TesseraError

T = TypeVar("T")


def at_once(runs: Sequence[Callable[[], T]]) -> list[T | TesseraError]:
    """Return what each run came to, a result or a refusal, in their order; anything else that is raised is raised."""
    start = threading.Barrier(len(runs))
    outcomes: list[T | TesseraError | BaseException | None] = [None] * len(runs)

    def go(place: int) -> None:
        try:
            start.wait(10)
            outcomes[place] = runs[place]()
        except BaseException as raised:  # noqa: BLE001  (raised again by whoever waits)
            outcomes[place] = raised
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(place,)) for place in range(len(runs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    settled: list[T | TesseraError] = []
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, TesseraError):
            raise outcome
        assert outcome is not None, "a run did not come to an end"
        settled.append(outcome)
    return settled


@contextmanager
def meanwhile(
    monkeypatch: pytest.MonkeyPatch, where: object, name: str, other: Callable[[], T]
) -> Iterator[list[T | TesseraError]]:
    """Have `other` done just before `where.name` is called for the first time, between what was read and what follows.

    Once it has to wait for whoever calls that, they go on. What it came to is in the list in the end.
    """
    original, begun = getattr(where, name), threading.Lock()
    outcomes: list[T | TesseraError] = []
    raised: list[BaseException] = []

    def go() -> None:
        try:
            outcomes.append(other())
        except TesseraError as refusal:
            outcomes.append(refusal)
        except BaseException as failure:  # noqa: BLE001  (raised again by whoever waits)
            raised.append(failure)
        finally:
            connection.close()

    thread = threading.Thread(target=go)

    def called(*args: Any, **named: Any) -> Any:
        if begun.acquire(blocking=False):
            thread.start()
            _until_it_ends_or_waits_for_us(thread)
        return original(*args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(where, name, called)
        yield outcomes
        thread.join(60)
    assert outcomes or raised, "it did not come to an end"
    if raised:
        raise raised[0]


def _until_it_ends_or_waits_for_us(thread: threading.Thread) -> None:
    if connection.vendor == "sqlite" and connection.in_atomic_block:
        thread.join(0.5)  # whoever else writes waits for this transaction, which no query can tell
        return
    for _ in range(200):
        thread.join(0.05)
        if not thread.is_alive() or (connection.in_atomic_block and _waits_for_us()):
            return
    raise AssertionError("it neither ends nor waits")


def _waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])

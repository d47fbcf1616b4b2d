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

    If it has to wait for whoever calls that, they go on after half a second. What it came to is in the list in the end.
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
            thread.join(0.5)
        return original(*args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(where, name, called)
        yield outcomes
        thread.join(60)
    assert outcomes or raised, "it did not come to an end"
    if raised:
        raise raised[0]

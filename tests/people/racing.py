"""Doing several things at the same moment, each on a connection of its own."""

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

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

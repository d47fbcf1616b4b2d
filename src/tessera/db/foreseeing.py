"""What would happen: the change itself, carried out and taken back, so that what is foretold is what then happens.

The rules of dates, of who may hold what and of what is refused have one home, the services. Nothing is kept of a
change that is only asked about: its transaction never ends well.
"""

from collections.abc import Callable
from typing import TypeVar

from tessera import db

T = TypeVar("T")
R = TypeVar("R")


class _TakenBackError(Exception):
    pass


def foresee(run: Callable[[], T], look: Callable[[T], R]) -> R:
    """Return what `look` sees after `run()`, of which nothing is kept. Raises what `run` raises.

    Chosen as the victim of a deadlock, it is run again: whoever only looks has nobody else who would.
    """

    def seen() -> R:
        found: list[R] = []
        try:
            with db.transaction():
                found.append(look(run()))
                raise _TakenBackError
        except _TakenBackError:
            return found[0]

    return db.retrying_deadlocks(seen)

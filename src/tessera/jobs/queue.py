"""Declaring tasks and enqueueing them, whichever Tasks backend the operator has chosen (docs/operating.md).

On the project's own backend, enqueueing is a part of the caller's transaction: both are kept or neither. Another one,
such as Celery's, gets the job once the transaction is committed; what a crash in between loses, the sweeps of
`config/schedule.py` find again.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, ParamSpec, TypeVar
from uuid import UUID

from django.db import transaction
from django_tasks import task as django_task
from django_tasks.base import Task

from tessera.core import clock
from tessera.jobs.backend import DatabaseBackend, put
from tessera.jobs.types import Again, Queue

__all__ = ["Again", "attempts_of", "enqueue", "task"]

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS: Final = 12
_attempts: dict[str, int] = {}


def task(
    *, queue: Queue | str = Queue.DEFAULT, attempts: int = ATTEMPTS, priority: int = 0
) -> Callable[[Callable[P, T]], Task[P, T]]:
    """Make a module's function a task, run by a worker at least once.

    Its arguments are JSON values. A failure is retried with growing pauses; after `attempts` failures it is parked.
    Something that waits for others (HTTP, SMTP) goes to the queue `network`.
    """

    def declare(function: Callable[P, T]) -> Task[P, T]:
        _attempts[f"{function.__module__}.{function.__qualname__}"] = attempts
        declared: Task[P, T] = django_task(queue_name=str(Queue(queue)), priority=priority)(function)
        return declared

    return declare


def attempts_of(path: str) -> int:
    """Return how often the task at this dotted path may fail before it is parked."""
    return _attempts.get(path, ATTEMPTS)


def enqueue(
    what: Task[Any, Any],
    *arguments: object,
    key: str = "",
    organization_id: UUID | None = None,
    run_after: datetime | None = None,
    priority: int | None = None,
) -> None:
    """Have a worker call `what(*arguments)`: from `run_after` on if given (real time), else soon.

    With a `key`, at most one such job waits and at most one runs: enqueueing again while one waits adds nothing (the
    earlier `run_after` counts), and what is enqueued while one runs comes after it. `organization_id`: whose staff
    hears of it if it fails for good. Raises TypeError for arguments that are no JSON values.
    """
    chosen = what if priority is None else what.using(priority=priority)
    backend = chosen.get_backend()
    if isinstance(backend, DatabaseBackend):
        put(chosen, arguments, key=key, organization_id=organization_id, run_after=run_after)
        return
    if run_after is not None and run_after > clock.now():
        if not backend.supports_defer:
            return  # the sweep that knows the instant will enqueue it then
        chosen = chosen.using(run_after=run_after)
    if not backend.supports_priority:
        chosen = chosen.using(priority=0)
    # The change is kept, whether the other backend can be reached or not.
    transaction.on_commit(lambda: chosen.enqueue(*arguments), robust=True)

"""Carrying a job out: the task is called, and whatever comes of it is an outcome, never the worker's end."""

import logging
import traceback
from typing import Any, Final

from django_tasks import task_backends
from django_tasks.base import TaskContext
from django_tasks.utils import normalize_json

from tessera import db
from tessera.jobs.backend import DatabaseBackend, task_at
from tessera.jobs.queue import attempts_of
from tessera.jobs.taking import Done, Ended, Failed, Postponed, Taken
from tessera.jobs.types import Again

_LONGEST_TRACE: Final = 8_000  # characters kept of what is known about a failure

log = logging.getLogger(__name__)


def carry_out(job: Taken) -> Ended:
    """Call the job's task and return how it ended. Chosen as the victim of a deadlock, it is called again at once."""
    row = job.row
    try:
        task = task_at(row.task)
        arguments = list(row.arguments["args"])
        if task.takes_context:
            backend = task_backends["default"]
            assert isinstance(backend, DatabaseBackend)
            arguments.insert(0, TaskContext(task_result=backend.result_of(row)))
        named: dict[str, Any] = row.arguments["kwargs"]
        return Done(job, _storable(normalize_json(db.retrying_deadlocks(lambda: task.call(*arguments, **named)))))
    except Again as again:
        return Postponed(job, again.seconds)
    except BaseException as failure:  # SystemExit too, or a panic in a library: the thread goes on all the same
        log.warning("job %s (%s) failed", row.pk, row.task, exc_info=True)
        kind = type(failure)
        told = _storable("".join(traceback.format_exception(failure))[-_LONGEST_TRACE:])
        return Failed(
            job, attempts_of(row.task), {"class": f"{kind.__module__}.{kind.__qualname__}", "traceback": told}
        )


def _storable(value: Any) -> Any:
    """Return a JSON value without what no database keeps in text: NUL, and halves of surrogate pairs."""
    match value:
        case str():
            return value.encode("utf-8", "replace").decode().replace("\0", "")
        case list():
            return [_storable(each) for each in value]
        case dict():
            return {_storable(key): _storable(each) for key, each in value.items()}
    return value

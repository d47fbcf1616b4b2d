"""The backend of Django's Tasks API that keeps jobs in the project's own database."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.utils.module_loading import import_string
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task, TaskError, TaskResult, TaskResultStatus
from django_tasks.exceptions import TaskResultDoesNotExist
from django_tasks.utils import normalize_json

from tessera.core import clock, ids
from tessera.jobs import wakeup
from tessera.jobs.models import Job
from tessera.jobs.types import Queue, State

T = TypeVar("T")

_STATUS: Final[Mapping[str, TaskResultStatus]] = {
    State.WAITING: TaskResultStatus.READY,
    State.RUNNING: TaskResultStatus.RUNNING,
    State.DONE: TaskResultStatus.SUCCESSFUL,
    State.PARKED: TaskResultStatus.FAILED,
}
# What a fresh job has, as SQL: the driver is handed only what differs from one to the next.
_FRESH: Final[Mapping[str, str]] = {
    "state": f"'{State.WAITING.value}'",
    "attempts": "0",
    "failures": "0",
    "losses": "0",
    "errors": "'[]'",
    "worker": "''",
}
_TOLD: Final = (
    "id",
    "task",
    "arguments",
    "queue",
    "priority",
    "key",
    "organization_id",
    "enqueued_at",
    "run_after",
)


class DatabaseBackend(BaseTaskBackend):
    """Jobs are rows, written in the transaction that asks for them. Workers take them up (`worker.py`)."""

    supports_defer = True
    supports_get_result = True
    supports_priority = True

    def __init__(self, alias: str, params: dict[str, Any]) -> None:
        super().__init__(alias, {"QUEUES": [str(queue) for queue in Queue], **params})

    def enqueue(self, task: Task[Any, T], args: Any, kwargs: Any) -> TaskResult[T]:
        """Write the job and return what can be said of it so far."""
        self.validate_task(task)
        row = Job(
            task=task.module_path,
            arguments={"args": normalize_json(args), "kwargs": normalize_json(kwargs)},
            queue=task.queue_name,
            priority=task.priority,
            state=State.WAITING,
            enqueued_at=clock.now(),
        )
        row.run_after = task.run_after or row.enqueued_at
        row.save(force_insert=True)
        wakeup.after_commit()
        return self.result_of(row)

    def get_result(self, result_id: str) -> TaskResult[Any]:
        """Return how a job stands. Raises TaskResultDoesNotExist; done ones are forgotten after an hour."""
        key = ids.from_text(ids.Prefix.JOB, result_id)
        row = Job.objects.filter(pk=key).first() if key is not None else None
        if row is None:
            raise TaskResultDoesNotExist(result_id)
        return self.result_of(row)

    def result_of(self, row: Job) -> TaskResult[Any]:
        """Return a row in the words of the Tasks API. Only the last worker's name is known: it stands for all."""
        result: TaskResult[Any] = TaskResult(
            task=task_at(row.task).using(priority=row.priority, queue_name=row.queue, run_after=row.run_after),
            id=ids.to_text(ids.Prefix.JOB, row.pk),
            status=_STATUS[row.state],
            enqueued_at=row.enqueued_at,
            started_at=row.started_at,
            last_attempted_at=row.attempted_at,
            finished_at=row.finished_at,
            args=row.arguments["args"],
            kwargs=row.arguments["kwargs"],
            backend=self.alias,
            errors=[TaskError(exception_class_path=each["class"], traceback=each["traceback"]) for each in row.errors],
            worker_ids=[row.worker] * row.attempts,
        )
        object.__setattr__(result, "_return_value", row.result)
        return result


def put(
    task: Task[Any, Any],
    arguments: Sequence[object],
    *,
    key: str = "",
    organization_id: UUID | None = None,
    run_after: datetime | None = None,
) -> None:
    """Write a job, or see to it that the one with this `key` that waits is seen again; see `queue.enqueue`.

    Every change of the product writes one: by hand, past the model's and the Tasks API's own bookkeeping.
    """
    database = connections[DEFAULT_DB_ALIAS]
    at = clock.now()
    job_id: UUID | str = ids.new_id()
    enqueued_at: datetime | str = at
    due: datetime | str = run_after or at
    whose: UUID | str | None = organization_id
    if database.vendor == "sqlite":  # as Django keeps them there: hexadecimal digits, text in UTC
        job_id, whose = ids.new_id().hex, organization_id and organization_id.hex
        enqueued_at = str(at.replace(tzinfo=None))
        due = str(run_after.astimezone(UTC).replace(tzinfo=None)) if run_after else enqueued_at
    told = json.dumps({"args": arguments, "kwargs": {}})
    with database.cursor() as cursor:
        cursor.execute(
            _insert(database.vendor, keyed=bool(key)),
            (job_id, task.module_path, told, task.queue_name, task.priority, key, whose, enqueued_at, due),
        )
    wakeup.after_commit()


def task_at(path: str) -> Task[Any, Any]:
    """Return the task at a dotted path. Raises ImportError if there is none (any more)."""
    found = import_string(path)
    if not isinstance(found, Task):
        raise ImportError(f"{path} is not a task")
    return found


@cache
def _insert(vendor: str, *, keyed: bool) -> str:
    table = Job._meta.db_table
    columns = ", ".join((*_TOLD, *_FRESH))
    values = ", ".join((*["%s"] * len(_TOLD), *_FRESH.values()))
    sql = f"INSERT INTO {table} ({columns}) VALUES ({values})"
    if not keyed:
        return sql
    earlier = "LEAST" if vendor == "postgresql" else "MIN"
    # Not DO NOTHING: the update locks the row until this transaction ends, so that no worker takes it up before it
    # can see what it was enqueued for.
    return (
        f"{sql} ON CONFLICT (key) WHERE state = '{State.WAITING}' AND NOT (key = '')"
        # One that has failed keeps its pause, however often it is asked for.
        f" DO UPDATE SET run_after = CASE WHEN {table}.failures > 0 THEN {table}.run_after"
        f" ELSE {earlier}({table}.run_after, excluded.run_after) END"
    )

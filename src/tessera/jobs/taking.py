"""Taking jobs up and giving them back: one short transaction for what has ended and what comes next.

A job that is taken up carries a lease. Only who still has it may say how the job ended, so a worker that was thought
dead and was not changes nothing. What its lease outlived is taken up again: every job is carried out at least once.
"""

import logging
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from tessera.core.ids import new_id
from tessera.jobs.models import Job
from tessera.jobs.processes import is_dead
from tessera.jobs.types import Queue, State

LEASE: Final = timedelta(seconds=30)
MOST_LOSSES: Final = 12  # so often a job's worker may die before the job is taken for the cause
_LOSSES_TOGETHER: Final = 4
_KEPT_ERRORS: Final = 5
_LONGEST_WISH: Final = 7 * 86_400.0  # seconds
_FIRST_PAUSE, _GROWTH, _LONGEST_PAUSE = 2.0, 3.0, 4 * 3600.0  # seconds

_jitter = random.Random()  # noqa: S311  (spreads load; nothing secret)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """A job in a worker's hands."""

    row: Job = field(repr=False)
    lease: UUID

    @property
    def id(self) -> UUID:
        return self.row.pk


@dataclass(frozen=True, slots=True)
class Done:
    """It ran to its end. `result`: a JSON value."""

    job: Taken
    result: Any = None


@dataclass(frozen=True, slots=True)
class Failed:
    """It raised. After `attempts` such failures it is parked."""

    job: Taken
    attempts: int
    error: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Postponed:
    """It asked to be run again after `seconds`, or (0) was not begun when its worker was told to stop."""

    job: Taken
    seconds: float


Ended = Done | Failed | Postponed


def exchange(*, ended: Sequence[Ended], wanted: Mapping[Queue, int], worker: str, at: datetime) -> list[Taken]:
    """Write how jobs ended and take up to `wanted` due ones from each queue, the most urgent first, in one commit.

    What is not there is not waited for; without anything to write nothing is locked.
    """
    queues = {queue: most for queue, most in wanted.items() if most > 0}
    if not ended and not _any_due(queues, at):
        return []
    with transaction.atomic():
        _write_ends(ended, at)
        return [job for queue, most in queues.items() for job in _take(queue, most, worker, at)]


def next_due(queues: Iterable[Queue]) -> datetime | None:
    """Return from when on the next waiting job of these queues may be taken up; None if none waits."""
    instants = (
        _takeable([queue]).order_by("run_after").values_list("run_after", flat=True).first() for queue in queues
    )
    return min((each for each in instants if each is not None), default=None)


def extend(leases: Iterable[UUID], *, at: datetime) -> None:
    """Say that whoever holds these leases is alive."""
    Job.objects.filter(lease__in=list(leases), state=State.RUNNING).update(leased_until=at + LEASE)


def recover(*, at: datetime, holding: Collection[UUID] = ()) -> int:
    """Give back what workers held that have died or have not been heard of; return how many jobs that was.

    A job whose workers died twelve times over it is parked. `holding`: the caller's own leases, which are alive.
    """
    held = Job.objects.filter(state=State.RUNNING).exclude(lease__in=holding)
    dead = [name for name in held.values_list("worker", flat=True).distinct() if is_dead(name)]
    # A lease further off than leases reach is one from before a clock was set back.
    lapsed = Q(leased_until__lte=at) | Q(leased_until__gt=at + 4 * LEASE)
    lost = held.filter(lapsed | Q(worker__in=dead))
    if not lost.exists():
        return 0
    with transaction.atomic():
        rows = list(_for_update(lost).order_by("key", "pk"))
        for row in rows:
            losses = row.losses + 1
            if losses >= MOST_LOSSES:
                _park(row, at, losses=losses)
            else:  # after some, apart from those it was held with, of which one may be what kills workers
                apart = max(0, losses - _LOSSES_TOGETHER) * _jitter.uniform(0.5, 2)
                _wait_again(row, at + timedelta(seconds=apart), losses=losses)
    log.warning("%d jobs of workers that died are taken up again", len(rows))
    return len(rows)


def pause_after(failures: int) -> timedelta:
    """Return how long to wait after so many failures (at least 1): growing threefold up to four hours, jittered."""
    seconds = min(_FIRST_PAUSE * _GROWTH ** min(failures - 1, 20), _LONGEST_PAUSE)
    return timedelta(seconds=seconds * _jitter.uniform(0.75, 1.25))


def _takeable(queues: Iterable[Queue]) -> QuerySet[Job]:
    """Those that wait, less those whose key is that of one that runs."""
    waiting = Job.objects.filter(state=State.WAITING, queue__in=[str(queue) for queue in queues])
    same_runs = Job.objects.filter(key=OuterRef("key"), state=State.RUNNING)
    return waiting.filter(Q(key="") | ~Exists(same_runs))


def _any_due(queues: Mapping[Queue, int], at: datetime) -> bool:
    return bool(queues) and _takeable(queues).filter(run_after__lte=at).exists()


def _take(queue: Queue, most: int, worker: str, at: datetime) -> list[Taken]:
    due = _takeable([queue]).filter(run_after__lte=at)
    rows = list(_for_update(due).order_by(F("priority").desc(), "run_after", "pk")[:most])
    lease = new_id()
    Job.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=State.RUNNING,
        lease=lease,
        leased_until=at + LEASE,
        worker=worker,
        attempts=F("attempts") + 1,
        attempted_at=at,
        started_at=Coalesce("started_at", Value(at)),
    )
    for row in rows:
        row.attempts, row.worker, row.attempted_at, row.started_at = row.attempts + 1, worker, at, row.started_at or at
    return [Taken(row, lease) for row in rows]


def _write_ends(ended: Sequence[Ended], at: datetime) -> None:
    done = sorted((each for each in ended if isinstance(each, Done)), key=lambda each: each.job.lease)
    for lease, together in groupby(done, key=lambda each: each.job.lease):
        group = list(together)
        ours = Job.objects.filter(lease=lease, state=State.RUNNING)
        over = {"state": State.DONE, "finished_at": at, "lease": None, "leased_until": None}
        ours.filter(pk__in=[each.job.id for each in group if each.result is None]).update(**over)
        for each in group:
            if each.result is not None:
                ours.filter(pk=each.job.id).update(**over, result=each.result)
    # In the order of their keys: whoever enqueues several does so too, and neither waits for the other.
    for other in sorted(ended, key=lambda each: each.job.row.key):
        if isinstance(other, Done):
            continue
        row = _for_update(Job.objects.filter(pk=other.job.id, lease=other.job.lease, state=State.RUNNING)).first()
        if row is None:
            continue  # the lease was lost: whoever has it now decides
        if isinstance(other, Postponed):
            _wait_again(row, at + _pause(other.seconds))
            continue
        row.failures += 1
        row.errors = [*row.errors, {**other.error, "at": at.isoformat()}][-_KEPT_ERRORS:]
        changes = {"failures": row.failures, "errors": row.errors}
        if row.failures >= other.attempts:
            _park(row, at, **changes)
        else:
            _wait_again(row, at + pause_after(row.failures), **changes)


def _wait_again(row: Job, run_after: datetime, **changes: object) -> None:
    """Put a job back among those that wait. If one with its key waits already, that one does what is to be done."""
    free = {"lease": None, "leased_until": None, **changes}
    mine = Job.objects.filter(pk=row.pk)
    try:
        with transaction.atomic():
            mine.update(state=State.WAITING, run_after=run_after, **free)
    except IntegrityError:
        other = Job.objects.filter(key=row.key, state=State.WAITING)
        if (
            "failures" in changes or "losses" in changes
        ):  # it takes over how often this failed, and the pause after that
            other.update(run_after=run_after, **changes)
        else:
            other.filter(run_after__gt=run_after).update(run_after=run_after)
        mine.update(state=State.DONE, finished_at=run_after, **free)


def _pause(seconds: float) -> timedelta:
    """How long a job that asks for so many seconds is left alone: none if that is no number, a week at most."""
    return timedelta(seconds=min(seconds, _LONGEST_WISH) if seconds > 0 else 0)


def _park(row: Job, at: datetime, **changes: object) -> None:
    Job.objects.filter(pk=row.pk).update(state=State.PARKED, finished_at=at, lease=None, leased_until=None, **changes)
    log.error("job %s (%s) is parked: it failed %d times", row.pk, row.task, row.failures)


def _for_update(rows: QuerySet[Job]) -> QuerySet[Job]:
    """Lock the rows, passing over what another transaction holds. On SQLite the whole transaction writes alone."""
    return rows.select_for_update(skip_locked=True) if connection.vendor == "postgresql" else rows

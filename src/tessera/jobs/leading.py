"""What happens by itself as time passes: one worker at a time leads, and enqueues what is due.

A sweep looks whether something is due and enqueues it, with a key; two that look at once do no harm. Something
periodic is enqueued when its instant has come, by whoever moves that instant on. An idle leader only reads, but for
its lease, which it extends when half of it is over.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django_tasks.base import Task

from tessera.jobs.models import Lease, Periodic
from tessera.jobs.processes import is_dead
from tessera.jobs.queue import enqueue

_LEADER = "leader"

log = logging.getLogger(__name__)

Sweep = Callable[[datetime], None]  # given real time; reads, and enqueues what is due


@dataclass(frozen=True, slots=True)
class Every:
    """A task that is enqueued again and again. `name` is unique and stays: it is what is kept.

    `first`: how long after the very first start, so that a new installation is not busy with itself at once.
    """

    name: str
    interval: timedelta
    task: Task[[], Any]
    first: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Schedule:
    """All that happens by itself. Handed in by `config/schedule.py`."""

    sweeps: Sequence[Sweep] = ()
    periodic: Sequence[Every] = ()


def lead(schedule: Schedule, *, worker: str, at: datetime) -> bool:
    """Enqueue what is due, if this worker leads or may begin to; return whether it does."""
    if not _leads(worker, at):
        return False
    for sweep in schedule.sweeps:
        try:
            sweep(at)
        except Exception:  # one that is broken must not keep the others from their work
            log.exception("a sweep failed")
    due_at = dict(Periodic.objects.values_list("name", "next_at"))
    for every in schedule.periodic:
        if not _in_future(due_at.get(every.name), every.interval, at):
            _enqueue_periodic(every, due_at.get(every.name), at)
    return True


def _in_future(next_at: datetime | None, interval: timedelta, at: datetime) -> bool:
    """Whether its instant is still to come: not one further off than can be, as when a clock was set back."""
    return next_at is not None and at < next_at <= at + interval


def _enqueue_periodic(every: Every, next_at: datetime | None, at: datetime) -> None:
    following = at + every.interval
    with transaction.atomic():
        if next_at is None:
            try:
                with transaction.atomic():
                    Periodic.objects.create(name=every.name, next_at=at + every.first if every.first else following)
            except IntegrityError:
                return
            if every.first:
                return
        elif not Periodic.objects.filter(name=every.name, next_at=next_at).update(next_at=following):
            return
        enqueue(every.task, key=f"every:{every.name}")


def _leads(worker: str, at: datetime) -> bool:
    term = timedelta(minutes=2) if connection.vendor == "sqlite" else timedelta(seconds=30)
    lease = Lease.objects.filter(name=_LEADER).first()
    if lease is None:
        try:
            with transaction.atomic():
                Lease.objects.create(name=_LEADER, holder=worker, until=at + term)
        except IntegrityError:
            return False
        return True
    # Further off than any lease reaches: the clock was set back, and the lease means nothing.
    lapsed = not at < lease.until <= at + term
    if lease.holder != worker and not lapsed and not is_dead(lease.holder):
        return False
    if lease.holder == worker and not lapsed and lease.until > at + term / 2:
        return True
    unchanged = Q(name=_LEADER, holder=lease.holder, until=lease.until)
    return Lease.objects.filter(unchanged).update(holder=worker, until=at + term) == 1


def step_down(worker: str) -> None:
    """Let another lead at once."""
    Lease.objects.filter(name=_LEADER, holder=worker).delete()

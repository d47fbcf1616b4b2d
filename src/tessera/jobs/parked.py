"""Jobs that failed for good: who wants to see them, run them again, or drop them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, Min, QuerySet

from tessera.core import clock
from tessera.core.errors import NotFound
from tessera.jobs import wakeup
from tessera.jobs.models import Job
from tessera.jobs.types import State

MOST: Final = 200


class JobUnknown(NotFound):
    """There is no such parked job: it was run again or dropped, or never was."""

    code = "job_unknown"


@dataclass(frozen=True, slots=True)
class Parked:
    """A job that was given up. `error`: the last line of what it failed with; `trace`: all that is known."""

    id: UUID
    organization_id: UUID | None
    task: str
    arguments: Sequence[object]
    failures: int
    losses: int
    parked_at: datetime | None
    error: str
    trace: str


def parked_jobs(organization_id: UUID | None = None, *, everywhere: bool = False) -> list[Parked]:
    """Return parked jobs, the latest first, at most 200: of an organization, of none, or `everywhere`."""
    rows = _parked() if everywhere else _parked().filter(organization_id=organization_id)
    return [_shown(row) for row in rows.order_by("-finished_at", "-pk")[:MOST]]


def parked_job(job_id: UUID, *, organization_id: UUID | None) -> Parked:
    """Return a parked job of an organization. Raises JobUnknown."""
    row = _parked().filter(pk=job_id, organization_id=organization_id).first()
    if row is None:
        raise JobUnknown("there is no such parked job")
    return _shown(row)


def run_again(job_id: UUID, *, organization_id: UUID | None = None, everywhere: bool = False) -> Parked:
    """Have a parked job carried out again, with as many attempts as a fresh one. Raises JobUnknown.

    If one with the same key waits already, that one does the work and this one is gone.
    """
    with transaction.atomic():
        row = _one(job_id, organization_id, everywhere)
        shown, at = _shown(row), clock.now()
        fresh = {"state": State.WAITING, "run_after": at, "finished_at": None, "failures": 0, "losses": 0}
        try:
            with transaction.atomic():
                Job.objects.filter(pk=row.pk).update(**fresh)
        except IntegrityError:
            Job.objects.filter(key=row.key, state=State.WAITING, run_after__gt=at).update(run_after=at)
            row.delete()
        wakeup.after_commit()
    return shown


def drop(job_id: UUID, *, organization_id: UUID | None = None, everywhere: bool = False) -> Parked:
    """Give a parked job up for good. Raises JobUnknown."""
    with transaction.atomic():
        row = _one(job_id, organization_id, everywhere)
        shown = _shown(row)
        row.delete()
    return shown


@dataclass(frozen=True, slots=True)
class Standing:
    """How many jobs there are in each state, and how many seconds the first of those that are due has waited."""

    counts: Mapping[str, int]
    due_seconds: float


def standing(*, at: datetime) -> Standing:
    """Return how the jobs of the whole installation stand at `at` (real time)."""
    counted = Job.objects.order_by().values_list("state").annotate(many=Count("pk"))
    found = {str(state): 0 for state in State} | dict(counted)
    first: datetime | None = Job.objects.filter(state=State.WAITING).aggregate(first=Min("run_after"))["first"]
    return Standing(found, 0.0 if first is None else max(0.0, (at - first).total_seconds()))


def _parked() -> QuerySet[Job]:
    return Job.objects.filter(state=State.PARKED)


def _one(job_id: UUID, organization_id: UUID | None, everywhere: bool) -> Job:
    rows = _parked().select_for_update().filter(pk=job_id)
    row = rows.first() if everywhere else rows.filter(organization_id=organization_id).first()
    if row is None:
        raise JobUnknown("there is no such parked job")
    return row


def _shown(row: Job) -> Parked:
    trace = row.errors[-1]["traceback"] if row.errors else ""
    told = trace.strip().splitlines()[-1] if trace.strip() else "its worker died over it again and again"
    return Parked(
        id=row.pk,
        organization_id=row.organization_id,
        task=row.task,
        arguments=row.arguments["args"],
        failures=row.failures,
        losses=row.losses,
        parked_at=row.finished_at,
        error=told,
        trace=trace,
    )

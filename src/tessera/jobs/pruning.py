"""Forgetting jobs that are over."""

from datetime import timedelta
from typing import Final

from django.db import transaction

from tessera.core import clock
from tessera.jobs.models import Job
from tessera.jobs.queue import task
from tessera.jobs.types import Again, State

KEPT: Final = {State.DONE: timedelta(hours=1), State.PARKED: timedelta(days=60)}
_BLOCK: Final = 2_000


@task()
def forget_old_jobs() -> None:
    """Delete what was done over an hour ago, and what has been parked for sixty days. A block of each at a time."""
    at, more = clock.now(), False
    for state, kept in KEPT.items():
        over = Job.objects.filter(state=state, finished_at__lte=at - kept).order_by("finished_at")
        keys = list(over.values_list("pk", flat=True)[:_BLOCK])
        with transaction.atomic():
            Job.objects.filter(pk__in=keys).delete()
        more = more or len(keys) == _BLOCK
    if more:
        raise Again(seconds=0.1)

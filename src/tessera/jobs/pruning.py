"""Forgetting jobs that are over."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from tessera.core import clock
from tessera.jobs.models import Job
from tessera.jobs.queue import task
from tessera.jobs.types import State

DONE_KEPT: Final = timedelta(hours=1)
PARKED_KEPT: Final = timedelta(days=60)
_BLOCK: Final = 2_000


@task()
def forget_old_jobs() -> None:
    """Delete what was done more than an hour ago, and what has been parked for sixty days. In short transactions."""
    at = clock.now()
    over = Q(state=State.DONE, finished_at__lte=at - DONE_KEPT)
    over |= Q(state=State.PARKED, finished_at__lte=at - PARKED_KEPT)
    while keys := list(Job.objects.filter(over).order_by("finished_at").values_list("pk", flat=True)[:_BLOCK]):
        with transaction.atomic():
            Job.objects.filter(pk__in=keys).delete()

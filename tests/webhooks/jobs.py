"""The jobs that were enqueued, as far as webhooks go."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from tessera.jobs.models import Job


@contextmanager
def waking() -> Iterator[list[UUID]]:
    """Give, after the block, the endpoints for which a sender was woken in it."""
    woken: list[UUID] = []
    before = set(Job.objects.values_list("pk", flat=True))
    yield woken
    jobs = Job.objects.filter(task="tessera.webhooks.tasks.send").exclude(pk__in=before).order_by("pk")
    woken += [UUID(job.arguments["args"][0]) for job in jobs]

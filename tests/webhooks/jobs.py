"""The jobs that were enqueued, as far as webhooks go."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from tessera.jobs import queue


@contextmanager
def waking() -> Iterator[list[UUID]]:
    """Give, after the block, the endpoints for which a sender was woken in it."""
    woken: list[UUID] = []
    queue.enqueued.clear()
    yield woken
    woken += [UUID(arguments[0]) for key, arguments in queue.enqueued if key.startswith("webhooks.send:")]

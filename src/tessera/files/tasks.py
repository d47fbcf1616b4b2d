"""The jobs of pictures. Files are swept in real time."""

from tessera.core import clock
from tessera.files import sweeping
from tessera.jobs.queue import task


@task(attempts=3)
def sweep() -> None:
    """Remove files that belong to no picture."""
    sweeping.sweep(at=clock.now())

"""The jobs of memberships."""

from typing import Final
from uuid import UUID

from tessera import db, organizations
from tessera.jobs.queue import Again, enqueue, task
from tessera.memberships import bulk
from tessera.memberships.models import BulkRun

SECONDS: Final = 20.0  # one job works for about so long, so that others have their turn


@task(queue="default", attempts=12)
def run_bulk(run_id: str) -> None:
    """Do the next part of something that is done with many customers; run again while there is more."""
    run = BulkRun.objects.select_related("organization").filter(pk=UUID(run_id)).first()
    if run is not None and bulk.carry_on(run_id=run.pk, at=organizations.now(run.organization), seconds=SECONDS):
        raise Again(seconds=0)


def wake(run: BulkRun) -> None:
    """Have a worker carry the run on once the transaction around is kept. At most one does."""
    enqueue(run_bulk, str(run.pk), key=f"memberships.bulk:{run.pk}", organization_id=run.organization_id)


@task(queue="default", attempts=3)
def catch_up() -> None:
    """Wake a worker for each run that is not over: for wake-ups that were lost."""
    for run in bulk.unfinished():
        with db.transaction():
            wake(run)

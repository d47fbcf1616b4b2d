"""The jobs of webhooks. Real time begins here: messages go out when they do, whatever an organization's clock says."""

from typing import Final
from uuid import UUID

from tessera import db
from tessera.core import clock
from tessera.jobs.queue import Again, enqueue, task
from tessera.webhooks import pruning, queries, sending

SECONDS: Final = 30.0  # one job sends for about so long, so that other endpoints have their turn


@task(queue="network", attempts=12)
def send(endpoint_id: str) -> None:
    """Send what is due to the endpoint; run again when more is."""
    next_at = sending.send_due(UUID(endpoint_id), now=clock.now, seconds=SECONDS)
    if next_at is not None:
        raise Again(seconds=max(0.0, (next_at - clock.now()).total_seconds()))


@task(queue="default", attempts=3)
def wake_due() -> None:
    """Wake a sender for every endpoint to which something is due and nobody sends: for wake-ups that were lost."""
    for endpoint_id, organization_id in queries.due(at=clock.now()):
        with db.transaction():
            wake(endpoint_id, organization_id=organization_id)


@task(queue="default", attempts=3)
def prune() -> None:
    """Remove deliveries that are long over, a block at a time; run again while there are more."""
    if pruning.prune(at=clock.now()):
        raise Again(seconds=1)


def wake(endpoint_id: UUID, *, organization_id: UUID) -> None:
    """Have what is due to the endpoint sent once the transaction around is kept. At most one sender waits for it."""
    enqueue(send, str(endpoint_id), key=f"webhooks.send:{endpoint_id}", organization_id=organization_id)

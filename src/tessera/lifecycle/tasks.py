"""The jobs of lifecycle."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from tessera import db
from tessera.events.queries import EventLine
from tessera.events.types import EventType
from tessera.jobs.queue import Again, enqueue, task
from tessera.lifecycle import deleting
from tessera.organizations.models import Organization

SECONDS: Final = 10.0  # one job removes for about so long, so that others have their turn


@task()
def delete_organization(organization_id: str) -> None:
    """Go on removing an organization that is being deleted; run again while there is more."""
    if not deleting.delete_some(UUID(organization_id), seconds=SECONDS):
        raise Again(seconds=0.5)


@task(attempts=3)
def catch_up() -> None:
    """Enqueue going on with every organization that is being deleted, for jobs that were lost."""
    with db.transaction():
        for organization_id in deleting.waiting():
            go_on(organization_id)


def go_on(organization_id: UUID) -> None:
    """Have an organization's deletion go on. The job is nobody's: the organization's own are removed with it."""
    enqueue(delete_organization, str(organization_id), key=f"delete:{organization_id}")


def react(organization: Organization, lines: Sequence[EventLine]) -> None:
    """Begin to remove an organization whose deletion was asked for."""
    if any(line.type is EventType.ORGANIZATION_DELETION_STARTED for line in lines):
        go_on(organization.pk)

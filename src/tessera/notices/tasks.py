"""Jobs that send mails. Both may run twice or at once: a notice is one claim's to send."""

from datetime import datetime
from typing import Final
from uuid import UUID

from tessera import db
from tessera.jobs.queue import enqueue, task
from tessera.notices import leases, sending
from tessera.organizations.models import Organization

_QUEUE: Final = "network"


@task(queue=_QUEUE)
def send_waiting(organization_id: str) -> None:
    """Send the organization's mails that are due, fifty at most; what is left over is another job's."""
    organization = Organization.objects.get(pk=organization_id)
    claim = leases.claim(organization.pk)
    if claim.notices:
        sending.send(organization, claim)
    _go_on(organization.pk)


@task()
def catch_up() -> None:
    """Have what is due sent wherever nobody sees to it, as after a crash on a Tasks backend that forgets."""
    for organization_id in leases.organizations_due():
        _go_on(organization_id)


def enqueue_sending(organization_id: UUID, *, run_after: datetime | None = None) -> None:
    """Have the organization's mails sent. Part of the caller's transaction."""
    key = f"notices.send:{organization_id}"
    enqueue(send_waiting, str(organization_id), key=key, organization_id=organization_id, run_after=run_after)


def _go_on(organization_id: UUID) -> None:
    due_at = leases.next_due(organization_id)
    if due_at is not None:
        with db.transaction():
            enqueue_sending(organization_id, run_after=due_at)

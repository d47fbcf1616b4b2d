"""The jobs of organizations."""

import logging
from datetime import datetime
from uuid import UUID

from tessera.events.types import Actor
from tessera.jobs.queue import enqueue, task
from tessera.organizations.clock import carry_on_move
from tessera.organizations.errors import ClockAdvancing
from tessera.organizations.models import Organization

log = logging.getLogger(__name__)


@task(queue="network", attempts=1)  # a move over years takes a while, and holds nothing up there
def move_test_clock(organization_id: str, lease: str, to: str, since: str, actor: list[str]) -> None:
    """Carry out a move of a test clock that was begun. If another has taken over, there is nothing to do."""
    organization = Organization.objects.filter(pk=organization_id).first()
    if organization is None or organization.test_now is None:
        return
    kind, key = actor
    try:
        carry_on_move(
            organization=organization,
            lease=UUID(lease),
            to=datetime.fromisoformat(to),
            since=datetime.fromisoformat(since),
            actor=Actor(kind, key),
        )
    except ClockAdvancing:
        log.info("a move of the test clock of %s was taken over", organization.slug)


def go_on_moving(organization: Organization, lease: UUID, *, to: datetime, since: datetime, actor: Actor) -> None:
    """Have a worker carry out a move that was begun."""
    enqueue(
        move_test_clock, str(organization.pk), str(lease), to.isoformat(), since.isoformat(), [actor.kind, actor.id],
        organization_id=organization.pk,
    )  # fmt: skip

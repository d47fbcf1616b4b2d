"""What follows from what happened: the one list of reactions to events. The other list is `schedule.py`.

Each reaction is called in a worker with new lines of one organization, in order, inside one transaction; it writes
rows and enqueues jobs, and does nothing that waits for others.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from django.db import OperationalError

from tessera import db
from tessera.events import queries
from tessera.events.queries import EventLine
from tessera.jobs.queue import enqueue, task
from tessera.lifecycle import tasks as lifecycle
from tessera.notices import reactions as notices
from tessera.organizations.models import Organization
from tessera.webhooks import fan_out

Reaction = Callable[[Organization, Sequence[EventLine]], None]

REACTIONS: Final[dict[str, Reaction]] = {
    "webhooks": fan_out.deliver,
    "notices": notices.react,
    "lifecycle": lifecycle.react,
}

_OF_THE_END: Final = "lifecycle"

log = logging.getLogger(__name__)


def react(organization_id: UUID, lines: Sequence[EventLine]) -> None:
    """Let everybody react to the lines. One that fails is tried again line by line, and holds nobody else up."""
    organization = Organization.objects.filter(pk=organization_id).first()
    if organization is None:  # deleted meanwhile
        return
    for name, reaction in REACTIONS.items():
        if organization.deleting_since is not None and name != _OF_THE_END:
            continue  # nobody is told anything any more
        try:
            with db.transaction():
                reaction(organization, lines)
        except OperationalError:  # the database's fault: all of it is tried again
            raise
        except Exception:
            log.exception("the reaction %s failed; trying again line by line", name)
            for line in lines:
                enqueue(react_alone, name, str(organization_id), line.sequence, organization_id=organization_id)


@task()
def react_alone(name: str, organization_id: str, sequence: int) -> None:
    """Let one reaction react to one line."""
    organization = Organization.objects.filter(pk=organization_id).first()
    if organization is None:
        return
    lines = queries.feed(organization, after=sequence - 1, limit=1).lines
    with db.transaction():
        REACTIONS[name](organization, lines)

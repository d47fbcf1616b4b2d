"""What follows from what happened: after the commit, a worker hands new lines to all who react, in order, each once.

A cursor remembers up to where that has come. It moves in the very transaction in which reactions write what they
write, so nothing is reacted to twice and nothing is left out, whatever dies in between.
"""

from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from tessera import db
from tessera.events import queries
from tessera.events.models import EventCounter, ReactionCursor
from tessera.events.queries import EventLine
from tessera.jobs.queue import Again, enqueue, task

BLOCK: Final = 500
_BLOCKS_A_TURN: Final = 10

Reaction = Callable[[UUID, Sequence[EventLine]], None]  # an organization's key and its new lines, in order


def _nobody(organization_id: UUID, lines: Sequence[EventLine]) -> None:
    return None


_reaction: list[Reaction] = [_nobody]


def set_reaction(reaction: Reaction) -> None:
    """Say who reacts. For the start of the process; it only writes rows and enqueues jobs."""
    _reaction[0] = reaction


def enqueue_reacting(organization_id: UUID) -> None:
    """Have a worker react to what the present transaction records."""
    enqueue(react, str(organization_id), key=f"react:{organization_id}", organization_id=organization_id)


@task()
def react(organization_id: str) -> None:
    """React to all lines of the organization that nobody has reacted to. After some blocks, others have their turn."""
    for _ in range(_BLOCKS_A_TURN):
        if _react_to_block(UUID(organization_id)) < BLOCK:
            return
    raise Again(seconds=0)


@task()
def catch_up() -> None:
    """Enqueue reacting where lines are left over, as after a crash on a Tasks backend that forgets."""
    reached = ReactionCursor.objects.filter(organization=OuterRef("organization")).values("last")
    behind = EventCounter.objects.alias(reached=Coalesce(Subquery(reached), 0)).filter(last__gt=F("reached"))
    with db.transaction():
        for organization_id in behind.values_list("organization_id", flat=True):
            enqueue_reacting(organization_id)


def skip_to_present(organization_id: UUID) -> None:
    """Take all that was recorded so far for reacted to: nobody hears of it. For made-up and restored history."""
    with db.transaction():
        counter = EventCounter.objects.filter(organization=organization_id).first()
        if counter is not None:
            ReactionCursor.objects.update_or_create(organization_id=organization_id, defaults={"last": counter.last})


def _react_to_block(organization_id: UUID) -> int:
    with db.transaction():
        ReactionCursor.objects.get_or_create(organization_id=organization_id, defaults={"last": 0})
        cursor = ReactionCursor.objects.select_for_update(no_key=True).get(organization=organization_id)
        lines = queries.feed(cursor, after=cursor.last, limit=BLOCK).lines  # its key is the organization's
        if lines:
            _reaction[0](organization_id, lines)
            ReactionCursor.objects.filter(pk=cursor.pk).update(last=lines[-1].sequence)
    return len(lines)

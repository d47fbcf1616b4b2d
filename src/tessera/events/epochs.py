"""Opening a new feed epoch, after a restore has given numbers free that others have already read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tessera import db
from tessera.core import clock, ids
from tessera.core.ids import new_id
from tessera.core.instants import instant_text
from tessera.events import queries
from tessera.events import services as events
from tessera.events.lineage import Fork
from tessera.events.models import EventCounter, FeedEpoch
from tessera.events.types import Actor, EventType


@dataclass(frozen=True, slots=True)
class Opened:
    """A new epoch: it shares the events up to number `after` with the one that was restored."""

    epoch: UUID
    after: int


def open_epoch(
    *,
    organization_id: UUID,
    at: datetime,
    actor: Actor,
    backup_made_at: datetime | None = None,
    known: Sequence[Fork] = (),
) -> Opened:
    """Begin a new epoch of an organization that was restored, and record that it was.

    `known`: epochs of the database that was replaced. Those that the restored one has never heard of are put down too,
    so that whoever followed them is told how far they still agree. `backup_made_at`: real time; None if not known.
    """
    with db.transaction():
        counter = EventCounter.objects.select_for_update(no_key=True).filter(organization_id=organization_id).first()
        after = counter.last if counter is not None else 0
        restored, here = queries.present_epoch(organization_id), queries.forks(organization_id)
        opened_at = clock.now()
        strangers = [fork for fork in known if fork.epoch not in here and fork.epoch != organization_id]
        lines = [*strangers, Fork(new_id(), restored, after)]
        FeedEpoch.objects.bulk_create(
            FeedEpoch(
                id=fork.epoch,
                organization_id=organization_id,
                number=number,
                forked_from=fork.forked_from,
                after=fork.after,
                opened_at=opened_at,
            )
            for number, fork in enumerate(lines, start=len(here) + 1)
        )
        events.record(
            events.Happened(
                organization_id=organization_id,
                type=EventType.ORGANIZATION_RESTORED,
                at=at,
                actor=actor,
                data={
                    "epoch": ids.to_text(ids.Prefix.FEED_EPOCH, lines[-1].epoch),
                    "restored_epoch": ids.to_text(ids.Prefix.FEED_EPOCH, restored),
                    "after": after,
                    "backup_made_at": None if backup_made_at is None else instant_text(backup_made_at),
                },
            )
        )
    return Opened(lines[-1].epoch, after)

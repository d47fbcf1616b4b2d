"""What somebody does to their own account concerns every organization they work for, and is recorded in each."""

from tessera.core import ids
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations.models import Staff, User
from tessera.organizations.time import now


def record(what: EventType, user: User, *, actor: Actor | None = None, **data: object) -> None:
    """Record it in each organization the person may work for, at what time it is there. Part of a transaction.

    `actor` None: they did it themselves.
    """
    rows = Staff.objects.filter(user=user, disabled_at=None).select_related("organization").order_by("organization")
    events.record(
        *(
            events.Happened(
                organization_id=row.organization_id,
                type=what,
                at=now(row.organization),
                actor=actor or Actor.staff(row.pk),
                data={"staff": ids.to_text(ids.Prefix.STAFF, row.pk), "role": str(row.role), **data},
            )
            for row in rows
        )
    )

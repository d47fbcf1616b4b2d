"""What somebody does to their own account concerns every organization they work for, and is recorded in each."""

from collections.abc import Mapping
from uuid import UUID

from tessera.core import ids
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations.models import Staff, User
from tessera.organizations.time import now


def record(
    what: EventType,
    user: User,
    *,
    actor: Actor | None = None,
    only: Mapping[UUID, Mapping[str, object]] | None = None,
    **data: object,
) -> None:
    """Record it in each organization the person may work for, at what time it is there. Part of a transaction.

    `actor` None: they did it themselves. `only`: what more is recorded in one organization, by its key.
    """
    rows = Staff.objects.filter(user=user, disabled_at=None).select_related("organization").order_by("organization")
    events.record(
        *(
            events.Happened(
                organization_id=row.organization_id,
                type=what,
                at=now(row.organization),
                actor=actor or Actor.staff(row.pk),
                data={**named(row), **data, **(only or {}).get(row.organization_id, {})},
            )
            for row in rows
        )
    )


def mailing(user: User) -> Staff | None:
    """Return the person at the organization whose mail to them it is: where they have worked longest.

    A test organization for want of others, which writes to nobody; None if they work nowhere.
    """
    rows = Staff.objects.filter(user=user, disabled_at=None).select_related("organization")
    return rows.order_by("organization__is_test", "created_at", "pk").first()


def named(row: Staff) -> dict[str, object]:
    """Return what every event about somebody who works for the organization says of them."""
    return {"staff": ids.to_text(ids.Prefix.STAFF, row.pk), "role": str(row.role)}

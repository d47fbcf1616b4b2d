"""What somebody does to their own account concerns every organization they work for, and is recorded in each."""

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from tessera.core import ids
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations.models import Organization, Staff, User
from tessera.organizations.time import now

_LONGEST: Final = ("organization__is_test", "created_at", "pk")


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
    return rows.order_by(*_LONGEST).first()


def mailed_by(organization: Organization, staff_ids: Collection[UUID]) -> set[UUID]:
    """Return those of the staff whose mail it is the organization's to send, of all they work for. Two queries."""
    rows = Staff.objects.filter(disabled_at=None)
    people = rows.filter(organization=organization, pk__in=staff_ids).values_list("user_id", flat=True)
    first: dict[UUID, UUID] = {}
    for user_id, key in rows.filter(user__in=list(people)).order_by(*_LONGEST).values_list("user_id", "pk"):
        first.setdefault(user_id, key)
    return set(first.values()) & set(staff_ids)


def named(row: Staff) -> dict[str, object]:
    """Return what every event about somebody who works for the organization says of them."""
    return {"staff": ids.to_text(ids.Prefix.STAFF, row.pk), "role": str(row.role)}

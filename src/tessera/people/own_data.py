"""What a customer may ask of the organization about their own record: a copy of it, and that it be deleted.

Deleting itself is `lifecycle`'s. A request waits, shown to staff, until they have done it or it is taken back.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from tessera import db
from tessera.core import ids
from tessera.core.ids import Prefix, new_id
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations.models import Organization
from tessera.people import present
from tessera.people.models import Customer, DeletionRequest


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits to be deleted."""

    customer_id: UUID
    name: str
    asked_at: datetime


def ask_deletion(*, customer: Customer, at: datetime, actor: Actor) -> None:
    """Put down that the customer wants to be deleted. Asked already, nothing is written. Raises CustomerErased."""
    with db.transaction():
        present.locked(customer)
        if asked_at(customer) is not None:
            return
        row = DeletionRequest(id=new_id(), organization_id=customer.organization_id, customer=customer, asked_at=at)
        row.save(force_insert=True)
        _record(EventType.CUSTOMER_DELETION_ASKED, customer, at, actor, request=_ref(row.pk))


def withdraw_deletion(*, customer: Customer, at: datetime, actor: Actor) -> None:
    """Take it back. Not asked, nothing is written. Raises CustomerErased."""
    with db.transaction():
        present.locked(customer)
        rows = list(_open(customer).order_by("id"))
        if not rows:
            return
        _open(customer).update(withdrawn_at=at)
        _record(EventType.CUSTOMER_DELETION_WITHDRAWN, customer, at, actor, request=_ref(rows[0].pk))


def asked_at(customer: Customer) -> datetime | None:
    """Return since when the customer, or a record that was merged into theirs, waits to be deleted. One query."""
    return _open(customer).order_by("asked_at").values_list("asked_at", flat=True).first()


def waiting(organization: Organization, *, limit: int) -> list[Waiting]:
    """Return who waits to be deleted, longest first; who has been archived meanwhile, too. One query."""
    rows = DeletionRequest.objects.filter(organization=organization, withdrawn_at=None)
    rows = rows.select_related("customer__merged_into").order_by("asked_at", "id")
    found: dict[UUID, Waiting] = {}
    for row in rows[: 2 * limit]:
        whose = row.customer.merged_into or row.customer
        found.setdefault(whose.pk, Waiting(whose.pk, whose.name, row.asked_at))
    return list(found.values())[:limit]


def record_download(*, customer: Customer, at: datetime, actor: Actor) -> None:
    """Put down that a copy of the record was taken."""
    with db.transaction():
        _record(EventType.CUSTOMER_DATA_DOWNLOADED, customer, at, actor)


def _open(customer: Customer) -> QuerySet[DeletionRequest]:
    mine = Q(customer=customer) | Q(customer__merged_into=customer)
    return DeletionRequest.objects.filter(mine, organization=customer.organization_id, withdrawn_at=None)


def _ref(key: UUID) -> str:
    return ids.to_text(Prefix.DELETION_REQUEST, key)


def _record(what: EventType, customer: Customer, at: datetime, actor: Actor, **data: object) -> None:
    events.record(
        events.Happened(
            organization_id=customer.organization_id, type=what, at=at, actor=actor, customer_id=customer.pk, data=data
        )
    )

"""Photos of customers and logos of companies: set, replaced, taken away."""

from datetime import datetime
from uuid import UUID

from django.db.models import F

from tessera import db
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.files import services as files
from tessera.files.types import Kind
from tessera.people.models import Company, Customer
from tessera.people.present import refuse_gone


def set_photo(*, customer: Customer, content: bytes, at: datetime, actor: Actor) -> None:
    """Give a customer a photo, in place of the one they may have. The same one again changes nothing.

    Raises CustomerMerged, CustomerErased; what `files.written` raises for a file that is no picture.
    """
    picture = files.written(
        content, organization=customer.organization, kind=Kind.CUSTOMER, instead_of=customer.photo_id, at=at
    )
    if picture is not None:
        with db.transaction():
            files.keep(picture)
            _change(customer, "photo", picture.pk, at, actor)


def remove_photo(*, customer: Customer, at: datetime, actor: Actor) -> None:
    """Take a customer's photo away. Without one, nothing happens. Raises CustomerMerged, CustomerErased."""
    with db.transaction():
        _change(customer, "photo", None, at, actor)


def set_logo(*, company: Company, content: bytes, at: datetime, actor: Actor) -> None:
    """Give a company a logo, in place of the one it may have. The same one again changes nothing.

    Raises what `files.written` raises for a file that is no picture.
    """
    picture = files.written(
        content, organization=company.organization, kind=Kind.COMPANY, instead_of=company.logo_id, at=at
    )
    if picture is not None:
        with db.transaction():
            files.keep(picture)
            _change(company, "logo", picture.pk, at, actor)


def remove_logo(*, company: Company, at: datetime, actor: Actor) -> None:
    """Take a company's logo away. Without one, nothing happens."""
    with db.transaction():
        _change(company, "logo", None, at, actor)


def _change(row: Customer | Company, column: str, picture: UUID | None, at: datetime, actor: Actor) -> None:
    """Write another picture, or none, to the record as it is now, and give up the one before."""
    of_customer = isinstance(row, Customer)
    rows = (Customer if of_customer else Company).objects.filter(pk=row.pk)
    present = rows.select_for_update(no_key=True).get()
    if isinstance(present, Customer):
        refuse_gone(present)
    before: UUID | None = getattr(present, f"{column}_id")
    if before == picture:
        return
    rows.update(**{column: picture}, version=F("version") + 1)
    files.give_up(before)
    events.record(
        events.Happened(
            organization_id=present.organization_id,
            type=EventType.CUSTOMER_UPDATED if of_customer else EventType.COMPANY_UPDATED,
            at=at,
            actor=actor,
            customer_id=present.pk if of_customer else None,
            company_id=None if of_customer else present.pk,
            data={"fields": [column]},
        )
    )

"""Photos of customers and logos of companies: set, replaced, taken away."""

from datetime import datetime
from uuid import UUID

from django.db.models import F

from tessera import db
from tessera.core import ids
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.files import services as files
from tessera.files.types import Kind
from tessera.people.errors import CustomerMerged
from tessera.people.models import Company, Customer


def set_photo(*, customer: Customer, content: bytes, at: datetime, actor: Actor) -> None:
    """Give a customer a photo, in place of the one they may have. The same one again changes nothing.

    Raises CustomerMerged; what `files.written` raises for a file that is no picture.
    """
    picture = files.written(
        content, organization=customer.organization, kind=Kind.CUSTOMER, instead_of=customer.photo_id, at=at
    )
    if picture is not None:
        with db.transaction():
            files.keep(picture)
            _change_photo(customer, picture.pk, at, actor)


def remove_photo(*, customer: Customer, at: datetime, actor: Actor) -> None:
    """Take a customer's photo away. Without one, nothing happens. Raises CustomerMerged."""
    with db.transaction():
        _change_photo(customer, None, at, actor)


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
            _change_logo(company, picture.pk, at, actor)


def remove_logo(*, company: Company, at: datetime, actor: Actor) -> None:
    """Take a company's logo away. Without one, nothing happens."""
    with db.transaction():
        _change_logo(company, None, at, actor)


def _change_photo(customer: Customer, photo: UUID | None, at: datetime, actor: Actor) -> None:
    present = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    if present.merged_into_id is not None:
        raise CustomerMerged(
            f"{present.name} has been merged into another customer",
            into=ids.to_text(ids.Prefix.CUSTOMER, present.merged_into_id),
        )
    before = present.photo_id
    if before == photo:
        return
    Customer.objects.filter(pk=present.pk).update(photo=photo, version=F("version") + 1)
    files.give_up(before)
    events.record(
        events.Happened(
            organization_id=present.organization_id,
            type=EventType.CUSTOMER_UPDATED,
            at=at,
            actor=actor,
            customer_id=present.pk,
            data={"fields": ["photo"]},
        )
    )


def _change_logo(company: Company, logo: UUID | None, at: datetime, actor: Actor) -> None:
    present = Company.objects.select_for_update(no_key=True).get(pk=company.pk)
    before = present.logo_id
    if before == logo:
        return
    Company.objects.filter(pk=present.pk).update(logo=logo, version=F("version") + 1)
    files.give_up(before)
    events.record(
        events.Happened(
            organization_id=present.organization_id,
            type=EventType.COMPANY_UPDATED,
            at=at,
            actor=actor,
            company_id=present.pk,
            data={"fields": ["logo"]},
        )
    )

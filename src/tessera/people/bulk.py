"""Making many customers known at once: validated, numbered and written by the block, with an event for each.

Whatever is to be kept beside a new customer, by whichever way they come, is written here and in `services`.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Unpack
from uuid import UUID

from django.db import connection
from django.db.models import Model

from tessera import db
from tessera.core.ids import new_id
from tessera.db import bulk
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations.models import Organization
from tessera.people import numbers, services
from tessera.people.details import email_key
from tessera.people.models import Customer, CustomerEmail, CustomerPhone
from tessera.people.numbers import Series
from tessera.people.types import CustomerDetails, CustomerStatus, Source


@dataclass(frozen=True, slots=True)
class Draft:
    """A customer to be: what is told of them, in the form it is kept in. Without a `number` the next is given."""

    told: CustomerDetails
    number: str | None = None

    @property
    def email_keys(self) -> list[str]:
        return [email_key(each.address) for each in self.told.get("emails", ())]

    @property
    def verified_keys(self) -> list[str]:
        return [email_key(each.address) for each in self.told.get("emails", ()) if each.verified]


@dataclass(slots=True)
class Known:
    """Who is known already by external id, number or e-mail; who was merged is the one they were merged into."""

    by_external_id: dict[str, Customer] = field(default_factory=dict)
    by_number: dict[str, Customer] = field(default_factory=dict)
    by_email: dict[str, dict[UUID, Customer]] = field(default_factory=dict)
    by_verified: dict[str, Customer] = field(default_factory=dict)


def draft(
    organization: Organization, *, at: datetime, number: str | None = None, **given: Unpack[CustomerDetails]
) -> Draft:
    """Return what is told of a customer in the form it is kept in. Nothing is read or written.

    Raises NumberInvalid, and what `details` raises for a field it cannot read.
    """
    told = services.customer_details(given, organization, at)
    return Draft(told, None if number is None else numbers.chosen(number))


def check_complete(one: Draft) -> None:
    """Raises CustomerIncomplete if what is told is not enough for a new customer."""
    told = one.told
    person = Customer(first_name=told.get("first_name", ""), last_name=told.get("last_name", ""))
    services.check_complete(person, told.get("emails"), told.get("phones"))


def known(organization: Organization, drafts: Collection[Draft]) -> Known:
    """Return who of the organization has an external id, number or e-mail of one of these. At most four queries."""
    found = Known()
    externals = {each.told["external_id"] for each in drafts if each.told.get("external_id")}
    chosen = {each.number for each in drafts if each.number is not None}
    keys = {key for each in drafts for key in each.email_keys}
    of_club = Customer.objects.filter(organization=organization).select_related("merged_into")
    if externals:
        for row in of_club.filter(external_id__in=externals):
            found.by_external_id[row.external_id or ""] = survivor(row, organization)
    if chosen:
        for row in of_club.filter(number__in=chosen):
            found.by_number[row.number] = survivor(row, organization)
    if keys:
        rows = CustomerEmail.objects.filter(organization=organization, key__in=keys)
        for address in rows.select_related("customer__merged_into"):
            person = survivor(address.customer, organization)
            found.by_email.setdefault(address.key, {})[person.pk] = person
            if address.verified_at is not None:
                found.by_verified[address.key] = person
    return found


def survivor(row: Customer, organization: Organization) -> Customer:
    """Return the customer that this one is now."""
    while row.merged_into is not None:
        row = row.merged_into
    row.organization = organization
    return row


def create_customers(
    *, organization: Organization, drafts: Sequence[Draft], at: datetime, actor: Actor, source: Source
) -> list[Customer]:
    """Make people known, in one transaction with an event for each, and return them in the same order.

    As many customers by `services.create_customer`, in a few statements. What is incomplete is for `check_complete`.

    Raises IntegrityError if a number, an external id or a verified address is somebody's already; then nothing is kept.
    """
    with db.transaction():
        free = iter(_numbers(organization, drafts))
        people = [
            Customer(
                id=new_id(),
                organization=organization,
                number=one.number or next(free),
                status=CustomerStatus.ACTIVE,
                source=source,
                created_at=at,
                **{name: value for name, value in one.told.items() if name not in ("emails", "phones")},
            )
            for one in drafts
        ]
        for person in people:
            person.name_key = services.customer_key(person)
        _insert(Customer, people)
        _insert(CustomerEmail, _emails(people, drafts, at))
        _insert(CustomerPhone, _phones(people, drafts))
        events.record(
            *(
                events.Happened(
                    organization_id=organization.pk,
                    type=EventType.CUSTOMER_CREATED,
                    at=at,
                    actor=actor,
                    customer_id=person.pk,
                    data={"source": source.value},
                )
                for person in people
            )
        )
    return people


def _numbers(organization: Organization, drafts: Sequence[Draft]) -> list[str]:
    """The numbers of those who have not chosen one; none of those that were chosen is ever given out."""
    chosen = [each.number for each in drafts if each.number is not None]
    numbers.reserve_all(chosen, Series.CUSTOMER, organization_id=organization.pk)
    many = len(drafts) - len(chosen)
    return numbers.take_many(Series.CUSTOMER, many, organization_id=organization.pk) if many else []


def _emails(people: Sequence[Customer], drafts: Sequence[Draft], at: datetime) -> Iterable[CustomerEmail]:
    for person, one in zip(people, drafts, strict=True):
        for position, each in enumerate(one.told.get("emails", ())):
            yield CustomerEmail(
                organization_id=person.organization_id,
                customer_id=person.pk,
                address=each.address,
                key=email_key(each.address),
                verified_at=at if each.verified else None,
                position=position,
            )


def _phones(people: Sequence[Customer], drafts: Sequence[Draft]) -> Iterable[CustomerPhone]:
    for person, one in zip(people, drafts, strict=True):
        for position, number in enumerate(one.told.get("phones", ())):
            yield CustomerPhone(
                organization_id=person.organization_id, customer_id=person.pk, number=number, position=position
            )


def _insert(model: type[Model], rows: Iterable[Model]) -> None:
    """Write new rows with all their columns but a key that the database makes."""
    columns = [each for each in model._meta.concrete_fields if each.name != "id" or each.has_default()]
    values: list[list[Any]] = [
        [each.get_db_prep_save(getattr(row, each.attname), connection) for each in columns] for row in rows
    ]
    if values:
        bulk.insert(model, [connection.ops.quote_name(each.column or "") for each in columns], values)

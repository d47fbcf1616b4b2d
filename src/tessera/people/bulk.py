"""Making many customers known at once: validated, numbered and written by the block, with an event for each.

Whatever is to be kept beside a new customer, by whichever way they come, is written here and in `services`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Unpack
from uuid import UUID

from django.db import connection

from tessera import db
from tessera.core.ids import new_id
from tessera.db import bulk
from tessera.db.written import one_of_these
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations.models import Organization
from tessera.people import numbers, searching, services
from tessera.people.details import email_key, tag_key
from tessera.people.models import Customer, CustomerEmail, CustomerPhone, CustomerTag
from tessera.people.numbers import Series
from tessera.people.types import CustomerDetails, CustomerStatus, Source

_COLUMNS: Final = (
    *("id", "organization_id", "number", "external_id", "first_name", "last_name", "display_name", "name_key"),
    *("birthday", "locale", "marketing_consent", "status", "ban_reason", "source", "merged_into_id", "version"),
    "created_at",
)
_EMAIL_COLUMNS: Final = ("organization_id", "customer_id", "address", "key", "verified_at", "position")
_PHONE_COLUMNS: Final = ("organization_id", "customer_id", "number", "position")
_TAG_COLUMNS: Final = ("organization_id", "customer_id", "tag", "key")


@dataclass(frozen=True, slots=True)
class Draft:
    """A customer to be: what is told of them, in the form it is kept in. Without a `number` the next is given."""

    told: CustomerDetails
    number: str | None
    email_keys: tuple[str, ...]

    @property
    def verified_keys(self) -> list[str]:
        return [key for key, each in zip(self.email_keys, self.told.get("emails", ()), strict=True) if each.verified]


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
    keys = tuple(email_key(each.address) for each in told.get("emails", ()))
    return Draft(told, None if number is None else numbers.chosen(number), keys)


def check_complete(one: Draft) -> None:
    """Raises CustomerIncomplete if what is told is not enough for a new customer."""
    told = one.told
    first, last = told.get("first_name", ""), told.get("last_name", "")
    services.check_complete(first, last, told.get("emails"), told.get("phones"))


def known(organization: Organization, drafts: Collection[Draft]) -> Known:
    """Return who of the organization has an external id, number or e-mail of one of these. At most four queries."""
    found = Known()
    externals = {external for each in drafts if (external := each.told.get("external_id"))}
    chosen = {each.number for each in drafts if each.number is not None}
    keys = {key for each in drafts for key in each.email_keys}
    of_club = Customer.objects.filter(organization=organization).select_related("merged_into")
    if externals:
        for row in of_club.filter(one_of_these(externals, "external_id")):
            found.by_external_id[row.external_id or ""] = survivor(row, organization)
    if chosen:
        for row in of_club.filter(one_of_these(chosen, "number")):
            found.by_number[row.number] = survivor(row, organization)
    if keys:
        rows = CustomerEmail.objects.filter(one_of_these(keys, "key"), organization=organization)
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
        people = [_customer(organization, one, one.number or next(free), at, source) for one in drafts]
        prepare, instant = Customer._meta.pk.get_db_prep_value, connection.ops.adapt_datetimefield_value
        keys = [prepare(person.pk, connection) for person in people]
        whose, when = prepare(organization.pk, connection), instant(at)
        bulk.insert(
            Customer, _COLUMNS, [(key, whose, *_values(person), when) for key, person in zip(keys, people, strict=True)]
        )
        bulk.insert(
            CustomerEmail,
            _EMAIL_COLUMNS,
            [
                (whose, key, each.address, one.email_keys[position], when if each.verified else None, position)
                for key, one in zip(keys, drafts, strict=True)
                for position, each in enumerate(one.told.get("emails", ()))
            ],
        )
        bulk.insert(
            CustomerPhone,
            _PHONE_COLUMNS,
            [
                (whose, key, number, position)
                for key, one in zip(keys, drafts, strict=True)
                for position, number in enumerate(one.told.get("phones", ()))
            ],
        )
        bulk.insert(
            CustomerTag,
            _TAG_COLUMNS,
            [
                (whose, key, each, tag_key(each))
                for key, one in zip(keys, drafts, strict=True)
                for each in one.told.get("tags", ())
            ],
        )
        searching.customers_made([_found_by(person, one) for person, one in zip(people, drafts, strict=True)])
        told = {"source": source.value}
        events.record(
            *(
                events.Happened(
                    organization.pk, EventType.CUSTOMER_CREATED, at, actor, customer_id=person.pk, data=told
                )
                for person in people
            )
        )
    return people


def _customer(organization: Organization, one: Draft, number: str, at: datetime, source: Source) -> Customer:
    person = Customer(
        id=new_id(),
        organization=organization,
        number=number,
        status=CustomerStatus.ACTIVE,
        source=source,
        created_at=at,
        **{name: value for name, value in one.told.items() if name not in ("emails", "phones", "tags")},
    )
    person.name_key = services.customer_key(person)
    return person


def _found_by(person: Customer, one: Draft) -> tuple[UUID, UUID, str]:
    emails = [each.address for each in one.told.get("emails", ())]
    text = searching.text_of(person.name_key, person.number, person.external_id, emails, one.told.get("phones", ()))
    return person.pk, person.organization_id, text


def _values(person: Customer) -> tuple[object, ...]:
    """The values of the middle of `_COLUMNS`, as the driver takes them."""
    day = connection.ops.adapt_datefield_value(person.birthday) if person.birthday is not None else None
    return (
        person.number,
        person.external_id,
        person.first_name,
        person.last_name,
        person.display_name,
        person.name_key,
        day,
        person.locale,
        person.marketing_consent,
        str(person.status),
        "",
        str(person.source),
        None,
        1,
    )


def _numbers(organization: Organization, drafts: Sequence[Draft]) -> list[str]:
    """The numbers of those who have not chosen one; none of those that were chosen is ever given out."""
    chosen = [each.number for each in drafts if each.number is not None]
    numbers.reserve_all(chosen, Series.CUSTOMER, organization_id=organization.pk)
    many = len(drafts) - len(chosen)
    return numbers.take_many(Series.CUSTOMER, many, organization_id=organization.pk) if many else []

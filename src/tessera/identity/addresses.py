"""The e-mail addresses that a customer signs in by: another one is theirs once they have entered a code sent to it."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from tessera import db
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.identity import codes
from tessera.identity.types import Proven
from tessera.organizations import former_emails
from tessera.organizations.models import Organization
from tessera.people import contacts
from tessera.people import services as people
from tessera.people.details import email_key
from tessera.people.models import Customer
from tessera.people.present import locked
from tessera.people.types import Email


def change_address(
    *, organization: Organization, customer: Customer, proven: Proven, at: datetime, actor: Actor
) -> Customer:
    """Let the address that was proved take the place of the one that is written to. The proof is used up.

    One that the customer has already moves there, and is verified. Others stay. The one that was written to before is
    told, if it is another. Raises CodeVoid if the proof counts no more; EmailTaken if somebody else has verified the
    address; CustomerMerged; and what `update_customer` raises.
    """
    with db.transaction():
        codes.spend(organization, proven)
        # Locked before it is read: of two changes at once, the second finds, and tells, the address of the first.
        locked(customer)
        known = contacts.emails_of(customer)
        key = email_key(proven.address)
        others = [each for each in known[1:] if email_key(each.address) != key]
        changed = people.update_customer(
            customer=customer, at=at, actor=actor, emails=[Email(proven.address, verified=True), *others]
        )
        if known and email_key(known[0].address) != key:
            _tell_former(organization, changed, known[0].address, at=at, actor=actor)
        return changed


def proven_addresses(customer_id: UUID, *, organization: Organization) -> list[str]:
    """Return the customer's verified addresses, the one that is written to first. One query."""
    customer = Customer(pk=customer_id, organization=organization)
    return [each.address for each in contacts.emails_of(customer) if each.verified]


def note_other(customer: Customer, *, at: datetime) -> None:
    """Record that the customer has just signed in by another address than the one written to, for the first time.

    Part of the transaction in which that address becomes theirs.
    """
    _record(EventType.CUSTOMER_OTHER_EMAIL_PROVED, customer, at=at, actor=Actor.customer(customer.pk), data={})


def _tell_former(organization: Organization, customer: Customer, address: str, *, at: datetime, actor: Actor) -> None:
    """Keep the address apart from the record, and record that it is to be told (`notices`)."""
    former = former_emails.keep(organization=organization, whose=customer.pk, address=address, locale=customer.locale)
    _record(EventType.CUSTOMER_EMAIL_CHANGED, customer, at=at, actor=actor, data={"former": former})


def _record(what: EventType, customer: Customer, *, at: datetime, actor: Actor, data: Mapping[str, object]) -> None:
    events.record(
        events.Happened(
            organization_id=customer.organization_id, type=what, at=at, actor=actor, customer_id=customer.pk, data=data
        )
    )

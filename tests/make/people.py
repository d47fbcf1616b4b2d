"""Customers, companies, who belongs where, and notes."""

from collections.abc import Sequence
from datetime import datetime

from tessera.organizations.models import Organization, Staff
from tessera.people import contacts, numbers, searching
from tessera.people.models import Affiliation, Company, Customer, CustomerEmail, CustomerPhone, Note
from tessera.people.names import name_key
from tessera.people.types import CompanyStatus, CustomerStatus, Source, Via
from tests.make.basics import ACTOR, JAN_10, serials

_FIRST_NAMES = ("Ada", "Bruno", "Chidi", "Dalia", "Edith", "Femi", "Grace", "Hugo", "Ines", "Jonas")
_LAST_NAMES = ("Ashby", "Brandt", "Coker", "Delacroix", "Eriksen", "Fontaine", "Gallagher")


def customer(
    club: Organization,
    *,
    first_name: str | None = None,
    last_name: str | None = None,
    display_name: str = "",
    emails: Sequence[str] = (),
    verified_emails: Sequence[str] = (),
    phones: Sequence[str] = (),
    external_id: str | None = None,
    number: str | None = None,
    status: CustomerStatus = CustomerStatus.ACTIVE,
    ban_reason: str = "",
    merged_into: Customer | None = None,
    tags: Sequence[str] = (),
    created_at: datetime = JAN_10,
) -> Customer:
    """A person with a name of their own; `verified_emails` come after `emails`."""
    serial = next(serials)
    first = _FIRST_NAMES[serial % len(_FIRST_NAMES)] if first_name is None else first_name
    last = _LAST_NAMES[serial % len(_LAST_NAMES)] if last_name is None else last_name
    own_number = number or numbers.take(numbers.Series.CUSTOMER, organization_id=club.pk)
    person = Customer.objects.create(
        organization=club,
        number=own_number,
        external_id=external_id,
        first_name=first,
        last_name=last,
        display_name=display_name,
        name_key=name_key(display_name or f"{first} {last}".strip() or own_number, first, last),
        status=status,
        ban_reason=ban_reason or ("Broke the rules" if status == CustomerStatus.BANNED else ""),
        source=Source.STAFF,
        merged_into=merged_into,
        created_at=created_at,
    )
    for position, address in enumerate([*emails, *verified_emails]):
        CustomerEmail.objects.create(
            organization=club,
            customer=person,
            address=address,
            key=address.casefold(),
            verified_at=created_at if address in verified_emails else None,
            position=position,
        )
    for position, phone in enumerate(phones):
        CustomerPhone.objects.create(organization=club, customer=person, number=phone, position=position)
    contacts.write_tags(person, tags)
    searching.index_customers([person.pk])
    return person


def company(
    club: Organization,
    name: str | None = None,
    *,
    external_id: str | None = None,
    number: str | None = None,
    email: str = "",
    phone: str = "",
    email_domains: Sequence[str] = (),
    tags: Sequence[str] = (),
    status: CompanyStatus = CompanyStatus.ACTIVE,
    created_at: datetime = JAN_10,
) -> Company:
    """A company with a name of its own."""
    trading_name = name or f"Acme {next(serials)} Ltd"
    firm = Company.objects.create(
        organization=club,
        number=number or numbers.take(numbers.Series.COMPANY, organization_id=club.pk),
        external_id=external_id,
        name=trading_name,
        name_key=name_key(trading_name),
        email=email,
        phone=phone,
        email_domains=list(email_domains),
        tags=list(tags),
        status=status,
        created_at=created_at,
    )
    contacts.write_tags(firm, tags)
    searching.index_companies([firm.pk])
    return firm


def affiliation(
    person: Customer,
    employer: Company,
    *,
    starts_at: datetime = JAN_10,
    ends_at: datetime | None = None,
    recorded_at: datetime | None = None,
    title: str = "",
    company_admin: bool = False,
    primary_contact: bool = False,
    via: Via = Via.STAFF,
) -> Affiliation:
    """The person belongs to the company over `[starts_at, ends_at)`; recorded when it starts unless told."""
    recorded = recorded_at or starts_at
    return Affiliation.objects.create(
        organization_id=person.organization_id,
        customer=person,
        company=employer,
        starts_at=starts_at,
        ends_at=ends_at,
        recorded_at=recorded,
        queue_at=max(starts_at, recorded),
        title=title,
        company_admin=company_admin,
        primary_contact=primary_contact,
        via=via,
    )


def employee(employer: Company, *, starts_at: datetime = JAN_10, ends_at: datetime | None = None) -> Customer:
    """A new person who belongs to the company."""
    person = customer(employer.organization)
    affiliation(person, employer, starts_at=starts_at, ends_at=ends_at)
    return person


def note(about: Customer | Company, *, text: str = "Prefers the window", by: Staff | None = None) -> Note:
    """A note about somebody or a company."""
    return Note.objects.create(
        organization_id=about.organization_id,
        customer=about if isinstance(about, Customer) else None,
        company=about if isinstance(about, Company) else None,
        text=text,
        author=ACTOR,
        written_by=by,
        written_at=JAN_10,
    )

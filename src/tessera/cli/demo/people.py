"""Two thousand made-up people and forty companies, as rows and the events of their making."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from tessera.cli.demo.diary import Story
from tessera.cli.demo.ledger import insert
from tessera.cli.demo.names import COMPANIES, FIRST_NAMES, LAST_NAMES
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations.models import Organization
from tessera.people import contacts, numbers, searching
from tessera.people.details import email_key
from tessera.people.models import Company, Customer, CustomerEmail, CustomerPhone
from tessera.people.names import name_key
from tessera.people.numbers import Series
from tessera.people.types import CompanyStatus, CustomerStatus, Source

_MAIL_HOSTS = ("post.example", "mail.example", "inbox.example")
# Numbers that no network will ever connect: set aside for drama by the British regulator.
_PHONES = ("+447700900", "+442079460")


@dataclass(frozen=True, slots=True)
class Arrival:
    """When somebody becomes known, and how."""

    at: datetime
    source: Source


_TAGS = ("Press", "Founding member", "Volunteer", "Speaker")


def make_customers(organization: Organization, arrivals: Sequence[Arrival], rng: Random) -> list[Customer]:
    """Write one customer for each arrival, which are in order of time, numbered in that order; return them."""
    customers: list[Customer] = []
    emails: list[CustomerEmail] = []
    phones: list[CustomerPhone] = []
    taken: set[str] = set()
    for place, arrival in enumerate(arrivals, start=1):
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        row = Customer(
            organization=organization,
            number=f"{Series.CUSTOMER}-{place:06}",
            external_id=f"app-{40_000 + place}" if arrival.source in (Source.SIGNUP, Source.API) else None,
            first_name=first,
            last_name=last,
            name_key=name_key(f"{first} {last}", first, last),
            birthday=_birthday(arrival.at.date(), rng) if rng.random() < 0.6 else None,
            locale=rng.choice(("en-GB", "en-GB", "en-GB", "fr-FR", "pl-PL", "es-ES")) if rng.random() < 0.3 else "",
            marketing_consent=rng.random() < 0.45,
            status=CustomerStatus.ACTIVE,
            source=arrival.source,
            created_at=arrival.at,
        )
        customers.append(row)
        if arrival.source != Source.STAFF or rng.random() < 0.85:
            address = _address(first, last, taken, rng)
            verified_at = arrival.at if arrival.source == Source.SIGNUP else None
            emails.append(
                CustomerEmail(
                    organization=organization,
                    customer=row,
                    address=address,
                    key=email_key(address),
                    verified_at=verified_at,
                    position=0,
                )
            )
        if rng.random() < 0.55:
            number = f"{_PHONES[place // 1_000 % 2]}{place % 1_000:03}"
            phones.append(CustomerPhone(organization=organization, customer=row, number=number, position=0))
    insert(customers)
    insert(emails)
    insert(phones)
    for row in customers:
        if rng.random() < 0.12:
            contacts.write_tags(row, [rng.choice(_TAGS)])
    searching.index_customers([row.pk for row in customers])
    numbers.reserve(customers[-1].number, Series.CUSTOMER, organization_id=organization.pk)
    return customers


def make_companies(organization: Organization, arrivals: Sequence[datetime], rng: Random) -> list[Company]:
    """Write one company for each arrival, which are in order of time, numbered in that order; return them."""
    companies = []
    for place, (at, name) in enumerate(zip(arrivals, rng.sample(COMPANIES, len(arrivals)), strict=True), start=1):
        domain = f"{_plain(name)}.example"
        companies.append(
            Company(
                organization=organization,
                number=f"{Series.COMPANY}-{place:06}",
                name=name,
                legal_name=f"{name} Ltd" if rng.random() < 0.6 else "",
                email=f"office@{domain}",
                phone=f"{_PHONES[1]}{900 + place:03}",
                websites=[f"https://{domain}"],
                email_domains=[domain],
                tags=rng.sample(("media", "tech", "food", "arts", "health", "neighbour"), rng.randrange(3)),
                status=CompanyStatus.ACTIVE,
                created_at=at,
            )
        )
    for company in companies:
        company.name_key = name_key(company.name, company.legal_name)
    insert(companies)
    searching.index_companies([row.pk for row in companies])
    for company in companies:
        contacts.write_tags(company, company.tags)
    numbers.reserve(companies[-1].number, Series.COMPANY, organization_id=organization.pk)
    return companies


def customer_arrives(customer: Customer, actor: Actor) -> Story:
    """Record that the customer was made."""
    yield customer.created_at
    events.record(
        events.Happened(
            organization_id=customer.organization_id,
            type=EventType.CUSTOMER_CREATED,
            at=customer.created_at,
            actor=actor,
            customer_id=customer.pk,
            data={"source": Source(customer.source).value},
        )
    )


def company_arrives(company: Company, actor: Actor) -> Story:
    """Record that the company was made."""
    yield company.created_at
    events.record(
        events.Happened(
            organization_id=company.organization_id,
            type=EventType.COMPANY_CREATED,
            at=company.created_at,
            actor=actor,
            company_id=company.pk,
        )
    )


def _birthday(day: date, rng: Random) -> date:
    return date(day.year - rng.randrange(19, 76), 1, 1) + timedelta(days=rng.randrange(365))


def _address(first: str, last: str, taken: set[str], rng: Random) -> str:
    stem, host = f"{_plain(first)}.{_plain(last)}", rng.choice(_MAIL_HOSTS)
    address, other = f"{stem}@{host}", 1
    while address in taken:
        other += 1
        address = f"{stem}{other}@{host}"
    taken.add(address)
    return address


def _plain(text: str) -> str:
    """The letters and digits of a name, without accents: what addresses are made of."""
    letters = unicodedata.normalize("NFKD", text.casefold()).replace("ø", "o").replace("ł", "l")
    return "".join(character for character in letters if character.isascii() and character.isalnum())

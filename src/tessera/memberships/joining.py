"""Letting many join a company by a list of their addresses: said before for each of them, then done once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db.models import Q

from tessera import db
from tessera.core.errors import TesseraError
from tessera.core.phrases import phrase, said
from tessera.events.types import Actor
from tessera.memberships import inheritance
from tessera.memberships.errors import HolderArchived
from tessera.memberships.held import lock
from tessera.organizations.models import Organization
from tessera.people import services as people
from tessera.people.address_lists import Entry
from tessera.people.models import Affiliation, Company, Customer, CustomerEmail
from tessera.people.types import CompanyStatus, CustomerStatus, Email, Source, Via

MOST_NAMED: Final = 5


class Fate(StrEnum):
    """What becomes of one entry of a list."""

    LINKS = "links"  # somebody known, who is linked
    NEW = "new"  # nobody known: a customer is added, and linked
    BELONGS = "belongs"  # linked already, now or planned: nothing is done
    SEVERAL = "several"  # several customers have the address
    BANNED = "banned"
    ARCHIVED = "archived"
    TWICE = "twice"  # an earlier entry of the list is the same person
    UNREADABLE = "unreadable"


WELCOME: Final = frozenset({Fate.LINKS, Fate.NEW})


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry and what becomes of it. `customers` are those who have the address, at most five of them."""

    entry: Entry
    fate: Fate
    customers: tuple[Customer, ...] = ()


def placed(company: Company, entries: Sequence[Entry], at: datetime) -> list[Placed]:
    """Return what would become of each entry of a list at `at`. Three queries, and one for each chain of merges."""
    known = _known(company.organization_id, {each.key for each in entries if each.key})
    people = {person.pk for having in known.values() for person in having}
    belonging = set(
        Affiliation.objects.filter(company=company, customer__in=people)
        .filter(Q(ends_at=None) | Q(ends_at__gt=at))
        .values_list("customer_id", flat=True)
    )
    seen: Counter[UUID | str] = Counter()
    return [_placed(entry, known.get(entry.key, ()), belonging, seen) for entry in entries]


def join_list(*, company: Company, entries: Sequence[Entry], at: datetime, actor: Actor) -> list[Placed]:
    """Link everybody of a list to the company, adding whoever is not known; return what became of each entry.

    All or nothing, in one transaction. Sent twice, also at once, it links once: whoever belongs to the company by then
    is left alone. An address that is new is given to one new customer, with the name beside it or else what stands
    before the @.

    Raises HolderArchived if the company is archived.
    """
    organization = Organization.objects.get(pk=company.organization_id)
    with db.transaction():
        present = _lock_in_order(company, [each for row in placed(company, entries, at) for each in row.customers])
        if present.status == CompanyStatus.ARCHIVED:
            raise HolderArchived("this company is archived; restore it first")
        done = placed(company, entries, at)
        for row in done:
            if row.fate in WELCOME:
                person = row.customers[0] if row.customers else _added(organization, row.entry, at, actor)
                inheritance.join_company(customer=person, company=company, at=at, actor=actor, via=Via.STAFF)
    return done


def _lock_in_order(company: Company, people: Sequence[Customer]) -> Company:
    """Lock the company and the people in the order of their ids, and return the company as it is now."""
    found = company
    holders: dict[UUID, Customer | Company] = {company.pk: company, **{each.pk: each for each in people}}
    for _key, holder in sorted(holders.items()):
        locked = lock(holder)
        if isinstance(locked, Company):
            found = locked
    return found


def _added(organization: Organization, entry: Entry, at: datetime, actor: Actor) -> Customer:
    first, last = entry.first_name, entry.last_name
    try:
        return people.create_customer(
            organization=organization,
            at=at,
            actor=actor,
            source=Source.STAFF,
            first_name=first,
            last_name=last,
            display_name="" if first or last else entry.address.partition("@")[0][:200],
            emails=[Email(entry.address)],
        )
    except TesseraError as refusal:
        raise type(refusal)(
            said("{address}: {reason}", address=entry.address, reason=phrase(refusal.detail)),
            pointer="/list",
            **refusal.extra,
        ) from refusal


def _placed(entry: Entry, having: Sequence[Customer], belonging: set[UUID], seen: Counter[UUID | str]) -> Placed:
    if not entry.key:
        return Placed(entry, Fate.UNREADABLE)
    if len(having) > 1:
        return Placed(entry, Fate.SEVERAL, tuple(having[:MOST_NAMED]))
    who = having[0].pk if having else entry.key
    seen[who] += 1
    if seen[who] > 1:
        return Placed(entry, Fate.TWICE, tuple(having))
    if not having:
        return Placed(entry, Fate.NEW)
    (person,) = having
    fate = _UNWELCOME.get(CustomerStatus(person.status), Fate.LINKS)
    return Placed(entry, Fate.BELONGS if person.pk in belonging else fate, (person,))


def _known(organization_id: UUID, keys: set[str]) -> dict[str, list[Customer]]:
    """Return who has each address; who was merged into another one is that one."""
    rows = CustomerEmail.objects.filter(organization_id=organization_id, key__in=keys).values_list("key", "customer_id")
    pairs = list(rows.order_by("key", "customer_id"))
    people = _survivors(organization_id, {customer_id for _key, customer_id in pairs})
    found: dict[str, dict[UUID, Customer]] = {}
    for key, customer_id in pairs:
        person = people[customer_id]
        found.setdefault(key, {})[person.pk] = person
    return {key: list(each.values()) for key, each in found.items()}


def _survivors(organization_id: UUID, keys: set[UUID]) -> dict[UUID, Customer]:
    """Return each of these customers by their key, or whom they were merged into."""
    found: dict[UUID, Customer] = {}
    wanted = keys
    while wanted:
        rows = list(Customer.objects.filter(organization_id=organization_id, pk__in=wanted))
        found |= {row.pk: row for row in rows}
        wanted = {row.merged_into_id for row in rows if row.merged_into_id is not None} - found.keys()
    return {key: _survivor(found[key], found) for key in keys}


def _survivor(customer: Customer, people: dict[UUID, Customer]) -> Customer:
    while customer.merged_into_id is not None:
        customer = people[customer.merged_into_id]
    return customer


_UNWELCOME: Final = {CustomerStatus.BANNED: Fate.BANNED, CustomerStatus.ARCHIVED: Fate.ARCHIVED}

"""The lists that can be exported: for each its columns, what it can be narrowed by, and where its rows come from.

Columns of what can be imported are called as its fields are, so that an export is an import of its own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import phonenumbers
from django.utils.translation import gettext_lazy as _

from tessera.core import ids, money
from tessera.core.ids import Prefix
from tessera.core.phrases import said
from tessera.events import queries as events
from tessera.events.queries import EventLine
from tessera.http.cursors import LARGEST_PAGE, paginate
from tessera.memberships import queries as memberships
from tessera.memberships.filters import CompanyFilter, CustomerFilter, MembershipFilter
from tessera.memberships.narrowing import companies_of, customers_of, memberships_of
from tessera.memberships.views import MembershipView
from tessera.organizations.models import Organization
from tessera.organizations.rights import Right
from tessera.organizations.time import zone as zone_of
from tessera.people import queries as people
from tessera.people import selections
from tessera.people.queries import Affiliated, CompanyFacts, CustomerFacts
from tessera.people.types import Belonging
from tessera.plans import queries as plans
from tessera.plans.queries import PlanFacts
from tessera.transfer.cells import listed
from tessera.transfer.errors import ListUnknown
from tessera.transfer.narrowed import end_of, key_of, one_of, types_of, understood

T = TypeVar("T")
_BY_AGE: Final = ("created_at", "id")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What of a list: narrowed by filters, as the address of the list's page has them, or these alone."""

    organization: Organization
    at: datetime
    filters: Mapping[str, str]
    selection: Sequence[UUID] | None = None

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.organization)


@dataclass(frozen=True, slots=True)
class Listed:
    """A list: who may see it, its columns, the filters it knows, the kind of its ids, its rows."""

    label: object
    right: Right
    columns: tuple[str, ...]
    filters: tuple[str, ...]
    prefix: Prefix
    rows: Callable[[Chosen], Iterator[Sequence[str]]]


def list_named(name: str) -> Listed:
    """Return the list. Raises ListUnknown."""
    found = LISTS.get(name)
    if found is None:
        raise ListUnknown(
            said("there is no list {name!r}; there are {names}", name=name[:40], names=", ".join(LISTS)),
            pointer="/list",
        )
    return found


def phone_text(number: str) -> str:
    """Return a phone number as people write it, in digits and spaces alone, which no spreadsheet computes with."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    text = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return " ".join("".join(each if each.isdigit() or each == "+" else " " for each in text).split())


def _customers(chosen: Chosen) -> Iterator[Sequence[str]]:
    which = understood(chosen.filters, CustomerFilter)
    found = customers_of(chosen.organization, which, at=chosen.at)

    def page(cursor: str | None) -> tuple[Sequence[CustomerFacts], str | None]:
        rows, next_cursor = paginate(found, order=_BY_AGE, limit=LARGEST_PAGE, cursor=cursor)
        return people.customer_facts(rows), next_cursor

    for each in _all(page, chosen.selection, lambda keys: people.customers_named(chosen.organization, keys)):
        addresses = [email.address for email in each.emails]
        phones = [phone_text(number) for number in each.phones]
        yield (
            each.number,
            each.external_id or "",
            each.first_name,
            each.last_name,
            each.display_name,
            *_first_and_rest(addresses),
            _yes(bool(each.emails) and each.emails[0].verified) if each.emails else "",
            *_first_and_rest(phones),
            each.birthday.isoformat() if each.birthday else "",
            each.locale,
            _yes(each.marketing_consent),
            listed(each.tags),
            each.status,
            each.source,
            _moment(each.created_at, chosen.zone),
        )


def _companies(chosen: Chosen) -> Iterator[Sequence[str]]:
    which = understood(chosen.filters, CompanyFilter)
    found = companies_of(chosen.organization, which, at=chosen.at)

    def page(cursor: str | None) -> tuple[Sequence[CompanyFacts], str | None]:
        rows, next_cursor = paginate(found, order=_BY_AGE, limit=LARGEST_PAGE, cursor=cursor)
        return [people.company(row) for row in rows], next_cursor

    for each in _all(page, chosen.selection, lambda keys: selections.companies(chosen.organization, keys)):
        yield (
            each.number,
            each.external_id or "",
            each.name,
            each.legal_name,
            each.email,
            phone_text(each.phone) if each.phone else "",
            listed(each.websites),
            listed(each.email_domains),
            listed(each.tags),
            each.status,
            _moment(each.created_at, chosen.zone),
        )


def _affiliations(chosen: Chosen) -> Iterator[Sequence[str]]:
    belonging = one_of(Belonging, chosen.filters.get("belonging"))
    company_id = key_of(Prefix.COMPANY, chosen.filters.get("company"))
    customer_id = key_of(Prefix.CUSTOMER, chosen.filters.get("customer"))

    def page(cursor: str | None) -> tuple[Sequence[Affiliated], str | None]:
        found = selections.page_of_affiliations(
            chosen.organization,
            at=chosen.at,
            belonging=belonging,
            company_id=company_id,
            customer_id=customer_id,
            limit=LARGEST_PAGE,
            cursor=cursor,
        )
        return found.data, found.next_cursor

    def named(keys: Sequence[UUID]) -> Sequence[Affiliated]:
        return selections.affiliations(chosen.organization, keys, at=chosen.at)

    for each in _all(page, chosen.selection, named):
        yield (
            each.customer_number,
            each.customer_name,
            each.company_number,
            each.company_name,
            each.title,
            _yes(each.company_admin),
            _yes(each.primary_contact),
            _moment(each.starts_at, chosen.zone),
            _moment(each.ends_at, chosen.zone),
            each.belonging,
            each.via,
        )


def _memberships(chosen: Chosen) -> Iterator[Sequence[str]]:
    organization, at = chosen.organization, chosen.at
    which = understood(chosen.filters, MembershipFilter)
    kept = memberships.with_names(memberships_of(organization, which, at=at))

    def page(cursor: str | None) -> tuple[Sequence[MembershipView], str | None]:
        rows, next_cursor = paginate(kept, order=_BY_AGE, limit=LARGEST_PAGE, cursor=cursor)
        return memberships.views_of(organization, rows, at), next_cursor

    def named(keys: Sequence[UUID]) -> Sequence[MembershipView]:
        return memberships.memberships_named(organization=organization, membership_ids=keys, at=at)

    found = _all(page, chosen.selection, named)
    for block in _batched(found, LARGEST_PAGE):
        numbers = selections.numbers_of(organization, {each.holder.id for each in block})
        for each in block:
            number = numbers.get(each.holder.id, "")
            of_customer = each.holder.type == "customer"
            yield (
                number if of_customer else "",
                number if not of_customer else "",
                each.holder.name,
                each.plan.name,
                money.amount_text(each.price.amount_minor, each.price.currency),
                each.price.currency,
                _moment(each.starts_at, chosen.zone),
                _moment(each.ends_at, chosen.zone),
                each.last_day.isoformat() if each.last_day else "",
                _yes(each.renews),
                "" if each.seats is None else str(each.seats),
                each.external_reference,
                each.status,
                _yes(each.in_grace),
                each.ended_reason or "",
                each.source,
                _moment(each.created_at, chosen.zone),
                ids.to_text(Prefix.MEMBERSHIP, each.id),
            )


def _events(chosen: Chosen) -> Iterator[Sequence[str]]:
    wanted = types_of(chosen.filters.get("type"))
    actor, before = chosen.filters.get("actor", ""), end_of(chosen.filters.get("until"), chosen.zone)

    def page(cursor: str | None) -> tuple[Sequence[EventLine], str | None]:
        found = events.feed(
            chosen.organization, after=int(cursor or 0), limit=LARGEST_PAGE, types=wanted, actor=actor, before=before
        )
        return found.lines, str(found.next_after) if found.more else None

    def named(keys: Sequence[UUID]) -> Sequence[EventLine]:
        found = events.lines_by_id(chosen.organization, keys)
        return sorted(found.values(), key=lambda each: each.sequence)

    for each in _all(page, chosen.selection, named):
        yield (
            str(each.sequence),
            _moment(each.at, chosen.zone),
            each.type,
            each.actor,
            ids.to_text(Prefix.CUSTOMER, each.customer_id) if each.customer_id else "",
            ids.to_text(Prefix.COMPANY, each.company_id) if each.company_id else "",
            ids.to_text(Prefix.MEMBERSHIP, each.membership_id) if each.membership_id else "",
            ids.to_text(Prefix.PLAN, each.plan_id) if each.plan_id else "",
            listed([f"{name}={value}" for name, value in each.data.items()]),
        )


def _plans(chosen: Chosen) -> Iterator[Sequence[str]]:
    def page(cursor: str | None) -> tuple[Sequence[PlanFacts], str | None]:
        found = plans.plans(chosen.organization, limit=LARGEST_PAGE, cursor=cursor)
        return found.data, found.next_cursor

    wanted = None if chosen.selection is None else set(chosen.selection)
    for each in _all(page, None, lambda _keys: ()):
        if wanted is not None and each.id not in wanted:
            continue
        for price in each.prices:
            yield (
                ids.to_text(Prefix.PLAN, each.id),
                each.name,
                each.description,
                each.audience,
                each.visibility,
                listed(each.permissions),
                _yes(each.archived_at is not None),
                ids.to_text(Prefix.PRICE, price.id),
                money.amount_text(price.amount_minor, price.currency),
                price.currency,
                price.billing,
                "" if price.interval is None else f"{price.interval_count} {price.interval}",
                _yes(price.active),
            )


def _all(
    page: Callable[[str | None], tuple[Sequence[T], str | None]],
    selection: Sequence[UUID] | None,
    named: Callable[[Sequence[UUID]], Sequence[T]],
) -> Iterator[T]:
    """Yield all rows page after page; of a selection those that there are."""
    if selection is not None:
        for keys in _batched(selection, LARGEST_PAGE):
            yield from named(keys)
        return
    cursor: str | None = None
    while True:
        rows, cursor = page(cursor)
        yield from rows
        if cursor is None:
            return


def _batched(rows: Iterable[T], many: int) -> Iterator[list[T]]:
    rest = iter(rows)
    while block := list(islice(rest, many)):
        yield block


def _first_and_rest(texts: list[str]) -> tuple[str, str]:
    return (texts[0] if texts else "", listed(texts[1:]))


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    """An instant with its offset in the organization's zone: exact, and read as people there do."""
    return "" if at is None else at.astimezone(zone).isoformat(timespec="seconds")


LISTS: Final[Mapping[str, Listed]] = {
    "customers": Listed(
        _("Customers"),
        Right.CUSTOMERS_READ,
        ("number", "external_id", "first_name", "last_name", "display_name", "email", "other_emails", "email_verified",
         "phone", "other_phones", "birthday", "locale", "marketing_consent", "tags", "status", "source", "created_at"),
        ("q", "status", "membership", "plan", "company", "ending", "tag"),
        Prefix.CUSTOMER,
        _customers,
    ),
    "companies": Listed(
        _("Companies"),
        Right.COMPANIES_READ,
        ("number", "external_id", "name", "legal_name", "email", "phone", "websites", "email_domains", "tags", "status",
         "created_at"),
        ("q", "status", "membership", "plan", "tag", "over"),
        Prefix.COMPANY,
        _companies,
    ),
    "affiliations": Listed(
        _("People of companies"),
        Right.COMPANIES_READ,
        ("customer", "customer_name", "company", "company_name", "title", "company_admin", "primary_contact",
         "starts_at", "ends_at", "belonging", "via"),
        ("belonging", "company", "customer"),
        Prefix.AFFILIATION,
        _affiliations,
    ),
    "memberships": Listed(
        _("Memberships"),
        Right.MEMBERSHIPS_READ,
        ("customer", "company", "holder_name", "plan", "price", "currency", "starts_at", "ends_at", "last_day",
         "renews", "seats", "external_reference", "status", "in_grace", "ended_reason", "source", "created_at",
         "membership_id"),
        ("q", "status", "plan", "company", "tag", "source", "holder", "ending", "renews", "payment"),
        Prefix.MEMBERSHIP,
        _memberships,
    ),
    "events": Listed(
        _("Events"),
        Right.EVENTS_READ,
        ("sequence", "at", "type", "actor", "customer_id", "company_id", "membership_id", "plan_id", "data"),
        ("type", "actor", "until"),
        Prefix.EVENT,
        _events,
    ),
    "plans": Listed(
        _("Plans"),
        Right.PLANS_READ,
        ("plan_id", "name", "description", "audience", "visibility", "permissions", "archived", "price_id", "price",
         "currency", "billing", "interval", "price_active"),
        (),
        Prefix.PLAN,
        _plans,
    ),
}  # fmt: skip

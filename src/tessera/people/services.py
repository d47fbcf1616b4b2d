"""Changes to customers and companies: each is one transaction with one event, and safe in a race."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Unpack

from django.db import IntegrityError
from django.db.models import F

from tessera import db
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.phrases import said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations import versions
from tessera.organizations.models import Organization
from tessera.organizations.time import zone
from tessera.people import contacts, details, numbers, present, searching
from tessera.people.errors import (
    AlreadyBanned,
    CompanyUnnamed,
    CustomerArchived,
    CustomerIncomplete,
    ExternalIdTaken,
    NotBanned,
    NumberTaken,
    TextInvalid,
)
from tessera.people.models import Company, Customer
from tessera.people.names import name_key
from tessera.people.numbers import Series
from tessera.people.types import CompanyDetails, CompanyStatus, CustomerDetails, CustomerStatus, Email, Source


def create_customer(
    *,
    organization: Organization,
    at: datetime,
    actor: Actor,
    source: Source = Source.STAFF,
    number: str | None = None,
    **given: Unpack[CustomerDetails],
) -> Customer:
    """Make a person known. Enough is first and last name, or an e-mail, or a first name and a phone.

    Without a `number` the next of the series is taken. A phone without "+" is of the organization's region.

    Raises CustomerIncomplete; ExternalIdTaken, NumberTaken or EmailTaken (verified addresses only), each
    naming the holder; NumberInvalid and what `details` raises for a field it cannot read.
    """
    told = customer_details(given, organization, at)
    addresses, phones, tags = told.pop("emails", []), told.pop("phones", []), told.pop("tags", [])
    customer = Customer(organization=organization, status=CustomerStatus.ACTIVE, source=source, created_at=at, **told)
    check_complete(customer.first_name, customer.last_name, addresses, phones)
    with db.transaction():
        customer.number = _number(number, Series.CUSTOMER, organization)
        customer.name_key = customer_key(customer)
        with _or_refusal(lambda: _customer_conflict(customer, addresses)):
            customer.save(force_insert=True)
            contacts.write_emails(customer, addresses, at=at)
            contacts.write_phones(customer, phones)
        contacts.write_tags(customer, tags)
        searching.customer_changed(customer.pk)
        _record(EventType.CUSTOMER_CREATED, customer, at=at, actor=actor, data={"source": source.value})
    return customer


def update_customer(
    *,
    customer: Customer,
    at: datetime,
    actor: Actor,
    version: int | None = None,
    **given: Unpack[CustomerDetails],
) -> Customer:
    """Change what is known of a person and return them; e-mails, phones and tags are replaced as whole lists.

    An address that stays verified keeps the instant at which it was. If nothing differs, nothing is written.

    Raises VersionStale if `version` is given and not the present one; CustomerMerged, CustomerErased; else as
    `create_customer`.
    """
    organization = customer.organization
    told = customer_details(given, organization, at)
    with db.transaction():
        customer = _locked(customer)
        versions.check(customer.version, version)
        before_emails, before_phones = contacts.emails_of(customer), contacts.phones_of(customer)
        addresses = told.pop("emails", before_emails)
        phones = told.pop("phones", before_phones)
        before_tags = contacts.tags_of(customer)
        tags = sorted(told.pop("tags", before_tags), key=details.tag_key)
        columns = _changed(customer, told)
        for name, value in columns.items():
            setattr(customer, name, value)
        lists = {
            "emails": addresses != before_emails,
            "phones": phones != before_phones,
            "tags": tags != before_tags,
        }
        fields = sorted([*columns, *(name for name, differs in lists.items() if differs)])
        if not fields:
            return customer
        check_complete(customer.first_name, customer.last_name, addresses, phones)
        with _or_refusal(lambda: _customer_conflict(customer, addresses)):
            _write(customer, {**columns, "name_key": customer_key(customer)})
            if lists["emails"]:
                contacts.write_emails(customer, addresses, at=at)
            if lists["phones"]:
                contacts.write_phones(customer, phones)
        if lists["tags"]:
            contacts.write_tags(customer, tags)
        searching.customer_changed(customer.pk)
        _record(EventType.CUSTOMER_UPDATED, customer, at=at, actor=actor, data={"fields": fields})
    return customer


def ban_customer(*, customer: Customer, reason: str, at: datetime, actor: Actor) -> Customer:
    """Refuse the person everything, own and inherited, until the ban is lifted. It ends nothing.

    The reason, 1 to 500 characters, is for staff and stays in the record.

    Raises AlreadyBanned, CustomerArchived, CustomerMerged, CustomerErased; TextInvalid if the reason is empty or too
    long.
    """
    why = details.text(reason, pointer="/reason", longest=500)
    if not why:
        raise TextInvalid("say why the customer is banned", pointer="/reason")
    with db.transaction():
        customer = _locked(customer)
        if customer.status == CustomerStatus.BANNED:
            raise AlreadyBanned(said("{customer} is banned already", customer=customer.name))
        if customer.status == CustomerStatus.ARCHIVED:
            raise CustomerArchived(said("{customer} is archived; restore them first", customer=customer.name))
        _write(customer, {"status": CustomerStatus.BANNED, "ban_reason": why})
        _record(EventType.CUSTOMER_BANNED, customer, at=at, actor=actor)
    return customer


def lift_ban(*, customer: Customer, at: datetime, actor: Actor) -> Customer:
    """Lift the ban: what still runs grants again at once. Raises NotBanned, CustomerMerged, CustomerErased."""
    with db.transaction():
        customer = _locked(customer)
        if customer.status != CustomerStatus.BANNED:
            raise NotBanned(said("{customer} is not banned", customer=customer.name))
        _write(customer, {"status": CustomerStatus.ACTIVE, "ban_reason": ""})
        _record(EventType.CUSTOMER_BAN_LIFTED, customer, at=at, actor=actor)
    return customer


def create_company(
    *,
    organization: Organization,
    at: datetime,
    actor: Actor,
    number: str | None = None,
    **given: Unpack[CompanyDetails],
) -> Company:
    """Make a company known; a trading name is enough. Without a `number` the next of the series is taken.

    Raises CompanyUnnamed; ExternalIdTaken or NumberTaken, naming the holder; NumberInvalid and what `details`
    raises for a field it cannot read.
    """
    told = _company_details(given, organization)
    company = Company(organization=organization, status=CompanyStatus.ACTIVE, created_at=at, **told)
    if not company.name:
        raise CompanyUnnamed("a company needs a trading name", pointer="/name")
    company.name_key = name_key(company.name, company.legal_name)
    with db.transaction():
        company.number = _number(number, Series.COMPANY, organization)
        with _or_refusal(lambda: _company_conflict(company)):
            company.save(force_insert=True)
        contacts.write_tags(company, company.tags)
        searching.company_changed(company.pk)
        _record(EventType.COMPANY_CREATED, company, at=at, actor=actor)
    return company


def update_company(
    *,
    company: Company,
    at: datetime,
    actor: Actor,
    version: int | None = None,
    **given: Unpack[CompanyDetails],
) -> Company:
    """Change what is known of a company and return it; lists are replaced whole.

    If nothing differs, nothing is written.

    Raises VersionStale if `version` is given and not the present one; otherwise as `create_company`.
    """
    told = _company_details(given, company.organization)
    if told.get("name") == "":
        raise CompanyUnnamed("a company needs a trading name", pointer="/name")
    with db.transaction():
        company = Company.objects.select_for_update(no_key=True).get(pk=company.pk)
        versions.check(company.version, version)
        columns = _changed(company, told)
        if not columns:
            return company
        for name, value in columns.items():
            setattr(company, name, value)
        with _or_refusal(lambda: _company_conflict(company)):
            _write(company, {**columns, "name_key": name_key(company.name, company.legal_name)})
        if "tags" in columns:
            contacts.write_tags(company, company.tags)
        searching.company_changed(company.pk)
        _record(EventType.COMPANY_UPDATED, company, at=at, actor=actor, data={"fields": sorted(columns)})
    return company


def customer_details(given: CustomerDetails, organization: Organization, at: datetime) -> CustomerDetails:
    """Return what was told of a customer in the form it is kept in. Raises what `details` raises."""
    told = given.copy()
    if "external_id" in given:
        told["external_id"] = details.external_id(given["external_id"])
    for name in ("first_name", "last_name", "display_name"):
        if name in given:
            told[name] = details.text(given[name], pointer=f"/{name}")
    if "emails" in given:
        told["emails"] = details.emails(given["emails"])
    if "phones" in given:
        told["phones"] = details.phones(given["phones"], region=details.region_of(organization.locale))
    if "birthday" in given:
        told["birthday"] = details.birthday(given["birthday"], today=at.astimezone(zone(organization)).date())
    if "locale" in given:
        told["locale"] = details.locale(given["locale"])
    if "tags" in given:
        told["tags"] = details.tags(given["tags"])
    return told


def _company_details(given: CompanyDetails, organization: Organization) -> CompanyDetails:
    told = given.copy()
    if "external_id" in given:
        told["external_id"] = details.external_id(given["external_id"])
    for name in ("name", "legal_name"):
        if name in given:
            told[name] = details.text(given[name], pointer=f"/{name}")
    if given.get("email"):
        told["email"] = details.email(given["email"], pointer="/email")
    if given.get("phone"):
        region = details.region_of(organization.locale)
        told["phone"] = details.phone(given["phone"], region=region, pointer="/phone")
    if "websites" in given:
        told["websites"] = details.websites(given["websites"])
    if "email_domains" in given:
        told["email_domains"] = details.domains(given["email_domains"])
    if "tags" in given:
        told["tags"] = details.tags(given["tags"])
    return told


def check_complete(first: str, last: str, emails: object, phones: object) -> None:
    """Raises CustomerIncomplete if that is too little to tell a person by."""
    if not (emails or (first and last) or (first and phones)):
        raise CustomerIncomplete("give first and last name, or an e-mail, or a first name and a phone number")


def customer_key(customer: Customer) -> str:
    """Return what the customer is sorted and found by."""
    return name_key(customer.name, customer.first_name, customer.last_name)


def _number(chosen: str | None, series: Series, organization: Organization) -> str:
    if chosen is None:
        return numbers.take(series, organization_id=organization.pk)
    number = numbers.chosen(chosen)
    numbers.reserve(number, series, organization_id=organization.pk)
    return number


def _locked(customer: Customer) -> Customer:
    """The customer as they are now, locked until the transaction ends. Raises CustomerMerged, CustomerErased."""
    locked = present.locked(customer)
    locked.organization = customer.organization
    return locked


def _changed(row: Customer | Company, told: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in told.items() if getattr(row, name) != value}


def _write(row: Customer | Company, columns: Mapping[str, object]) -> None:
    """Write these columns and the next version, and have the row show what is stored."""
    type(row).objects.filter(pk=row.pk).update(version=F("version") + 1, **columns)
    row.refresh_from_db(fields=["version", *columns])


@contextmanager
def _or_refusal(conflict: Callable[[], TesseraError | None]) -> Iterator[None]:
    """Turn the database's "there is one already" into a refusal that names who has it."""
    try:
        with db.transaction():
            yield
    except IntegrityError as failure:
        refusal = conflict()
        if refusal is None:
            raise
        raise refusal from failure


def _customer_conflict(customer: Customer, emails: Sequence[Email]) -> TesseraError | None:
    others = Customer.objects.filter(organization_id=customer.organization_id).exclude(pk=customer.pk)
    if holder := others.filter(external_id=customer.external_id, external_id__isnull=False).first():
        return ExternalIdTaken(
            "another customer has this external id", pointer="/external_id", holder=_customer_id(holder)
        )
    if holder := others.filter(number=customer.number).first():
        return NumberTaken("another customer has this number", pointer="/number", holder=_customer_id(holder))
    return contacts.email_conflict(customer, emails)


def _company_conflict(company: Company) -> TesseraError | None:
    others = Company.objects.filter(organization_id=company.organization_id).exclude(pk=company.pk)
    if holder := others.filter(external_id=company.external_id, external_id__isnull=False).first():
        return ExternalIdTaken(
            "another company has this external id",
            pointer="/external_id",
            holder=ids.to_text(ids.Prefix.COMPANY, holder.pk),
        )
    if holder := others.filter(number=company.number).first():
        return NumberTaken(
            "another company has this number",
            pointer="/number",
            holder=ids.to_text(ids.Prefix.COMPANY, holder.pk),
        )
    return None


def _customer_id(holder: Customer) -> str:
    return ids.to_text(ids.Prefix.CUSTOMER, holder.merged_into_id or holder.pk)


def _record(
    what: EventType,
    whom: Customer | Company,
    *,
    at: datetime,
    actor: Actor,
    data: Mapping[str, object] | None = None,
) -> None:
    line = events.Happened(organization_id=whom.organization_id, type=what, at=at, actor=actor, data=data or {})
    if isinstance(whom, Customer):
        events.record(replace(line, customer_id=whom.pk))
    else:
        events.record(replace(line, company_id=whom.pk))

"""Who is written to: read from the records as they are now, for many at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q

from tessera.identity import codes
from tessera.notices.models import Notice, Unsubscription
from tessera.notices.types import Group, Skipped, To
from tessera.organizations import former_emails
from tessera.organizations.models import Invitation, Organization, Staff
from tessera.organizations.rights import Role
from tessera.people import affiliations, company_joining
from tessera.people.models import Affiliation, Company, Customer, CustomerEmail
from tessera.people.types import CompanyStatus, CustomerStatus

Recipient = tuple[To, UUID]
_WRITTEN_TO: Final = 0  # the position of the one of a customer's addresses that is written to


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody who can be written to. `locale` is empty where nothing is known of it."""

    name: str
    called: str  # how a welcome addresses them
    address: str
    locale: str


def addressees(organization: Organization, notices: Iterable[Notice]) -> dict[UUID, Addressee | Skipped]:
    """Return, by the recipients' keys, how each is written to, or why not. At most eight queries."""
    keys: dict[str, set[UUID]] = defaultdict(set)
    for notice in notices:
        keys[notice.to].add(notice.recipient_id)
    found: dict[UUID, Addressee | Skipped] = {}
    if keys[To.CUSTOMER]:
        found |= _customers(organization, keys[To.CUSTOMER])
    if keys[To.COMPANY]:
        found |= _companies(organization, keys[To.COMPANY])
    if keys[To.STAFF]:
        found |= _staff(organization, keys[To.STAFF])
    if keys[To.INVITED]:
        found |= _invited(organization, keys[To.INVITED])
    if keys[To.ASKED_IN]:
        found |= _asked_in(organization, keys[To.ASKED_IN])
    if keys[To.SIGNING_IN]:
        found |= _signing_in(organization, keys[To.SIGNING_IN])
    if keys[To.NEW_EMAIL]:
        found |= _staff(organization, keys[To.NEW_EMAIL], pending=True)
    if keys[To.FORMER_EMAIL]:
        found |= _former(organization, keys[To.FORMER_EMAIL])
    return found


def unsubscribed(organization: Organization, customer_ids: Collection[UUID]) -> set[tuple[UUID, Group]]:
    """Return which of the customers want no mails of which group. What a merged record of theirs said counts."""
    rows = Unsubscription.objects.filter(
        Q(customer__in=customer_ids) | Q(customer__merged_into__in=customer_ids), organization=organization
    )
    found = rows.values_list("customer_id", "customer__merged_into_id", "group")
    return {(merged_into_id or customer_id, Group(group)) for customer_id, merged_into_id, group in found}


def of_companies(
    organization: Organization, company_ids: Collection[UUID], at: datetime
) -> Mapping[UUID, list[Recipient]]:
    """Return who is written to about a company's memberships at `at`: the company at its own address.

    If it has none, its primary contacts; if it has none of those, its company admins. Two queries.
    """
    with_address = set(
        Company.objects.filter(organization=organization, pk__in=company_ids)
        .exclude(email="")
        .values_list("pk", flat=True)
    )
    found: dict[UUID, list[Recipient]] = {key: [(To.COMPANY, key)] for key in with_address}
    people = Affiliation.objects.filter(
        affiliations.covering(at), organization=organization, company__in=set(company_ids) - with_address
    ).filter(Q(primary_contact=True) | Q(company_admin=True))
    admins: dict[UUID, list[Recipient]] = defaultdict(list)
    for row in people.order_by("queue_at", "id"):
        chosen = found if row.primary_contact else admins
        chosen.setdefault(row.company_id, []).append((To.CUSTOMER, row.customer_id))
    return admins | found


def owners(organization: Organization) -> list[Recipient]:
    """Return everybody who owns the organization and can sign in."""
    rows = Staff.objects.filter(organization=organization, role=Role.OWNER, disabled_at=None, user__is_active=True)
    return [(To.STAFF, key) for key in rows.order_by("pk").values_list("pk", flat=True)]


def _customers(organization: Organization, keys: Collection[UUID]) -> dict[UUID, Addressee | Skipped]:
    addresses = dict(
        CustomerEmail.objects.filter(organization=organization, customer__in=keys, position=_WRITTEN_TO).values_list(
            "customer_id", "address"
        )
    )
    return {
        row.pk: _addressee(
            addresses.get(row.pk, ""),
            welcome=row.status == CustomerStatus.ACTIVE and row.merged_into_id is None,
            name=row.name,
            called=row.first_name or row.display_name,
            locale=row.locale,
        )
        for row in Customer.objects.filter(organization=organization, pk__in=keys)
    }


def _companies(organization: Organization, keys: Collection[UUID]) -> dict[UUID, Addressee | Skipped]:
    return {
        row.pk: _addressee(row.email, welcome=row.status == CompanyStatus.ACTIVE, name=row.name, called=row.name)
        for row in Company.objects.filter(organization=organization, pk__in=keys)
    }


def _invited(organization: Organization, keys: Collection[UUID]) -> dict[UUID, Addressee | Skipped]:
    return {
        row.pk: _addressee(
            row.email,
            welcome=row.accepted_at is None and row.withdrawn_at is None,
            name=row.name or row.email,
            called=row.name,
        )
        for row in Invitation.objects.filter(organization=organization, pk__in=keys)
    }


def _asked_in(organization: Organization, keys: Collection[UUID]) -> dict[UUID, Addressee | Skipped]:
    """Whoever it is for may be nobody here yet: they are written to in the organization's language."""
    return {
        key: Addressee(row.address, "", row.address, "")
        for key, row in company_joining.waits(organization, set(keys)).items()
    }


def _signing_in(organization: Organization, keys: Collection[UUID]) -> dict[UUID, Addressee | Skipped]:
    """Nobody is looked up by the address: who is known, and who is banned or archived, gets the same mail."""
    return {
        key: Addressee(row.address, "", row.address, row.locale)
        for key, row in codes.waiting(organization, set(keys)).items()
    }


def _former(organization: Organization, keys: Collection[UUID]) -> dict[UUID, Addressee | Skipped]:
    """Nothing of the record is looked at, neither the name nor who is banned: somebody else may have changed it."""
    return {
        key: Addressee(row.address, "", row.address, row.locale)
        for key, row in former_emails.kept(organization, set(keys)).items()
    }


def _staff(
    organization: Organization, keys: Collection[UUID], *, pending: bool = False
) -> dict[UUID, Addressee | Skipped]:
    return {
        row.pk: _addressee(
            row.user.pending_email if pending else row.user.email,
            welcome=row.disabled_at is None and row.user.is_active,
            name=row.user.name,
            called=row.user.name,
            locale=row.user.locale,
        )
        for row in Staff.objects.filter(organization=organization, pk__in=keys).select_related("user")
    }


def _addressee(address: str, *, welcome: bool, name: str, called: str, locale: str = "") -> Addressee | Skipped:
    if not welcome:
        return Skipped.NOT_WRITTEN_TO
    return Addressee(name, called, address, locale) if address else Skipped.NO_ADDRESS

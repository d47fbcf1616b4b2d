"""Archiving customers and companies that are done with, and taking them back out."""

from datetime import datetime

from django.db.models import F

from tessera import db
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.core.phrases import counted, said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.lifecycle.errors import MembershipsRunning
from tessera.memberships.errors import HolderBanned
from tessera.memberships.granting import unended
from tessera.people.models import Company, Customer
from tessera.people.present import locked
from tessera.people.types import CompanyStatus, CustomerStatus

_MOST_NAMED = 10


def archive_customer(*, customer: Customer, at: datetime, actor: Actor) -> Customer:
    """Put a customer away: they take no seat and are granted nothing. One who is archived already stays so.

    Raises MembershipsRunning while one of their own memberships is not over; HolderBanned (lift the ban first);
    CustomerMerged, CustomerErased.
    """
    with db.transaction():
        present = locked(customer)
        if present.status == CustomerStatus.BANNED:
            raise HolderBanned(said("{name} is banned; lift the ban first", name=present.name))
        if present.status == CustomerStatus.ACTIVE:
            refuse_running(present, at)
            _set(present, CustomerStatus.ARCHIVED, EventType.CUSTOMER_ARCHIVED, at, actor)
    return present


def restore_customer(*, customer: Customer, at: datetime, actor: Actor) -> Customer:
    """Take an archived customer back. One who is not archived stays as they are. Raises CustomerMerged,
    CustomerErased.
    """
    with db.transaction():
        present = locked(customer)
        if present.status == CustomerStatus.ARCHIVED:
            _set(present, CustomerStatus.ACTIVE, EventType.CUSTOMER_RESTORED, at, actor)
    return present


def archive_company(*, company: Company, at: datetime, actor: Actor) -> Company:
    """Put a company away; its people stay its people. One that is archived already stays so.

    Raises MembershipsRunning while one of its memberships is not over.
    """
    with db.transaction():
        present = Company.objects.select_for_update(no_key=True).get(pk=company.pk)
        if present.status == CompanyStatus.ACTIVE:
            refuse_running(present, at)
            _set(present, CompanyStatus.ARCHIVED, EventType.COMPANY_ARCHIVED, at, actor)
    return present


def restore_company(*, company: Company, at: datetime, actor: Actor) -> Company:
    """Take an archived company back. One that is not archived stays as it is."""
    with db.transaction():
        present = Company.objects.select_for_update(no_key=True).get(pk=company.pk)
        if present.status == CompanyStatus.ARCHIVED:
            _set(present, CompanyStatus.ACTIVE, EventType.COMPANY_RESTORED, at, actor)
    return present


def refuse_running(holder: Customer | Company, at: datetime) -> None:
    """Raises MembershipsRunning while a membership of their own is not over, inherited ones aside."""
    # The holder is locked, and so is every grant to them: nothing can begin meanwhile.
    running = [ids.to_text(Prefix.MEMBERSHIP, membership.pk) for membership, _ in unended(holder, at)]
    if running:
        raise MembershipsRunning(
            counted(
                "{name} has {number} running membership: end them first",
                "{name} has {number} running memberships: end them first",
                number=len(running),
                name=holder.name,
            ),
            memberships=running[:_MOST_NAMED],
        )


def _set(
    row: Customer | Company, status: CustomerStatus | CompanyStatus, what: EventType, at: datetime, actor: Actor
) -> None:
    type(row).objects.filter(pk=row.pk).update(status=status, version=F("version") + 1)
    row.refresh_from_db(fields=["status", "version"])
    of_customer = isinstance(row, Customer)
    events.record(
        events.Happened(
            organization_id=row.organization_id,
            type=what,
            at=at,
            actor=actor,
            customer_id=row.pk if of_customer else None,
            company_id=None if of_customer else row.pk,
        )
    )

"""Who the visitors of trusted sites are here: linked by issuer and subject, and no longer linked."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError

from tessera import db
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.identity import sessions
from tessera.identity.errors import InjectionRefused
from tessera.identity.models import SiteLink
from tessera.identity.types import Injected, Refusal
from tessera.organizations.models import Organization, TrustedIssuer
from tessera.people.models import Customer
from tessera.people.present import refuse_gone


class SomebodyWasFaster(Exception):
    """The visitor was linked by another request just now."""


@dataclass(frozen=True, slots=True)
class LinkedSite:
    """A site whose visitor a customer is. `by_code`: the person proved it themselves."""

    id: UUID
    site: str
    issuer: str
    active: bool
    by_code: bool
    linked_at: datetime
    used_at: datetime


def sites_of(customer: Customer) -> list[LinkedSite]:
    """Return the sites that the customer is linked to, by name. One query."""
    rows = SiteLink.objects.filter(customer=customer).select_related("issuer").order_by("issuer__name", "id")
    return [
        LinkedSite(
            row.pk, row.issuer.name, row.issuer.issuer, row.issuer.active, row.by_code, row.linked_at, row.used_at
        )
        for row in rows
    ]


def unlink(*, customer: Customer, link_id: UUID, at: datetime, actor: Actor) -> bool:
    """Let a site's visitor be the customer no more, and end what the site's word began; whether it was linked."""
    with db.transaction():
        row = SiteLink.objects.select_for_update().filter(customer=customer, pk=link_id).first()
        if row is None:
            return False
        _record(EventType.CUSTOMER_SITE_UNLINKED, row, at, actor)
        row.delete()
        sessions.end_vouched(customer)
    return True


def check_trusted(organization: Organization, injected: Injected) -> None:
    """Refuse what a site said that is not trusted any more. Raises InjectionRefused."""
    if not _trusted(organization, injected):
        raise InjectionRefused(Refusal.ISSUER_OFF, "the site is not trusted any more")


def linked(organization: Organization, injected: Injected, at: datetime) -> Customer | None:
    """Return the customer whom the site's visitor is linked to, locked; None if there is none yet.

    Raises SomebodyWasFaster if the link was cut or leads to somebody else meanwhile.
    """
    rows = SiteLink.objects.filter(organization=organization, issuer=injected.issuer, subject=injected.subject)
    row = rows.select_related("customer__merged_into").first()
    if row is None:
        return None
    customer = locked(row.customer.merged_into or row.customer)  # first: so does whoever merges or erases them
    if not rows.filter(pk=row.pk, customer=customer).update(used_at=at):
        raise SomebodyWasFaster
    return customer


def link(organization: Organization, injected: Injected, customer: Customer, *, at: datetime, by_code: bool) -> None:
    """Link the site's visitor to the customer. What a code proved stands above what a site said before.

    Part of the caller's transaction. Raises SomebodyWasFaster.
    """
    if by_code and not _trusted(organization, injected):
        return  # not trusted meanwhile: the person is who they are, and the site has no say
    rows = SiteLink.objects.filter(organization=organization, issuer=injected.issuer, subject=injected.subject)
    row = rows.select_for_update().first()
    if row is not None:
        if row.by_code or not by_code:
            return
        rows.update(customer=customer, by_code=True, used_at=at)
        row.customer = customer
    else:
        row = SiteLink(
            organization=organization, issuer_id=injected.issuer, subject=injected.subject, customer=customer,
            by_code=by_code, linked_at=at, used_at=at,
        )  # fmt: skip
        try:
            with db.transaction():
                row.save(force_insert=True)
        except IntegrityError as reason:
            raise SomebodyWasFaster from reason
    _record(EventType.CUSTOMER_SITE_LINKED, row, at, Actor.customer(customer.pk), by_code=by_code)


def cut_vouched(customer: Customer, at: datetime) -> None:
    """Undo what sites' words alone made of the record, as a part of its owner proving it by a code for the first time.

    A careless site may have let somebody else in there, with an address that was never theirs. Whoever it let in
    rightly enters a code once, and is linked for good.
    """
    for row in SiteLink.objects.select_for_update().filter(customer=customer, by_code=False):
        _record(EventType.CUSTOMER_SITE_UNLINKED, row, at, Actor.customer(customer.pk))
        row.delete()
    sessions.end_vouched(customer)


def locked(customer: Customer) -> Customer:
    """Return the customer as they are now, locked until the transaction ends. Raises CustomerMerged, CustomerErased."""
    row = Customer.objects.select_for_update(no_key=True, of=("self",)).select_related("organization")
    present = row.get(pk=customer.pk)
    refuse_gone(present)
    return present


def _trusted(organization: Organization, injected: Injected) -> bool:
    return TrustedIssuer.objects.filter(organization=organization, pk=injected.issuer, active=True).exists()


def _record(what: EventType, row: SiteLink, at: datetime, actor: Actor, **told: object) -> None:
    events.record(
        events.Happened(
            organization_id=row.organization_id,
            type=what,
            at=at,
            actor=actor,
            customer_id=row.customer_id,
            data={
                "link": ids.to_text(Prefix.SITE_LINK, row.pk),
                "issuer": ids.to_text(Prefix.TRUSTED_ISSUER, row.issuer_id),
                **told,
            },
        )
    )

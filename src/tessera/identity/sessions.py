"""Sessions of customers: begun, recognised, listed, ended. Real time, in test organizations too.

A ban or archiving ends none: whoever may sign in may stay signed in, and what they may do is asked of the record each
time. A merge ends those of the record that went into the other (decision 27).
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from tessera import db, organizations
from tessera.core import clock, ids
from tessera.core.devices import device as device_of
from tessera.core.ids import Prefix
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.identity.models import CustomerSession
from tessera.identity.types import Begun, How, Session, SignedIn, Surface
from tessera.organizations.models import Organization
from tessera.people.models import Customer

LIVES: Final[Mapping[Surface, timedelta]] = {
    Surface.EMBED: timedelta(hours=12),
    Surface.PORTAL: timedelta(days=30),
    Surface.APP: timedelta(days=30),
}
MOST: Final = 50  # sessions of one customer; beyond, the one that was seen longest ago ends
# What a site's word began counts as long as the site does.
_VOUCHED_FOR: Final = Q(issuer=None) | Q(issuer__active=True)
_SEEN_EVERY: Final = timedelta(minutes=5)
_LONGEST_SECRET: Final = 100


def open_session(
    *,
    organization: Organization,
    customer: Customer,
    surface: Surface,
    how: How,
    address: str,
    device: str,
    issuer_id: UUID | None = None,
    created: bool = False,
) -> Begun:
    """Begin a session of somebody who has just proved who they are. Part of the caller's transaction, with an event.

    `device` is what the browser sent as User-Agent; `issuer_id` the site that vouched for them, if one did.
    """
    at, secret = clock.now(), secrets.token_urlsafe(32)
    _end_beyond(customer, MOST - 1)
    row = CustomerSession(
        organization=organization,
        customer=customer,
        secret_hash=_hash(secret),
        surface=surface,
        how=how,
        address=address,
        issuer_id=issuer_id if how is How.TOKEN else None,
        device=device_of(device)[:100],
        created_at=at,
        seen_at=at,
        expires_at=at + LIVES[surface],
    )
    row.save(force_insert=True)
    told: dict[str, object] = {
        "session": ids.to_text(Prefix.SESSION, row.pk), "surface": str(surface), "how": str(how), "first": created
    }  # fmt: skip
    if issuer_id is not None:
        told["issuer"] = ids.to_text(Prefix.TRUSTED_ISSUER, issuer_id)
    _record(EventType.CUSTOMER_SIGNED_IN, customer, None, told)
    return Begun(secret, _signed_in(row, organization), created)


def recognised(organization: Organization, secret: str, surface: Surface) -> SignedIn | None:
    """Return who is signed in with this secret, here and on this surface; None if nobody is. One query.

    That they were seen is written at most every five minutes.
    """
    if not secret or len(secret) > _LONGEST_SECRET or not secret.isascii():
        return None
    at = clock.now()
    rows = CustomerSession.objects.filter(
        _VOUCHED_FOR, organization=organization, secret_hash=_hash(secret), surface=surface, expires_at__gt=at
    )
    row = rows.select_related("customer").filter(customer__merged_into=None).first()
    if row is None:
        return None
    if at - row.seen_at > _SEEN_EVERY:
        with db.transaction():
            CustomerSession.objects.filter(pk=row.pk, seen_at__lt=at).update(seen_at=at)
    return _signed_in(row, organization)


def sessions_of(customer: Customer, *, present: UUID | None = None) -> list[Session]:
    """Return where the customer is signed in, the one that asks first, then those seen last. One query."""
    rows = CustomerSession.objects.filter(_VOUCHED_FOR, customer=customer, expires_at__gt=clock.now())
    found = [
        Session(
            id=row.pk,
            surface=Surface(row.surface),
            how=How(row.how),
            device=row.device,
            since=row.created_at,
            seen_at=row.seen_at,
            expires_at=row.expires_at,
            present=row.pk == present,
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: (not each.present, -each.seen_at.timestamp()))


def end(*, customer: Customer, session_id: UUID, actor: Actor | None = None) -> bool:
    """Sign the customer out of one of their sessions; whether they were signed in there. `actor` None: themselves."""
    return _end(CustomerSession.objects.filter(customer=customer, pk=session_id), customer, actor) > 0


def end_others(*, customer: Customer, session_id: UUID, actor: Actor | None = None) -> int:
    """Sign the customer out everywhere but of this session; return of how many."""
    return _end(CustomerSession.objects.filter(customer=customer).exclude(pk=session_id), customer, actor)


def end_all(*, customer: Customer, actor: Actor | None = None) -> int:
    """Sign the customer out everywhere; return of how many sessions."""
    return _end(CustomerSession.objects.filter(customer=customer), customer, actor)


def end_vouched(customer: Customer) -> None:
    """End the sessions that a site's word alone began, as a part of what makes that necessary."""
    CustomerSession.objects.filter(customer=customer, how=How.TOKEN).delete()


def forget_over() -> None:
    """Delete the sessions that are over."""
    with db.transaction():
        CustomerSession.objects.filter(expires_at__lte=clock.now()).delete()


def present_instant() -> datetime:
    """Return what time it is, for what is kept about signing in: that lives in real time."""
    return clock.now()


def _end(rows: "QuerySet[CustomerSession]", customer: Customer, actor: Actor | None) -> int:
    with db.transaction():
        _, counts = rows.delete()
        gone = counts.get(CustomerSession._meta.label, 0)  # beside what goes with them
        if gone:
            _record(EventType.CUSTOMER_SIGNED_OUT, customer, actor, {"sessions": gone})
    return gone


def _end_beyond(customer: Customer, most: int) -> None:
    rows = CustomerSession.objects.filter(customer=customer).order_by("-seen_at", "-id")
    keys = list(rows.values_list("pk", flat=True)[most:])
    if keys:
        CustomerSession.objects.filter(pk__in=keys).delete()


def _signed_in(row: CustomerSession, organization: Organization) -> SignedIn:
    customer = row.customer
    customer.organization = organization
    return SignedIn(
        session_id=row.pk,
        organization=organization,
        customer=customer,
        surface=Surface(row.surface),
        how=How(row.how),
        address=row.address,
        since=row.created_at,
        expires_at=row.expires_at,
    )


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _record(what: EventType, customer: Customer, actor: Actor | None, told: Mapping[str, object]) -> None:
    events.record(
        events.Happened(
            organization_id=customer.organization_id,
            type=what,
            at=organizations.now(customer.organization),
            actor=actor or Actor.customer(customer.pk),
            customer_id=customer.pk,
            data=told,
        )
    )

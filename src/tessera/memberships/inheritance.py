"""Joining and leaving companies. What is inherited is derived from the affiliation: nothing else is written.

Linking gives at once, unlinking takes at the next check. This is the only module that ends an affiliation.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Unpack
from uuid import UUID

from tessera import db
from tessera.core import ids
from tessera.events import services as events
from tessera.events.services import text
from tessera.events.types import Actor, EventType
from tessera.memberships.errors import NotAffiliated
from tessera.memberships.held import lock, refuse_unwelcome
from tessera.organizations.errors import VersionStale
from tessera.people import affiliations
from tessera.people.affiliations import Position
from tessera.people.models import Affiliation, Company, Customer
from tessera.people.types import CustomerStatus, Via


def join_company(
    *,
    customer: Customer,
    company: Company,
    at: datetime,
    actor: Actor,
    via: Via,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    **position: Unpack[Position],
) -> Affiliation:
    """Let the customer belong to the company over `[starts_at, ends_at)`: from now if not given, open if no end.

    Raises AlreadyAffiliated if the two are joined during any of it, AffiliationEndsBeforeStart, HolderBanned,
    HolderArchived.
    """
    starts_at = starts_at or at
    with db.transaction():
        both: list[Customer | Company] = [customer, company]
        for holder in sorted(both, key=attrgetter("pk")):
            refuse_unwelcome(lock(holder))
        affiliation = affiliations.start(
            customer=customer,
            company=company,
            starts_at=starts_at,
            ends_at=ends_at,
            at=at,
            via=via,
            **position,
        )
        events.record(_happened(EventType.AFFILIATION_STARTED, affiliation, at, actor, starts_at=text(starts_at)))
    return affiliation


def change_position(
    *,
    affiliation: Affiliation,
    at: datetime,
    actor: Actor,
    known: Position | None = None,
    **position: Unpack[Position],
) -> Affiliation:
    """Change what the customer is to the company: title, company admin, primary contact. Nothing new writes nothing.

    `known` is what whoever changes it was shown. Raises NotAffiliated if the affiliation has ended meanwhile, or become
    part of another; VersionStale if it is not what is known any more.
    """
    with db.transaction():
        lock(Customer(pk=affiliation.customer_id))
        present = Affiliation.objects.filter(affiliations.covering(at), pk=affiliation.pk).first()
        if present is None:
            raise NotAffiliated("the customer does not belong to the company any more")
        if any(getattr(present, name) != value for name, value in (known or {}).items()):
            raise VersionStale("what the customer is to the company has been changed meanwhile")
        if changed := affiliations.update(present, **position):
            events.record(_happened(EventType.AFFILIATION_UPDATED, present, at, actor, fields=list(changed)))
    return present


def leave_company(*, customer: Customer, company: Company, at: datetime, actor: Actor) -> None:
    """End the affiliation at `at` (exclusive). What was inherited is gone with it, and the seat is free.

    One that is only planned is taken back. Of two at once, one wins.

    Raises NotAffiliated if the customer is not in the company at `at`, nor about to be.
    """
    with db.transaction():
        lock(customer)
        between = Affiliation.objects.filter(customer=customer, company=company)
        over = list(between.filter(affiliations.covering(at)))
        if over:
            affiliations.end(customer=customer, company=company, at=at)
        else:
            over = list(between.filter(starts_at__gt=at).order_by("starts_at"))
            affiliations.withdraw(customer=customer, company=company, at=at)
        if not over:
            raise NotAffiliated("the customer does not belong to the company")
        events.record(*(_happened(EventType.AFFILIATION_ENDED, each, at, actor, ended_at=text(at)) for each in over))


def leave_together(*, customers: Sequence[Customer], company: Company, at: datetime, actor: Actor) -> int:
    """Let several leave the company at once, all or none; return how many did. Who has left already is passed over."""
    left = 0
    with db.transaction():
        for customer in sorted(customers, key=attrgetter("pk")):
            try:
                leave_company(customer=customer, company=company, at=at, actor=actor)
            except NotAffiliated:
                continue
            left += 1
    return left


def rejoin(
    *, company: Company, ends: Mapping[UUID, datetime | None], left_at: datetime, at: datetime, actor: Actor
) -> int:
    """Take back that people left the company at `left_at`, as if they had stayed; return how many belong to it again.

    `ends` are the ends that were booked before, by customer. The place in the queue for seats is the one they had. Who
    belongs to it again already, is banned or archived, or whose end has passed meanwhile, is passed over.
    """
    back = 0
    with db.transaction():
        for key, ends_at in sorted(ends.items()):
            if lock(Customer(pk=key)).status != CustomerStatus.ACTIVE:
                continue
            row = affiliations.reopen(customer_id=key, company=company, ended_at=left_at, ends_at=ends_at, at=at)
            if row is not None:
                starts = text(row.starts_at)
                events.record(
                    _happened(EventType.AFFILIATION_STARTED, row, at, actor, starts_at=starts, left_at=text(left_at))
                )
                back += 1
    return back


def _happened(
    event: EventType, affiliation: Affiliation, at: datetime, actor: Actor, **data: object
) -> events.Happened:
    return events.Happened(
        organization_id=affiliation.organization_id,
        type=event,
        at=at,
        actor=actor,
        customer_id=affiliation.customer_id,
        company_id=affiliation.company_id,
        data={"affiliation": ids.to_text(ids.Prefix.AFFILIATION, affiliation.pk), **data},
    )

"""Memberships by the thousand: the rows and events that `grant`, `renew` and announcing would write, written at once.

Terms come from `memberships.calendar`, as theirs do; a test grants and renews the same through the services and
compares every column. What is rarer than that goes through the services themselves (stories.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import models

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.core.periods import Anchor
from tessera.events import services as events
from tessera.events.services import text
from tessera.events.types import Actor, EventType
from tessera.memberships import announcing, calendar
from tessera.memberships.booked import Booked
from tessera.memberships.milestones import milestones
from tessera.memberships.models import Membership, Term
from tessera.organizations.models import Organization
from tessera.organizations.time import zone
from tessera.people.models import Company, Customer
from tessera.people.types import Source
from tessera.plans.models import Plan, Price

_BATCH = 2_000


@dataclass(slots=True)
class Account:
    """A membership that is not in the database yet, and its terms."""

    membership: Membership
    terms: list[Term]

    @property
    def ends_at(self) -> datetime:
        """The last booked end. Only of what has one."""
        assert self.membership.ends_at is not None
        return self.membership.ends_at


@dataclass(slots=True)
class Ledger:
    """Keeps memberships of one organization until they are written. Their events are recorded as they happen."""

    organization: Organization
    memberships: list[Membership] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)

    def grant(
        self,
        *,
        plan: Plan,
        price: Price,
        holder: Customer | Company,
        at: datetime,
        actor: Actor,
        source: Source,
        renews: bool | None = None,
        seats: int | None = None,
    ) -> Account:
        """As `memberships.granting.grant` does, starting now, without a trial."""
        membership = Membership(
            organization=self.organization,
            customer=holder if isinstance(holder, Customer) else None,
            company=holder if isinstance(holder, Company) else None,
            source=source,
            renews=price.renews_without_payment if renews is None else renews,
            seats=seats,
            created_at=at,
        )
        account = Account(membership, [])
        booking = calendar.first_term(plan, price, starts_at=at, from_midnight=True, zone=zone(self.organization))
        term = self._book(account, booking, plan, price, at, actor)
        self.memberships.append(membership)
        self._settle(account, EventType.MEMBERSHIP_GRANTED, term, at, actor)
        return account

    def renew(self, account: Account, *, at: datetime, actor: Actor) -> None:
        """As `memberships.renewing.renew` does before the end: the next term, from the last one's end."""
        last, membership = account.terms[-1], account.membership
        anchor = Anchor.parse(membership.anchor)
        booking = calendar.next_term(last.plan, last.price, last=last, anchor=anchor, zone=zone(self.organization))
        term = self._book(account, booking, last.plan, last.price, at, actor)
        membership.version += 1
        self._settle(account, EventType.MEMBERSHIP_RENEWED, term, at, actor)

    def announce(self, account: Account) -> None:
        """As `memberships.announcing.announce` does, at the instant at which something comes of the membership."""
        membership, at = account.membership, account.membership.announce_at
        assert at is not None
        held = Booked(account.terms, [])
        coming = announcing.coming_of(membership, held, organization=self.organization, at=at)
        events.record(*coming.lines)
        membership.announce_at, membership.announced_until = coming.next_at, at

    def write(self) -> None:
        """Write all rows."""
        insert(self.memberships)
        insert(self.terms)

    def _book(
        self, account: Account, booking: calendar.Booking, plan: Plan, price: Price, at: datetime, actor: Actor
    ) -> Term:
        membership = account.membership
        grace_until = None
        if membership.renews and not price.renews_without_payment:
            days = self.organization.grace_days
            grace_until = calendar.grace_until(
                booking.ends_at, trial=booking.trial, grace_days=days, zone=zone(self.organization)
            )
        term = Term(
            membership=membership,
            plan=plan,
            price=price,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            grace_until=grace_until,
            booked_by=str(actor),
            created_at=at,
        )
        account.terms.append(term)
        self.terms.append(term)
        membership.anchor = str(booking.anchor)
        return term

    def _settle(self, account: Account, event: EventType, booked: Term, at: datetime, actor: Actor) -> None:
        membership, days = account.membership, self.organization.reminder_days
        membership.ends_at = account.terms[-1].ends_at
        membership.remind_at = calendar.remind_at(membership.ends_at, days=days, zone=zone(self.organization))
        membership.announced_until = at
        coming = milestones(membership, account.terms, [], after=at)
        membership.announce_at = coming[0].at if coming else None
        events.record(
            events.Happened(
                organization_id=self.organization.pk,
                type=event,
                at=at,
                actor=actor,
                customer_id=membership.customer_id,
                company_id=membership.company_id,
                membership_id=membership.pk,
                plan_id=booked.plan_id,
                data={
                    "plan": ids.to_text(Prefix.PLAN, booked.plan_id),
                    "price": ids.to_text(Prefix.PRICE, booked.price_id),
                    "ends_at": text(membership.ends_at),
                    "version": membership.version,
                    "starts_at": text(booked.starts_at),
                },
            )
        )


def insert(rows: Sequence[models.Model]) -> None:
    """Write new rows of one model, many at once. Only for the demo: everybody else calls a service."""
    if rows:
        type(rows[0])._default_manager.bulk_create(rows, batch_size=_BATCH)

"""A membership in the hands of a verb: locked, with its terms and pauses, and settled again when the verb is done."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F

from tessera import db
from tessera.core import ids
from tessera.core.periods import Anchor
from tessera.events import services as events
from tessera.events.services import text
from tessera.events.types import Actor, EventType
from tessera.memberships import announcing, calendar, status
from tessera.memberships.booked import Booked
from tessera.memberships.calendar import Booking
from tessera.memberships.errors import HolderArchived, HolderBanned, MembershipNotFound
from tessera.memberships.milestones import milestones
from tessera.memberships.models import Membership, Pause, Term
from tessera.memberships.status import Facts, State
from tessera.organizations.errors import VersionStale
from tessera.organizations.models import Organization
from tessera.organizations.time import zone as zone_of
from tessera.people.models import Company, Customer
from tessera.people.present import refuse_gone
from tessera.people.types import CompanyStatus, CustomerStatus
from tessera.plans.models import Plan, Price


@dataclass(slots=True)
class Held:
    """One membership, its terms and pauses in order of their starts; the instant and the actor of the change."""

    organization: Organization
    holder: Customer | Company
    membership: Membership
    terms: list[Term]
    pauses: list[Pause]
    at: datetime
    actor: Actor

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.organization)

    @property
    def state(self) -> State:
        return status.state_at(Facts(self.membership, self.terms, self.pauses), self.at)

    @property
    def running(self) -> Term | None:
        """The term that covers the instant."""
        return next((term for term in self.terms if term.covers(self.at)), None)

    @property
    def anchor(self) -> Anchor:
        return Anchor.parse(self.membership.anchor)

    def current(self) -> tuple[Plan, Price]:
        """The plan and price that it is of now: the term's, or while pending those asked for."""
        held = status.term_held(self.terms, self.at)
        if isinstance(held, Term):
            return held.plan, held.price
        assert self.membership.next_plan is not None and self.membership.next_price is not None
        return self.membership.next_plan, self.membership.next_price

    def refuse_unwelcome(self) -> None:
        """Raises HolderBanned or HolderArchived: such a holder is given nothing."""
        refuse_unwelcome(self.holder)

    def book(self, booking: Booking, *, plan: Plan, price: Price, paid_by: str = "") -> Term:
        """Write a term, with its grace if the membership renews by payment. The anchor becomes the booking's."""
        term = Term(
            membership=self.membership,
            plan=plan,
            price=price,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            trial=booking.trial,
            paid_by=paid_by,
            booked_by=str(self.actor),
            created_at=self.at,
        )
        term.grace_until = self.grace_of(term)
        term.save(force_insert=True)
        self.membership.grace_before_cancel = None
        self.terms.append(term)
        self.terms.sort(key=lambda each: each.starts_at)
        self.membership.anchor = str(booking.anchor)
        return term

    def grace_of(self, term: Term) -> datetime | None:
        """The grace that a term has if the membership renews and its renewal needs a payment."""
        if not self.membership.renews or term.price.renews_without_payment:
            return None
        return calendar.grace_until(
            term.ends_at, trial=term.trial, grace_days=self.organization.grace_days, zone=self.zone
        )

    def set_end(self, term: Term, ends_at: datetime | None) -> None:
        """Move a term's end; its grace goes with it."""
        self.membership.grace_before_cancel = None
        term.ends_at = ends_at
        term.grace_until = self.grace_of(term)
        term.save(update_fields=["ends_at", "grace_until"])

    def drop(self, term: Term) -> None:
        """Take a term off that has not begun."""
        self.terms.remove(term)
        term.delete()

    def period_end(self, term: Term) -> datetime:
        """When the computed period of an open term ends that covers the instant."""
        return calendar.period_end(
            term.plan, term.price, anchor=self.anchor, at=max(self.at, term.starts_at), zone=self.zone
        )

    def settle(self, event: EventType, **data: object) -> Membership:
        """Bring the derived instants up to date, write the membership with a new version, and record `event`."""
        membership = self.membership
        end = self.terms[-1].ends_at if self.terms else None
        if end != membership.ends_at:
            membership.ends_at = end
            membership.remind_at = calendar.remind_at(end, days=self.organization.reminder_days, zone=self.zone)
        membership.announced_until = self._announced_until()
        coming = milestones(membership, self.terms, self.pauses, after=membership.announced_until)
        membership.announce_at = coming[0].at if coming else None
        if membership._state.adding:
            membership.save(force_insert=True)
        else:
            membership.version = F("version") + 1
            membership.save()
            membership.refresh_from_db(fields=["version"])
        record(self, event, **data)
        return membership

    def announce(self) -> None:
        """Record what came of the membership before the verb, so that it is told first, even where nobody announces."""
        booked = Booked(self.terms, self.pauses)
        coming = announcing.coming_of(self.membership, booked, organization=self.organization, at=self.at)
        events.record(*coming.lines)

    def _announced_until(self) -> datetime:
        """The instant of the verb, for what came before it has been announced; not so an expiry that it brought about.

        Where a local hour comes twice, resuming can find that all of the pause lay in it, and with it the end.
        """
        membership = self.membership
        until = self.at if membership._state.adding else max(self.at, membership.announced_until)
        lapse = status.lapses_at(Facts(membership, self.terms, self.pauses))
        return until if lapse is None or lapse > until else lapse - datetime.resolution


@contextmanager
def changing(*, organization: Organization, membership_id: UUID, at: datetime, actor: Actor) -> Iterator[Held]:
    """Give a verb the membership under lock, in a transaction: holder first, then the membership (3-architecture).

    Of two verbs at once one wins: the other had looked at a version that is no longer the present one.

    Raises MembershipNotFound if the organization has no such membership; VersionStale if it was changed while this
    waited for its turn.
    """
    found = organization.memberships.filter(pk=membership_id).only("customer_id", "company_id", "version").first()
    if found is None:
        raise MembershipNotFound("there is no such membership")
    with db.transaction():
        holder = lock_holder(found)
        membership = (
            Membership.objects.select_for_update(no_key=True, of=("self",))
            .select_related("next_plan", "next_price")
            .get(pk=membership_id)
        )
        if membership.version != found.version:
            raise VersionStale(
                "somebody changed the membership at this very moment; look at it again", version=membership.version
            )
        terms = list(membership.terms.select_related("plan", "price").order_by("starts_at"))
        pauses = list(membership.pauses.order_by("starts_at"))
        held = Held(organization, holder, membership, terms, pauses, at, actor)
        held.announce()
        yield held


def lock_holder(membership: Membership) -> Customer | Company:
    """Return the membership's holder, locked: two verbs for one holder take turns."""
    if membership.customer_id is not None:
        return lock(Customer(pk=membership.customer_id))
    return lock(Company(pk=membership.company_id))


def lock(holder: Customer | Company) -> Customer | Company:
    """Return the holder as it is now, locked until the transaction ends."""
    if isinstance(holder, Customer):
        return Customer.objects.select_for_update(no_key=True).get(pk=holder.pk)
    return Company.objects.select_for_update(no_key=True).get(pk=holder.pk)


def refuse_unwelcome(holder: Customer | Company) -> None:
    """Raises HolderBanned for a banned customer, HolderArchived for an archived customer or company; CustomerErased."""
    if isinstance(holder, Customer) and holder.erased_at is not None:
        refuse_gone(holder)
    if holder.status == CustomerStatus.BANNED:
        raise HolderBanned("this customer is banned; lift the ban first")
    if holder.status in (CustomerStatus.ARCHIVED, CompanyStatus.ARCHIVED):
        raise HolderArchived(
            "this customer is archived; restore it first"
            if isinstance(holder, Customer)
            else "this company is archived; restore it first"
        )


def record(held: Held, event: EventType, **data: object) -> None:
    """Record what happened to a membership: its plan and last end always, `data` beside them."""
    membership = held.membership
    plan, price = held.current()
    facts: dict[str, object] = {
        "plan": ids.to_text(ids.Prefix.PLAN, plan.pk),
        "price": ids.to_text(ids.Prefix.PRICE, price.pk),
        "ends_at": text(membership.ends_at),
        "version": membership.version,
    }
    events.record(
        events.Happened(
            organization_id=held.organization.pk,
            type=event,
            at=held.at,
            actor=held.actor,
            customer_id=membership.customer_id,
            company_id=membership.company_id,
            membership_id=membership.pk,
            plan_id=plan.pk,
            data={**facts, **data},
        )
    )

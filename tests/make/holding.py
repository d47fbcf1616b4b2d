"""Memberships with terms and pauses, and what is done with many."""

from datetime import datetime
from zoneinfo import ZoneInfo

from tessera.memberships.models import BulkRun, Membership, Pause, Term
from tessera.memberships.types import BulkAction, BulkState, EndedReason
from tessera.organizations.models import Organization
from tessera.people.models import Company, Customer
from tessera.people.types import Source
from tessera.plans.models import Plan, Price
from tests.make.basics import ACTOR, JAN_10


def membership(
    of: Plan,
    *,
    customer: Customer | None = None,
    company: Company | None = None,
    price: Price | None = None,
    starts_at: datetime | None = JAN_10,
    ends_at: datetime | None = None,
    grace_until: datetime | None = None,
    trial: bool = False,
    renews: bool = False,
    seats: int | None = None,
    anchor: str | None = None,
    pending_until: datetime | None = None,
    needs_approval: bool = False,
    awaits_payment: bool = False,
    cancel_booked_at: datetime | None = None,
    ended_at: datetime | None = None,
    ended_reason: EndedReason | None = None,
    announce_at: datetime | None = None,
    external_reference: str = "",
    created_at: datetime | None = None,
) -> Membership:
    """A membership with one term `[starts_at, ends_at)`, open unless told; `starts_at=None`: no term yet.

    Without a price it is held on the plan's oldest. `announce_at` is the later of end and grace unless told.
    """
    on = price or Price.objects.filter(plan=of).earliest("created_at", "id")
    made_at = created_at or starts_at or JAN_10
    booked = starts_at is not None
    if anchor is None:
        anchor = _anchor_at(starts_at, of.organization) if starts_at else ""
    row = Membership.objects.create(
        organization_id=of.organization_id,
        customer=customer,
        company=company,
        anchor=anchor,
        source=Source.STAFF,
        renews=renews,
        next_plan=None if booked else of,
        next_price=None if booked else on,
        seats=seats,
        needs_approval=needs_approval,
        awaits_payment=awaits_payment,
        pending_until=pending_until,
        cancel_booked_at=cancel_booked_at,
        ended_at=ended_at,
        ended_reason=ended_reason or (EndedReason.CANCELED if ended_at else ""),
        external_reference=external_reference,
        created_at=made_at,
        ends_at=ends_at,
        announced_until=made_at,
        announce_at=announce_at or (max(ends_at, grace_until or ends_at) if ends_at else None),
    )
    if starts_at is not None:
        term(row, of, price=on, starts_at=starts_at, ends_at=ends_at, grace_until=grace_until, trial=trial)
    return row


def term(
    of: Membership,
    plan: Plan,
    *,
    starts_at: datetime,
    ends_at: datetime | None = None,
    price: Price | None = None,
    grace_until: datetime | None = None,
    trial: bool = False,
    paid_by: str = "",
) -> Term:
    """One more term of a membership. Leaves the membership's own `ends_at` alone."""
    return Term.objects.create(
        membership=of,
        plan=plan,
        price=price or Price.objects.filter(plan=plan).earliest("created_at", "id"),
        starts_at=starts_at,
        ends_at=ends_at,
        grace_until=grace_until,
        trial=trial,
        paid_by=paid_by,
        booked_by=ACTOR,
        created_at=starts_at,
    )


def pause(
    of: Membership,
    *,
    starts_at: datetime,
    ends_at: datetime | None = None,
    extends: bool = False,
    reason: str = "",
) -> Pause:
    """An interval in which the membership grants nothing; open unless told. Moves no term."""
    return Pause.objects.create(
        membership=of,
        starts_at=starts_at,
        ends_at=ends_at,
        extends=extends,
        reason=reason,
        paused_by=ACTOR,
        created_at=starts_at,
    )


def _anchor_at(instant: datetime, club: Organization) -> str:
    """The text of an anchor (`core.periods.Anchor`): the local wall-clock time, without a zone."""
    return instant.astimezone(ZoneInfo(club.time_zone)).replace(tzinfo=None).isoformat()


def bulk_run(club: Organization, action: BulkAction = BulkAction.TAG, **arguments: object) -> BulkRun:
    """Something that was done with nobody."""
    return BulkRun.objects.create(
        organization=club,
        action=action,
        arguments=arguments or {"tag": "Press"},
        state=BulkState.DONE,
        actor=ACTOR,
        created_at=JAN_10,
        finished_at=JAN_10,
    )

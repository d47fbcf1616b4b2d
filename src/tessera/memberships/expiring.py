"""Announcing expiry. It happens at the instant with nobody doing anything; this only records that it has."""

from datetime import datetime
from uuid import UUID

from django.db.models import F, Min

from tessera import db
from tessera.core import ids
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.memberships.held import text
from tessera.memberships.models import Membership, Term
from tessera.memberships.types import EndedReason
from tessera.organizations.models import Organization

_BLOCK = 500
_ACTOR = Actor.system("announce")


def next_expiry(*, organization: Organization, after: datetime, until: datetime) -> datetime | None:
    """Return the first instant in `(after, until]` at which an expiry is to be announced; None if there is none."""
    due = Membership.objects.filter(organization=organization, announce_at__gt=after, announce_at__lte=until)
    first: datetime | None = due.aggregate(first=Min("announce_at"))["first"]
    return first


def announce_expiries(*, organization: Organization, at: datetime) -> int:
    """Record `membership.expired` once for each membership past its end and grace at `at`; return how many.

    Rows are claimed in blocks, so two at once do no harm, and what downtime left over is caught up with. A membership
    that got a later end meanwhile is announced again for that one.
    """
    announced = 0
    while block := _announce_block(organization, at):
        announced += block
    return announced


def _announce_block(organization: Organization, at: datetime) -> int:
    with db.transaction():
        due = (
            Membership.objects.select_for_update(no_key=True, skip_locked=True)
            .filter(organization=organization, announce_at__lte=at)
            .order_by("announce_at", "id")
        )
        claimed = list(due[:_BLOCK])
        last_plans = _last_plans([membership.pk for membership in claimed])
        Membership.objects.filter(pk__in=[membership.pk for membership in claimed]).update(
            announced_for=F("announce_at"), announce_at=None
        )
        events.record(*(_expired(membership, last_plans.get(membership.pk), at) for membership in claimed))
    return len(claimed)


def _expired(membership: Membership, plan_id: UUID | None, at: datetime) -> events.Happened:
    plan_id = plan_id or membership.next_plan_id
    assert plan_id is not None
    began = membership.ends_at is not None
    return events.Happened(
        organization_id=membership.organization_id,
        type=EventType.MEMBERSHIP_EXPIRED,
        at=at,
        actor=_ACTOR,
        customer_id=membership.customer_id,
        company_id=membership.company_id,
        membership_id=membership.pk,
        plan_id=plan_id,
        data={
            "plan": ids.to_text(ids.Prefix.PLAN, plan_id),
            "ends_at": text(membership.ends_at),
            "expired_at": text(membership.announce_at),
            "reason": EndedReason.LAPSED if began else EndedReason.ABANDONED,
            "version": membership.version,
        },
    )


def _last_plans(membership_ids: list[UUID]) -> dict[UUID, UUID]:
    """The plan of each membership's last term."""
    terms = Term.objects.filter(membership__in=membership_ids).order_by("starts_at")
    return dict(terms.values_list("membership_id", "plan_id"))

"""What of its memberships an organization looks at first: how many there are of what, and which wait for a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from tessera.memberships import finding, queries
from tessera.memberships.counting import active_holders
from tessera.memberships.filters import Holding, in_grace_perhaps, of_status
from tessera.memberships.models import Membership
from tessera.memberships.views import MembershipView
from tessera.organizations.models import Organization

_WEEK, _MONTH = timedelta(days=7), timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many memberships are what at one instant. `in_grace` are among the active ones."""

    active_of_people: int
    active_of_companies: int
    joined_in_30_days: int
    joined_in_7_days: int
    ending_in_7_days: int
    ending_in_30_days: int
    waiting_for_approval: int
    waiting_for_payment: int
    in_grace: int

    @property
    def active(self) -> int:
        return self.active_of_people + self.active_of_companies

    @property
    def payments(self) -> int:
        """Memberships whose money is missing: the first payment, or that of a renewal."""
        return self.waiting_for_payment + self.in_grace


@dataclass(frozen=True, slots=True)
class Asking:
    """Memberships that ask for a person, those that have waited longest first.

    `waiting`: applications, then first payments. `unpaid`: in grace, their renewal is not paid.
    """

    waiting: tuple[MembershipView, ...]
    unpaid: tuple[MembershipView, ...]


def numbers(organization: Organization, at: datetime) -> Numbers:
    """Return the organization's numbers at `at`. Nine queries.

    Active ones are counted from the indexes of terms (`counting.py`), which grows with the terms that run; the others
    are ranges of indexes.
    """
    active = active_holders(organization, at).values()
    joined = organization.memberships.filter(created_at__gt=at - _MONTH, created_at__lte=at).aggregate(
        month=Count("pk"), week=Count("pk", filter=Q(created_at__gt=at - _WEEK))
    )
    ending = organization.memberships.filter(
        ended_at=None, renews=False, ends_at__gt=at, ends_at__lte=at + _MONTH
    ).aggregate(month=Count("pk"), week=Count("pk", filter=Q(ends_at__lte=at + _WEEK)))
    paying = organization.memberships.filter(_awaiting(at), needs_approval=False, awaits_payment=True)
    return Numbers(
        active_of_people=sum(each.customers for each in active),
        active_of_companies=sum(each.companies for each in active),
        joined_in_30_days=joined["month"],
        joined_in_7_days=joined["week"],
        ending_in_7_days=ending["week"],
        ending_in_30_days=ending["month"],
        waiting_for_approval=finding.waiting(organization, at=at).count(),
        waiting_for_payment=paying.count(),
        in_grace=_in_grace(organization, at).count(),
    )


def asking(*, organization: Organization, at: datetime, limit: int) -> Asking:
    """Return the memberships that a person should look at, of each kind at most `limit`. Five queries."""
    waiting = organization.memberships.filter(_awaiting(at)).filter(Q(needs_approval=True) | Q(awaits_payment=True))
    first = list(queries.with_names(waiting).order_by("-needs_approval", "created_at", "pk")[:limit])
    second = list(queries.with_names(_in_grace(organization, at)).order_by("ends_at", "pk")[:limit])
    views = queries.views_of(organization, [*first, *second], at)
    return Asking(tuple(views[: len(first)]), tuple(views[len(first) :]))


def _in_grace(organization: Organization, at: datetime) -> QuerySet[Membership]:
    return of_status(in_grace_perhaps(organization, organization.memberships.all(), at), Holding.GRACE, at)


def _awaiting(at: datetime) -> Q:
    """The condition that a membership has not begun and can still; an index is of those without an anchor."""
    return Q(anchor="", ended_at=None) & finding.open_still(at)

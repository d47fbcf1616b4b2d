"""What of its memberships an organization looks at first: how many there are of what, and which wait for a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Sum, Value, When

from tessera.memberships import queries
from tessera.memberships.models import Membership
from tessera.memberships.status_sql import with_status
from tessera.memberships.types import Status
from tessera.memberships.views import MembershipView
from tessera.organizations.models import Organization

_LONGEST_GRACE = timedelta(days=400)  # an end longer ago than any policy's grace cannot be in grace
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


def numbers(organization: Organization, at: datetime) -> Numbers:
    """Return the organization's numbers at `at`. Three queries.

    Active ones are counted from their terms, so this grows with the memberships that have not ended; the others are
    read off indexes.
    """
    candidates = organization.memberships.filter(Q(ended_at=None) | Q(ended_at__gt=at)).filter(
        Q(ends_at=None) | Q(ends_at__gt=at) | Q(renews=True, ends_at__gt=at - _LONGEST_GRACE)
    )
    active = (
        with_status(candidates, at)
        .filter(Q(status_at=Status.ACTIVE))
        .aggregate(
            of_people=Count("pk", filter=Q(customer__isnull=False)),
            of_companies=Count("pk", filter=Q(customer=None)),
            in_grace=Sum(Case(When(in_grace_at=True, then=1), default=Value(0), output_field=IntegerField())),
        )
    )
    ending = organization.memberships.filter(
        ended_at=None, renews=False, ends_at__gt=at, ends_at__lte=at + _MONTH
    ).aggregate(month=Count("pk"), week=Count("pk", filter=Q(ends_at__lte=at + _WEEK)))
    others = organization.memberships.aggregate(
        month=Count("pk", filter=Q(created_at__gt=at - _MONTH, created_at__lte=at)),
        week=Count("pk", filter=Q(created_at__gt=at - _WEEK, created_at__lte=at)),
        approval=Count("pk", filter=Q(needs_approval=True) & _open(at)),
        payment=Count("pk", filter=Q(needs_approval=False, awaits_payment=True) & _open(at)),
    )
    return Numbers(
        active_of_people=active["of_people"],
        active_of_companies=active["of_companies"],
        joined_in_30_days=others["month"],
        joined_in_7_days=others["week"],
        ending_in_7_days=ending["week"],
        ending_in_30_days=ending["month"],
        waiting_for_approval=others["approval"],
        waiting_for_payment=others["payment"],
        in_grace=active["in_grace"] or 0,
    )


def waiting(*, organization: Organization, at: datetime, limit: int) -> list[MembershipView]:
    """Return memberships that wait for a person, those that have waited longest first. Four queries.

    Applications come first, then first payments; renewals that are not paid are for `unpaid`.
    """
    found = organization.memberships.filter(Q(needs_approval=True) | Q(awaits_payment=True)).filter(_open(at))
    return _views(organization, found.order_by("-needs_approval", "created_at", "pk"), at, limit)


def unpaid(*, organization: Organization, at: datetime, limit: int) -> list[MembershipView]:
    """Return memberships in grace, whose renewal is not paid, those that ended first first. Four queries."""
    ended = organization.memberships.filter(
        renews=True, ended_at=None, ends_at__lte=at, ends_at__gt=at - _LONGEST_GRACE
    )
    return _views(organization, with_status(ended, at).filter(Q(in_grace_at=True)).order_by("ends_at", "pk"), at, limit)


def _open(at: datetime) -> Q:
    return Q(ended_at=None) & (Q(pending_until=None) | Q(pending_until__gt=at))


def _views(organization: Organization, found: QuerySet[Membership], at: datetime, limit: int) -> list[MembershipView]:
    keys = list(found.values_list("pk", flat=True)[:limit])
    views = {each.id: each for each in queries.memberships_named(organization=organization, membership_ids=keys, at=at)}
    return [views[key] for key in keys if key in views]

"""What of its memberships an organization looks at first: how many there are of what, and which wait for a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from tessera.memberships import finding, queries
from tessera.memberships.counting import active_holders
from tessera.memberships.models import Membership
from tessera.memberships.narrowing import awaiting, awaiting_payment, longest_in_grace
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
    """Return the organization's numbers at `at`. Three queries.

    Active ones are counted from the indexes of terms (`counting.py`), which grows with the terms that run; the others
    are ranges of indexes.
    """
    active = active_holders(organization, at).values()
    every = organization.memberships.all()
    joined = every.filter(created_at__gt=at - _MONTH, created_at__lte=at)
    ending = every.filter(ended_at=None, renews=False, ends_at__gt=at, ends_at__lte=at + _MONTH)
    counts = {
        "joined": joined,
        "joined_lately": joined.filter(created_at__gt=at - _WEEK),
        "ending": ending,
        "ending_soon": ending.filter(ends_at__lte=at + _WEEK),
        "to_approve": finding.waiting(organization, at=at),
        "to_pay": every.filter(awaiting_payment(at)),
    }
    rows: QuerySet[Any] = Organization.objects.filter(pk=organization.pk)
    found: dict[str, int] = rows.values(**{key: _many(of) for key, of in counts.items()})[0]
    return Numbers(
        active_of_people=sum(each.customers for each in active),
        active_of_companies=sum(each.companies for each in active),
        joined_in_30_days=found["joined"],
        joined_in_7_days=found["joined_lately"],
        ending_in_7_days=found["ending_soon"],
        ending_in_30_days=found["ending"],
        waiting_for_approval=found["to_approve"],
        waiting_for_payment=found["to_pay"],
        in_grace=sum(each.in_grace for each in active),
    )


def asking(*, organization: Organization, at: datetime, limit: int) -> Asking:
    """Return the memberships that a person should look at, of each kind at most `limit`. Two queries."""
    waiting = organization.memberships.filter(awaiting(at)).filter(Q(needs_approval=True) | Q(awaits_payment=True))
    every = organization.memberships.all()
    first = every.filter(pk__in=waiting.order_by("-needs_approval", "created_at", "pk").values("pk")[:limit])
    second = every.filter(longest_in_grace(organization, at, limit=limit))
    # As one set of keys: asked whether it is one of these or of those, PostgreSQL reads all memberships.
    rows = list(queries.with_names(every.filter(pk__in=first.values("pk").union(second.values("pk"), all=True))))
    begun = [row for row in rows if row.anchor]
    begun.sort(key=lambda row: (row.ends_at or at, row.pk))
    not_begun = [row for row in rows if not row.anchor]
    not_begun.sort(key=lambda row: (not row.needs_approval, row.created_at, row.pk))
    # Neither of those who wait, nor of those in grace, is any paused.
    views = queries.views_of(organization, [*not_begun, *begun], at, lean=True)
    return Asking(tuple(views[: len(not_begun)]), tuple(views[len(not_begun) :]))


def _many(rows: QuerySet[Membership]) -> Coalesce:
    counted = rows.order_by().annotate(all=Value(1)).values("all").annotate(many=Count("pk")).values("many")
    return Coalesce(Subquery(counted), 0)

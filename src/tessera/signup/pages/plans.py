"""Which plans can be joined by somebody on their own, and what keeps somebody from joining one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.memberships import capacity
from tessera.organizations.models import Organization
from tessera.plans.models import Plan, PlanPermission, Price
from tessera.plans.queries import plan_by_id
from tessera.plans.types import Audience, Visibility
from tessera.signup.pages import presenting
from tessera.signup.pages.presenting import PlanShown
from tessera.signup.pages.visit import Visit
from tessera.signup.queries import SettingsFacts


@dataclass(frozen=True, slots=True)
class Found:
    """A plan with its active prices, oldest first, and the names of what it grants."""

    row: Plan
    prices: list[Price]
    grants: list[str]

    @property
    def ref(self) -> str:
        return ids.to_text(Prefix.PLAN, self.row.pk)


def found(organization: Organization, ref: str) -> Found:
    """Return a plan of the organization by `pln_…`. Three queries. Raises PlanNotFound."""
    row = plan_by_id(organization, ref)
    return Found(row, _prices([row]).get(row.pk, []), granted([row]).get(row.pk, []))


def public(organization: Organization) -> list[Found]:
    """Return the plans of the public catalogue that a person can join, in its order. Three queries."""
    rows = list(
        Plan.objects.filter(
            organization=organization,
            visibility=Visibility.PUBLIC,
            archived_at=None,
            audience__in=(Audience.CUSTOMERS, Audience.BOTH),
        ).order_by("position", "id")
    )
    for row in rows:
        row.organization = organization
    prices, names = _prices(rows), granted(rows)
    return [Found(row, prices[row.pk], names.get(row.pk, [])) for row in rows if row.pk in prices]


def shown(visit: Visit, plans: Sequence[Found]) -> list[PlanShown]:
    """Return plans as a visitor sees them. A query for each that has a limit."""
    full = capacity.full_plans([each.row for each in plans], visit.at)
    return [
        presenting.plan(
            each.row,
            each.prices,
            {each.row.pk: each.grants},
            visit.formats,
            full=each.row.pk in full,
            url=visit.address("plan", each.ref),
        )
        for each in plans
    ]


def obstacle(plan: Found, settings: SettingsFacts) -> str:
    """Return why nobody can join the plan by themselves (`presenting.REFUSED`), full or not; empty if somebody can."""
    row = plan.row
    if settings.closed:
        return "closed"
    if row.archived_at is not None:
        return "archived"
    if row.visibility == Visibility.PRIVATE:
        return "private"
    if row.audience == Audience.COMPANIES:
        return "companies"
    return "" if plan.prices else "no_price"


def granted(rows: Collection[Plan]) -> dict[UUID, list[str]]:
    """Return the names of what each plan grants, in the order of their keys. One query."""
    names: dict[UUID, list[str]] = {}
    pairs = PlanPermission.objects.filter(plan__in=[row.pk for row in rows]).order_by("permission__key")
    for plan_id, name in pairs.values_list("plan_id", "permission__name"):
        names.setdefault(plan_id, []).append(name)
    return names


def _prices(rows: Collection[Plan]) -> dict[UUID, list[Price]]:
    prices: dict[UUID, list[Price]] = {}
    for each in Price.objects.filter(plan__in=[row.pk for row in rows], active=True).order_by("created_at", "id"):
        prices.setdefault(each.plan_id, []).append(each)
    return prices

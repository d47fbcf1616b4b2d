"""The catalogue: plans with their prices and how many have them; a new plan, a new permission."""

from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from tessera.console import answers, naming
from tessera.console.access import StaffRequest, staff_may
from tessera.console.once import once
from tessera.console.pages import next_page
from tessera.console.plan_forms import REFUSED_PLAN, PermissionForm, PlanForm, PriceForm
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.memberships.status_sql import with_plan, with_status
from tessera.memberships.types import Status
from tessera.organizations.models import Organization
from tessera.organizations.rights import Right
from tessera.plans import queries, services
from tessera.plans.permissions import create_permission

_A_PAGE = 60


@staff_may(Right.PLANS_READ)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """The plans in the catalogue's order; with `archived=1` those that take nobody new."""
    staff = request.staff
    archived = request.GET.get("archived") == "1"
    found = queries.plans(
        staff.organization, archived=archived, limit=_A_PAGE, cursor=request.GET.get("cursor") or None
    )
    holders = active_holders(staff.organization, staff.at)
    names = naming.permissions(staff.organization)
    return answers.page(
        request,
        "console/plans/list.html",
        section="plans",
        plans=[
            (each, holders.get(each.id, (0, 0)), [names.get(key, key) for key in each.permissions])
            for each in found.data
        ],
        archived=archived,
        next_url=next_page(request, found.next_cursor),
    )


@staff_may(Right.PLANS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """Make a plan with its first price."""
    staff = request.staff
    organization = staff.organization
    form = PlanForm(answers.sent(request), permissions=permission_choices(organization))
    price = PriceForm(answers.sent(request), currency=organization.currency)
    if request.method == "POST" and form.is_valid() and price.is_valid():

        def make() -> str:
            plan = services.create_plan(
                organization=organization,
                prices=[price.terms()],
                at=staff.at,
                actor=staff.actor,
                **form.details(),
            )
            return reverse("console:plan", args=[organization.slug, ids.to_text(Prefix.PLAN, plan.pk)])

        try:
            address = answers.carried_out(lambda: once(request, make))
        except TesseraError as refusal:
            of_price = (refusal.pointer or "").startswith("/prices")
            answers.refuse(price if of_price else form, refusal, REFUSED_PLAN)
        else:
            return answers.done(request, address, gettext("Plan made."))
    return answers.page(
        request,
        "console/plans/edit.html",
        section="plans",
        status=422 if request.method == "POST" else 200,
        form=form,
        price=price,
        title=gettext("Make a plan"),
        button=gettext("Make the plan"),
        action=request.path,
        back=reverse("console:plans", args=[organization.slug]),
    )


@staff_may(Right.PERMISSIONS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def new_permission(request: StaffRequest) -> HttpResponse:
    """Make a permission that plans can grant."""
    staff = request.staff
    form = PermissionForm(answers.sent(request))
    back = reverse("console:plans", args=[staff.organization.slug])
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data

        def make() -> str:
            create_permission(
                organization=staff.organization,
                key=told["key"],
                at=staff.at,
                actor=staff.actor,
                name=told["name"],
                description=told["description"],
                targets=told["targets"],
            )
            return back

        try:
            address = answers.carried_out(lambda: once(request, make))
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            return answers.done(request, address, gettext("Permission made. Plans can grant it now."))
    return answers.drawer(
        request,
        "console/plans/permission.html",
        section="plans",
        status=422 if request.method == "POST" else 200,
        form=form,
        action=request.path,
        back=back,
    )


def permission_choices(organization: Organization) -> list[tuple[str, str]]:
    """Return the permissions that a plan can grant: key and name."""
    return sorted(naming.permissions(organization).items(), key=lambda each: each[1].casefold())


def active_holders(
    organization: Organization, at: datetime, plan_id: UUID | None = None
) -> dict[UUID, tuple[int, int]]:
    """Return how many customers and companies have each plan now, themselves. One query over the memberships."""
    found = with_plan(with_status(organization.memberships.all(), at), at).filter(Q(status_at=Status.ACTIVE))
    if plan_id is not None:
        found = found.filter(Q(plan_at=plan_id))
    column: str = "plan_at"
    counted = found.order_by().values(column).annotate(people=Count("customer_id"), firms=Count("company_id"))
    return {row[column]: (row["people"], row["firms"]) for row in counted}

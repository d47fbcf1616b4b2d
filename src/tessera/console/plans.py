"""The catalogue: plans with their prices and how many have them; a new plan."""

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from tessera.console import answers, naming, preview
from tessera.console.access import StaffRequest, staff_may
from tessera.console.once import once
from tessera.console.pages import next_page
from tessera.console.plan_forms import REFUSED_PLAN, PlanForm, PriceForm
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.memberships.counting import Holders, active_holders
from tessera.organizations.models import Organization
from tessera.organizations.rights import Right
from tessera.plans import queries, services

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
    holders = active_holders(staff.organization, staff.at, plan_ids=[each.id for each in found.data])
    names = naming.permissions(staff.organization)
    return answers.page(
        request,
        "console/plans/list.html",
        section="plans",
        plans=[
            (each, holders.get(each.id, Holders()), [names.get(key, key) for key in each.permissions])
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
    previewing = request.method == "POST" and "preview" in request.POST
    if request.method == "POST" and form.is_valid() and price.is_valid() and not previewing:

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
        status=422 if request.method == "POST" and not previewing else 200,
        form=form,
        price=price,
        preview=preview.of_forms(form, prices=[price.facts_so_far(staff.at)], organization=organization),
        title=gettext("Make a plan"),
        button=gettext("Make the plan"),
        action=request.path,
        back=reverse("console:plans", args=[organization.slug]),
    )


def permission_choices(organization: Organization) -> list[tuple[str, str]]:
    """Return the permissions that a plan can grant: key and name."""
    return sorted(naming.permissions(organization).items(), key=lambda each: each[1].casefold())

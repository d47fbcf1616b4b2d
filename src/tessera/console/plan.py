"""A plan's page: what it is, what it grants, its prices; changing it, adding and retiring prices, archiving it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tessera.console import answers, naming, preview
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.once import once
from tessera.console.plan_forms import REFUSED_PLAN, PlanForm, PriceForm, first_values
from tessera.console.plans import permission_choices
from tessera.core.errors import NotFound, TesseraError
from tessera.memberships.counting import Holders, active_holders, active_on_prices
from tessera.organizations.formatting import Formats, sentence
from tessera.organizations.rights import Right
from tessera.plans import queries, services
from tessera.plans.formatting import price_text
from tessera.plans.models import Plan
from tessera.plans.queries import PlanFacts, PriceFacts


@dataclass(frozen=True, slots=True)
class PriceHistory:
    """A price, how many have the plan on it now, and what took its place if it is not offered any more."""

    price: PriceFacts
    holders: int
    replaced_by: PriceFacts | None


@dataclass(frozen=True, slots=True)
class Order:
    """Where a plan stands among those on offer, counted from one."""

    place: int
    many: int


@staff_may(Right.PLANS_READ)
@require_safe
def profile(request: StaffRequest, ref: str) -> HttpResponse:
    """Everything about one plan."""
    staff = request.staff
    row = queries.plan_by_id(staff.organization, ref)
    plan = queries.plan(row)
    names = naming.permissions(staff.organization)
    return answers.page(
        request,
        "console/plans/profile.html",
        section="plans",
        plan=plan,
        reference=ref,
        prices=_prices(plan, active_on_prices(row, staff.at)),
        holders=active_holders(staff.organization, staff.at, plan_ids=[plan.id]).get(plan.id, Holders()),
        permissions=[(key, names.get(key, key)) for key in plan.permissions],
        order=_order(row),
    )


@staff_may(Right.PLANS_WRITE)
@require_POST
def move(request: StaffRequest, ref: str) -> HttpResponse:
    """Have a plan stand one place earlier among those on offer, or later: here, and where people join."""
    staff = request.staff
    row = queries.plan_by_id(staff.organization, ref)
    order = queries.order_on_offer(staff.organization)
    if row.pk in order:
        place = order.index(row.pk)
        order.insert(max(0, place + (-1 if request.POST.get("to") == "earlier" else 1)), order.pop(place))
        answers.carried_out(
            lambda: services.reorder_plans(organization=staff.organization, order=order, at=staff.at, actor=staff.actor)
        )
    return answers.go(request, _address(staff, ref))


def _order(row: Plan) -> Order | None:
    found = queries.order_on_offer(row.organization)
    return Order(found.index(row.pk) + 1, len(found)) if row.pk in found else None


def _now(staff: Member, ref: str) -> dict[str, Any]:
    return first_values(queries.plan(queries.plan_by_id(staff.organization, ref)))


def _prices(plan: PlanFacts, on: dict[UUID, int]) -> list[PriceHistory]:
    """Return the prices, those on offer first, with what took the place of those that are not."""
    found = []
    for each in sorted(plan.prices, key=lambda price: (not price.active, price.created_at)):
        kind = (each.billing, each.interval, each.interval_count)
        later = (
            other
            for other in plan.prices
            if other.created_at > each.created_at and (other.billing, other.interval, other.interval_count) == kind
        )
        found.append(PriceHistory(each, on.get(each.id, 0), None if each.active else next(later, None)))
    return found


@staff_may(Right.PLANS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, ref: str) -> HttpResponse:
    """Change a plan. What it grants changes for everybody who has it with the next check."""
    staff = request.staff
    row = queries.plan_by_id(staff.organization, ref)
    known = queries.plan(row)
    choices = permission_choices(staff.organization)
    form = PlanForm(answers.sent(request), permissions=choices, initial=first_values(known))
    previewing = request.method == "POST" and "preview" in request.POST
    if request.method == "POST" and form.is_valid() and not previewing:
        version = form.cleaned_data["version"]
        try:
            answers.carried_out(
                lambda: services.update_plan(
                    plan=row, at=staff.at, actor=staff.actor, version=version, **form.details()
                )
            )
        except TesseraError as refusal:
            answers.refuse(form, refusal, REFUSED_PLAN, present=lambda: _now(staff, ref))
        else:
            return answers.done(request, _address(staff, ref), gettext("Plan saved."))
    holders = active_holders(staff.organization, staff.at, plan_ids=[known.id]).get(known.id, Holders())
    return answers.page(
        request,
        "console/plans/edit.html",
        section="plans",
        status=422 if request.method == "POST" and not previewing else 200,
        form=form,
        title=gettext("Edit %(name)s") % {"name": row.name},
        button=gettext("Save the plan"),
        affects=holders.all,
        preview=preview.of_forms(form, organization=staff.organization, prices=known.prices),
        action=request.path,
        back=_address(staff, ref),
    )


@staff_may(Right.PLANS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def add_price(request: StaffRequest, ref: str) -> HttpResponse:
    """Add a price. Members keep theirs."""
    staff = request.staff
    row = queries.plan_by_id(staff.organization, ref)
    form = PriceForm(answers.sent(request), currency=staff.organization.currency)
    if request.method == "POST" and form.is_valid():

        def make() -> str:
            services.add_price(plan=row, terms=form.terms(), at=staff.at, actor=staff.actor)
            return _address(staff, ref)

        try:
            address = answers.carried_out(lambda: once(request, make))
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            return answers.done(request, address, gettext("Price added."))
    return answers.drawer(
        request,
        "console/plans/price.html",
        section="plans",
        status=422 if request.method == "POST" else 200,
        form=form,
        plan=row,
        action=request.path,
        back=_address(staff, ref),
    )


@staff_may(Right.PLANS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def retire_price(request: StaffRequest, ref: str, price_ref: str) -> HttpResponse:
    """Take a price out of use for new members, or back into it."""
    staff = request.staff
    row = queries.plan_by_id(staff.organization, ref)
    price = queries.price_by_id(staff.organization, price_ref)
    if price.plan_id != row.pk:
        raise NotFound("there is no such price")
    told = {"price": price_text(queries.price(price), Formats.of(staff.organization)), "plan": row.name}
    wanted = request.POST.get("active", "no") == "yes" if request.method == "POST" else not price.active
    texts: dict[str, Any] = (
        {
            "title": gettext("Offer %(price)s again") % told,
            "sentences": [gettext("New members of %(plan)s can have it again.") % told],
            "button": gettext("Offer it again"),
        }
        if wanted
        else {
            "title": gettext("Stop offering %(price)s") % told,
            "sentences": [gettext("Nobody new can have it. Members who have it keep it, and renew on it.")],
            "button": gettext("Stop offering it"),
        }
    )
    return _confirmed(
        request,
        ref,
        lambda: services.update_price(price=price, at=staff.at, actor=staff.actor, active=wanted),
        done=gettext("Price offered again.") if wanted else gettext("Price no longer offered."),
        hidden={"active": "yes" if wanted else "no"},
        hurts=not wanted,
        **texts,
    )


@staff_may(Right.PLANS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def archive(request: StaffRequest, ref: str) -> HttpResponse:
    """Close a plan to new members."""
    staff = request.staff
    row = queries.plan_by_id(staff.organization, ref)
    holders = active_holders(staff.organization, staff.at, plan_ids=[row.pk]).get(row.pk, Holders())
    kept = ngettext(
        "%(count)d who has it keeps it, and renews as before.",
        "%(count)d who have it keep it, and renew as before.",
        holders.all,
    ) % {"count": holders.all}
    return _confirmed(
        request,
        ref,
        lambda: services.archive_plan(plan=row, at=staff.at, actor=staff.actor),
        title=gettext("Archive %(plan)s") % {"plan": row.name},
        sentences=[
            gettext("Nobody new can have it, and nobody can change to it."),
            kept if holders.all else gettext("Nobody has it now."),
            gettext("It can be restored at any time."),
        ],
        button=gettext("Archive the plan"),
        done=gettext("Plan archived."),
        hidden={},
        hurts=True,
    )


@staff_may(Right.PLANS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def restore(request: StaffRequest, ref: str) -> HttpResponse:
    """Open an archived plan to new members again."""
    staff = request.staff
    row = queries.plan_by_id(staff.organization, ref)
    return _confirmed(
        request,
        ref,
        lambda: services.restore_plan(plan=row, at=staff.at, actor=staff.actor),
        title=gettext("Restore %(plan)s") % {"plan": row.name},
        sentences=[
            gettext("New members can have it again, on the prices that are offered. Who has it notices nothing.")
        ],
        button=gettext("Restore the plan"),
        done=gettext("Plan restored."),
        hidden={},
    )


def _confirmed(request: StaffRequest, ref: str, run: Any, *, done: str, **context: Any) -> HttpResponse:
    """Answer a question that has nothing to fill in."""
    problem = ""
    if request.method == "POST":
        try:
            answers.carried_out(run)
        except TesseraError as refusal:
            problem = sentence(refusal.detail)
        else:
            return answers.done(request, _address(request.staff, ref), done)
    return answers.drawer(
        request,
        "console/plans/confirm.html",
        section="plans",
        status=422 if problem else 200,
        problem=problem,
        action=request.path,
        back=_address(request.staff, ref),
        **context,
    )


def _address(staff: Member, ref: str) -> str:
    return reverse("console:plan", args=[staff.organization.slug, ref])

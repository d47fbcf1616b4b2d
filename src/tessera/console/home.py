"""Where staff begin: finding somebody, today's numbers, what needs a person, and what happened last."""

from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from tessera.console import answers, timeline
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.timeline import Line
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.types import EventType
from tessera.memberships import attention
from tessera.organizations.models import Organization
from tessera.organizations.rights import Right
from tessera.people import own_data
from tessera.people.models import Customer
from tessera.plans.models import Plan

_MOST_WAITING = 6
_MOST_EVENTS = 12
_FOR_THE_LOG = [each for each in EventType if each.value.endswith((".signed_in", ".signed_out"))]


@staff_may(Right.CUSTOMERS_READ)
@require_safe
def home(request: StaffRequest) -> HttpResponse:
    """The organization at a glance. The numbers come in by themselves, so that nobody waits for a count."""
    staff = request.staff
    numbers = None if request.GET.get("numbers") != "1" else attention.numbers(staff.organization, staff.at)
    return answers.page(
        request,
        "console/home/page.html",
        section="home",
        numbers=numbers,
        wishes=[
            (ids.to_text(Prefix.CUSTOMER, each.customer_id), each.name, each.asked_at)
            for each in own_data.waiting(staff.organization, limit=_MOST_WAITING)
        ],
        asking=attention.asking(organization=staff.organization, at=staff.at, limit=_MOST_WAITING),
        lines=_lines(staff),
        first_steps=_first_steps(staff),
    )


@staff_may(Right.MEMBERSHIPS_READ)
@require_safe
def numbers(request: StaffRequest) -> HttpResponse:
    """Today's numbers: a part of the page; asked for by itself, the page with them."""
    staff = request.staff
    if not request.htmx:
        return answers.go(request, f"{reverse('console:home', args=[staff.organization.slug])}?numbers=1")
    counted = attention.numbers(staff.organization, staff.at)
    return render(request, "console/home/_numbers.html", {**answers.shell(request, "home"), "numbers": counted})


def _lines(staff: Member) -> list[Line]:
    """Return what happened last; that somebody signed in or out is for the log alone."""
    return timeline.of_organization(staff, without=_FOR_THE_LOG, limit=_MOST_EVENTS).lines


def _first_steps(staff: Member) -> list[tuple[str, str, bool]]:
    """Return what a new organization does first: what, where, and whether it is done; empty once all is."""
    organization = staff.organization
    plan, customer = (Exists(rows.filter(organization=OuterRef("pk"))) for rows in (Plan.objects, Customer.objects))
    known = Organization.objects.filter(pk=organization.pk).values_list(plan, customer)
    has_plan, has_customer = known[0]
    steps = [
        (Right.PLANS_WRITE, gettext("Make a plan"), "console:plan_new", has_plan),
        (Right.CUSTOMERS_WRITE, gettext("Add a customer"), "console:customer_new", has_customer),
    ]
    if all(done for _right, _text, _route, done in steps):
        return []
    return [
        (text, reverse(route, args=[organization.slug]), done)
        for right, text, route, done in steps
        if right in staff.rights
    ]

"""The list of customers, and a new one."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from tessera.console import answers, standing
from tessera.console.access import StaffRequest, staff_may
from tessera.console.customer_forms import CustomerForm
from tessera.console.once import once
from tessera.console.pages import next_page
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.organizations.rights import Right
from tessera.people import queries, services
from tessera.people.types import CustomerStatus

_A_PAGE = 50


@staff_may(Right.CUSTOMERS_READ)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """The customers by name, found by the words of `q`. Enter with one match left goes straight to that person."""
    staff = request.staff
    q, cursor = request.GET.get("q", "")[:200], request.GET.get("cursor") or None
    status = next((each for each in CustomerStatus if each.value == request.GET.get("status")), None)
    found = queries.customers(staff.organization, q=q, status=status, order="name", limit=_A_PAGE, cursor=cursor)
    if len(found.data) == 1 and q.strip() and not request.htmx and cursor is None:
        return redirect("console:customer", staff.organization.slug, ids.to_text(Prefix.CUSTOMER, found.data[0].id))
    standings = standing.of_customers([each.id for each in found.data], staff.at)
    return answers.page(
        request,
        "console/customers/list.html",
        section="customers",
        rows=[(each, standings.get(each.id)) for each in found.data],
        q=q,
        chosen=status.value if status else "",
        statuses=[(each.value, answers.STATUS_WORDS[each.value]) for each in CustomerStatus],
        filtered=bool(q.strip() or status),
        first_url="?" if cursor else "",
        next_url=next_page(request, found.next_cursor),
    )


@staff_may(Right.CUSTOMERS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """Add a customer."""
    staff = request.staff
    form = CustomerForm(answers.sent(request), initial=_typed(request.GET.get("q", "")))
    if request.method == "POST" and form.is_valid():

        def make() -> str:
            customer = services.create_customer(
                organization=staff.organization, at=staff.at, actor=staff.actor, **form.details()
            )
            return reverse(
                "console:customer", args=[staff.organization.slug, ids.to_text(Prefix.CUSTOMER, customer.pk)]
            )

        try:
            address = answers.carried_out(lambda: once(request, make))
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            return answers.done(request, address, gettext("Customer added."))
    return answers.drawer(
        request,
        "console/customers/form.html",
        section="customers",
        status=422 if request.method == "POST" else 200,
        form=form,
        title=gettext("Add a customer"),
        button=gettext("Add the customer"),
        action=reverse("console:customer_new", args=[staff.organization.slug]),
        back=reverse("console:customers", args=[staff.organization.slug]),
    )


def _typed(q: str) -> dict[str, str]:
    """Return what a search that found nobody says about the person that it was for."""
    q = q.strip()[:200]
    if "@" in q:
        return {"emails": q}
    if q[:1] == "+" or q[:1].isdigit():
        return {"phones": q}
    first, _space, last = q.partition(" ")
    return {"first_name": first, "last_name": last}

"""The list of customers, and a new one."""

from typing import Final

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from tessera.console import answers, listing, naming, standing
from tessera.console.access import StaffRequest, staff_may
from tessera.console.beside import Beside, beside
from tessera.console.customer_forms import CustomerForm
from tessera.console.listing import ENDINGS, HOLDINGS, Choices, Choosing, Column
from tessera.console.once import once
from tessera.console.pages import next_page
from tessera.console.picking import customer_named
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.memberships import finding
from tessera.memberships.filters import CustomerFilter, Sort
from tessera.organizations.rights import Right
from tessera.people import services
from tessera.people.types import CustomerStatus

_A_PAGE = 50


COLUMNS: Final = (
    Column("membership", _("Membership")),
    Column("plan", _("Plan")),
    Column("ends", _("Ends"), sort=Sort.END),
    Column("email", _("E-mail")),
    Column("phone", _("Phone")),
    Column("tags", _("Tags")),
    Column("added", _("Added"), sort=Sort.NEWEST),
    Column("number", _("Number"), sort=Sort.NUMBER),
)
USUAL: Final = ("membership", "plan", "email", "number")


@staff_may(Right.CUSTOMERS_READ)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """The customers that the filters of the address let through, found as one types.

    Enter (`open`) goes straight to whom a number or an address names, or to the one match that is left. The same
    address without it is the list, so that one comes back to it.
    """
    staff = request.staff
    which, cursor = CustomerFilter.parse(request.GET.dict()), request.GET.get("cursor") or None
    opens = listing.opens(request, which.q)
    if opens and (named := customer_named(staff.organization, which.q)):
        return redirect("console:customer", staff.organization.slug, ids.to_text(Prefix.CUSTOMER, named.pk))
    found = finding.customers(staff.organization, which, at=staff.at, limit=_A_PAGE, cursor=cursor)
    if opens and len(found.data) == 1:
        return redirect("console:customer", staff.organization.slug, ids.to_text(Prefix.CUSTOMER, found.data[0].id))
    standings = standing.of_customers([each.id for each in found.data], staff.at)
    around = beside(staff.row, "customers", plans=not request.htmx, company_id=which.company_id)
    built = listing.listing(
        request,
        "customers",
        everything=_("Everybody"),
        told=which.address(),
        filters=_filters(around, which),
        columns=COLUMNS,
        usual=USUAL,
        sort=which.sort if which.sort is not Sort.BEST else "" if which.q else Sort.NAME,
        around=around,
    )
    return answers.page(
        request,
        "console/customers/list.html",
        section="customers",
        rows=[(each, standings.get(each.id), ids.to_text(Prefix.CUSTOMER, each.id)) for each in found.data],
        q=which.q,
        tag=which.tag,
        company=listing.company_choice(around, which.company_id),
        filtered=which.narrowed,
        searched_only=bool(which.q) and not which.narrowed_besides,
        **listing.context(found, built, request, next_page(request, found.next_cursor)),
    )


@staff_may(Right.CUSTOMERS_READ)
@require_safe
def tags(request: StaffRequest) -> HttpResponse:
    """The tags that begin with what is typed, as options of the field that they are typed into."""
    found = naming.tags(request.staff.organization, request.GET.get("tag", "")[:50])
    return render(request, "console/lists/tags.html", {"tags": found})


def _filters(around: Beside, which: CustomerFilter) -> list[Choosing]:
    told = which.address()
    statuses: Choices = [(each.value, answers.STATUS_WORDS[each.value]) for each in CustomerStatus]
    return [
        Choosing("membership", _("Membership"), _("Any membership"), HOLDINGS, told.get("membership", "")),
        Choosing("plan", _("Plan"), _("Any plan"), listing.plan_choices(around), told.get("plan", "")),
        Choosing("ending", _("Ending"), _("Ending any time"), _endings(which.ending), told.get("ending", "")),
        Choosing("status", _("Status"), _("Any status"), statuses, told.get("status", "")),
    ]


def _endings(chosen: int | None) -> Choices:
    """Return the usual numbers of days, and the one that an address asks for."""
    if chosen is None or str(chosen) in dict(ENDINGS):
        return ENDINGS
    return [*ENDINGS, (str(chosen), gettext("Within %(days)d days") % {"days": chosen})]


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

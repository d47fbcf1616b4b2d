"""The list of memberships, and those that wait for approval."""

from typing import Final

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from tessera.console import answers, listing
from tessera.console.access import StaffRequest, staff_may
from tessera.console.beside import beside
from tessera.console.listing import ENDINGS, HOLDINGS, Choices, Choosing, Column
from tessera.console.pages import next_page
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.memberships import finding
from tessera.memberships.filters import MembershipFilter, Sort
from tessera.organizations.rights import Right
from tessera.people.types import Source

_A_PAGE: Final = 50
COLUMNS: Final = (
    Column("status", _("Status")),
    Column("plan", _("Plan")),
    Column("price", _("Price")),
    Column("ends", _("Until"), sort=Sort.END),
    Column("renews", _("Renews")),
    Column("source", _("Source")),
    Column("made", _("Made"), sort=Sort.NEWEST),
)
USUAL: Final = ("status", "plan", "ends", "renews", "made")
_SOURCES: Final[Choices] = [
    (Source.STAFF.value, _("By staff")),
    (Source.SIGNUP.value, _("By signing up")),
    (Source.API.value, _("By another system")),
    (Source.IMPORT.value, _("By an import")),
]


@staff_may(Right.MEMBERSHIPS_READ)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """The memberships that the filters of the address let through, the newest first.

    Enter (`open`) goes straight to the one that is left.
    """
    staff = request.staff
    which, cursor = MembershipFilter.parse(request.GET.dict()), request.GET.get("cursor") or None
    found = finding.memberships(staff.organization, which, at=staff.at, limit=_A_PAGE, cursor=cursor)
    if listing.opens(request, which.q) and len(found.data) == 1:
        return redirect("console:membership", staff.organization.slug, ids.to_text(Prefix.MEMBERSHIP, found.data[0].id))
    told = which.address()
    around = beside(staff.row, "memberships", plans=not request.htmx, company_id=which.company_id)
    renewing: Choices = [("yes", _("Renews by itself")), ("no", _("Does not renew"))]
    unpaid: Choices = [("missing", _("Payment missing"))]
    holders: Choices = [("customer", _("Of customers")), ("company", _("Of companies"))]
    built = listing.listing(
        request,
        "memberships",
        everything=_("All memberships"),
        told=told,
        filters=[
            Choosing("status", _("Status"), _("Any status"), HOLDINGS[1:], told.get("status", "")),
            Choosing("plan", _("Plan"), _("Any plan"), listing.plan_choices(around), told.get("plan", "")),
            Choosing("ending", _("Ending"), _("Ending any time"), ENDINGS, told.get("ending", "")),
            Choosing("holder", _("Holder"), _("Of anybody"), holders, told.get("holder", "")),
            Choosing("renews", _("Renews"), _("Renewing or not"), renewing, told.get("renews", "")),
            Choosing("payment", _("Payment"), _("Paid or not"), unpaid, told.get("payment", "")),
            Choosing("source", _("Source"), _("From anywhere"), _SOURCES, told.get("source", "")),
        ],
        columns=COLUMNS,
        usual=USUAL,
        sort=which.sort,
        around=around,
    )
    return answers.page(
        request,
        "console/memberships/list.html",
        section="memberships",
        rows=found.data,
        sources=dict(_SOURCES),
        waiting=staff.waiting,
        q=which.q,
        tag=which.tag,
        company=listing.company_choice(around, which.company_id),
        filtered=which.narrowed,
        searched_only=bool(which.q) and not which.narrowed_besides,
        **listing.context(found, built, request, next_page(request, found.next_cursor)),
    )


@staff_may(Right.MEMBERSHIPS_READ)
@require_safe
def approvals(request: StaffRequest) -> HttpResponse:
    """The memberships that wait for approval, those that have waited longest first."""
    staff = request.staff
    cursor = request.GET.get("cursor") or None
    found = finding.queue(staff.organization, at=staff.at, limit=_A_PAGE, cursor=cursor)
    return answers.page(
        request,
        "console/memberships/approvals.html",
        section="memberships",
        rows=found.data,
        waiting=staff.waiting,
        decided="decided" in request.GET,
        first_url="?" if cursor else "",
        next_url=next_page(request, found.next_cursor),
    )

"""What happened to a customer or a company: a page, and the part that their own page asks for when it is seen."""

from collections.abc import Sequence

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from tessera.console import answers, timeline
from tessera.console.access import StaffRequest, staff_may
from tessera.console.pages import next_page
from tessera.console.timeline import Kind, Timeline
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.organizations.rights import Right
from tessera.people import queries
from tessera.people.models import Company, Customer

_OF_CUSTOMERS = (Kind.MEMBERSHIPS, Kind.COMPANIES, Kind.DETAILS, Kind.NOTES, Kind.STAFF)


@staff_may(Right.CUSTOMERS_READ)
@require_safe
def of_customer(request: StaffRequest, ref: str) -> HttpResponse:
    """What happened to a customer, newest first; of one `kind` if told."""
    organization = request.staff.organization
    row = queries.customer_by_ref(organization, ref)
    history = timeline.of_customer(
        request.staff, row.pk, merged_ids=queries.merged_ids(row), kind=_kind(request), cursor=_before(request)
    )
    return _page(request, row, history, _OF_CUSTOMERS)


@staff_may(Right.COMPANIES_READ)
@require_safe
def of_company(request: StaffRequest, ref: str) -> HttpResponse:
    """What happened to a company, newest first; of one `kind` if told."""
    organization = request.staff.organization
    row = queries.company_by_ref(organization, ref)
    history = timeline.of_company(request.staff, row.pk, kind=_kind(request), cursor=_before(request))
    return _page(request, row, history, _OF_CUSTOMERS)


def _page(request: StaffRequest, row: Customer | Company, history: Timeline, kinds: Sequence[Kind]) -> HttpResponse:
    staff = request.staff
    kind, prefix = ("customer", Prefix.CUSTOMER) if isinstance(row, Customer) else ("company", Prefix.COMPANY)
    chosen = _kind(request)
    tabs = [("", gettext("Everything"), chosen is None), *((each.value, each.label, each is chosen) for each in kinds)]
    return answers.page(
        request,
        "console/histories/_part.html" if request.htmx else "console/histories/page.html",
        section="customers" if kind == "customer" else "companies",
        name=row.name,
        back=reverse(f"console:{kind}", args=[staff.organization.slug, ids.to_text(prefix, row.pk)]),
        address=request.path,
        tabs=tabs,
        chosen=chosen.value if chosen else "",
        timeline=history,
        earlier_url=next_page(request, history.next_cursor or None, name="before"),
        latest_url=f"?kind={chosen.value if chosen else ''}" if request.GET.get("before") else "",
    )


def _kind(request: StaffRequest) -> Kind | None:
    return next((each for each in Kind if each.value == request.GET.get("kind")), None)


def _before(request: StaffRequest) -> str | None:
    return request.GET.get("before") or None

"""A company's page: its people and their seats, what it holds, what people inherit, history."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from tessera.console import answers, naming, timeline
from tessera.console.access import StaffRequest, staff_may
from tessera.console.inheriting import Seats, drawn, person
from tessera.console.memberships import Held, held
from tessera.console.pages import next_page
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.memberships import queries as memberships
from tessera.memberships import seats
from tessera.memberships.types import Status
from tessera.organizations.rights import Right
from tessera.people import queries
from tessera.people.types import Belonging

_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class HeldSeats:
    """A company's membership and its seats."""

    held: Held
    seats: Seats


@staff_may(Right.COMPANIES_READ)
@require_safe
def profile(request: StaffRequest, ref: str) -> HttpResponse:
    """Everything about one company, at the one instant of the request."""
    staff = request.staff
    organization = staff.organization
    row = queries.company_by_ref(organization, ref)
    views = memberships.held_by_company(organization=organization, company=row, at=staff.at)
    running = [each for each in views if each.status is Status.ACTIVE]
    who = next((each for each in Belonging if each.value == request.GET.get("people")), Belonging.CURRENT)
    people = queries.people_of(row, at=staff.at, belonging=who, limit=_A_PAGE, cursor=request.GET.get("cursor") or None)
    ahead = seats.ahead([each.id for each in people.data], staff.at) if who is Belonging.CURRENT else {}
    history = timeline.of_company(organization, row.pk, cursor=request.GET.get("before") or None)
    names = naming.permissions(organization)
    return answers.page(
        request,
        "console/companies/profile.html",
        section="companies",
        company=queries.company(row),
        reference=ids.to_text(Prefix.COMPANY, row.pk),
        memberships=[
            HeldSeats(each, drawn(seats.seating(company_id=row.pk, seats=each.view.seats, at=staff.at)))
            for each in held(views, staff, pausable=naming.pausable(organization, {view.plan.id for view in views}))
        ],
        people=[person(each, running, ahead.get(each.id)) for each in people.data],
        tabs=[(each.value, str(_TABS[each]), each is who) for each in Belonging],
        who=who.value,
        inherited=[names.get(key, key) for key in sorted({key for each in running for key in each.permissions})],
        permission_names=names,
        next_url=next_page(request, people.next_cursor),
        first_url=f"?people={who.value}" if request.GET.get("cursor") else "",
        timeline=history,
        earlier_url=next_page(request, history.next_cursor or None, name="before"),
        latest_url="?" if request.GET.get("before") else "",
    )


_TABS = {Belonging.CURRENT: _("Now"), Belonging.PLANNED: _("Planned"), Belonging.ENDED: _("Past")}

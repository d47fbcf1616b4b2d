"""A company's page: its people and their seats, what it holds, what people inherit, who finds the seats taken."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from tessera.console import answers, notes
from tessera.console.access import StaffRequest, staff_may
from tessera.console.inheriting import Seats, drawn, person
from tessera.console.memberships import Held, held
from tessera.console.pages import next_page
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.memberships import queries as memberships
from tessera.memberships import seats
from tessera.memberships.types import Status
from tessera.memberships.views import MembershipView
from tessera.organizations.rights import Right
from tessera.people import queries
from tessera.people.types import Belonging

_A_PAGE = 50
_OVER = "over"


@dataclass(frozen=True, slots=True)
class HeldSeats:
    """A company's membership and its seats. `over`: who finds them taken, as a sentence; empty if nobody does."""

    held: Held
    seats: Seats
    over: str = ""


@staff_may(Right.COMPANIES_READ)
@require_safe
def profile(request: StaffRequest, ref: str) -> HttpResponse:
    """Everything about one company, at the one instant of the request. What happened comes after."""
    staff = request.staff
    organization = staff.organization
    row = queries.company_by_ref(organization, ref)
    views = memberships.held_by_company(organization=organization, company=row, at=staff.at)
    running = [each for each in views if each.status is Status.ACTIVE]
    limits = {each.seats for each in running if each.seats is not None}
    many, last = seats.boundaries(row.pk, limits, staff.at)
    asked, q = request.GET.get("people", ""), request.GET.get("q", "")[:200]
    who = next((each for each in Belonging if each.value == asked), Belonging.CURRENT)
    beyond = _beyond(limits, last, many) if asked == _OVER else None
    people = queries.people_of(
        row, at=staff.at, belonging=who, q=q, beyond=beyond, limit=_A_PAGE, cursor=request.GET.get("cursor") or None
    )
    reference = ids.to_text(Prefix.COMPANY, row.pk)
    rows = [HeldSeats(each, drawn(many, each.view.seats), _over(each.view, many)) for each in held(views, staff)]
    over = max((each.seats.over for each in rows if each.held.view.status is Status.ACTIVE), default=0)
    return answers.page(
        request,
        "console/companies/profile.html",
        section="companies",
        company=queries.company(row),
        reference=reference,
        memberships=[each for each in rows if each.held.view.status is not Status.EXPIRED],
        past=[each for each in rows if each.held.view.status is Status.EXPIRED],
        people=[person(each, running, last) for each in people.data],
        many=many,
        tabs=_tabs(who, asked, over),
        who=who.value,
        asked=asked or who.value,
        q=q,
        over=over,
        inherited=_inherited(running),
        next_url=next_page(request, people.next_cursor),
        first_url=f"?people={asked or who.value}" if request.GET.get("cursor") else "",
        notes=notes.shown(row, staff),
        timeline_url=reverse("console:company_timeline", args=[organization.slug, reference]),
    )


def _tabs(who: Belonging, asked: str, over: int) -> list[tuple[str, str, bool]]:
    tabs = [(each.value, str(_TABS[each]), each is who and asked != _OVER) for each in Belonging]
    if over or asked == _OVER:
        tabs.insert(1, (_OVER, gettext("Without a seat"), asked == _OVER))
    return tabs


def _beyond(limits: set[int], last: dict[int, tuple[datetime, UUID]], many: int) -> tuple[datetime, UUID] | None:
    """Return the place after which people lack a seat in something: that of the smallest number of seats.

    With no seat at all that is before everybody; where everybody has one, after everybody.
    """
    fewest = min(limits, default=None)
    if fewest is None or fewest >= many:
        return _AFTER_EVERYBODY
    return last.get(fewest, _BEFORE_EVERYBODY)


def _over(view: MembershipView, many: int) -> str:
    if view.status is not Status.ACTIVE or view.seats is None or many <= view.seats:
        return ""
    over = many - view.seats
    return ngettext(
        "%(over)d person who belongs to it inherits nothing of %(plan)s: its %(seats)d seats are taken.",
        "%(over)d people who belong to it inherit nothing of %(plan)s: its %(seats)d seats are taken.",
        over,
    ) % {"over": over, "plan": view.plan.name, "seats": view.seats}


def _inherited(running: list[MembershipView]) -> list[tuple[str, list[str]]]:
    """Return what people inherit: each permission's name, with the plans that grant it."""
    found: dict[str, list[str]] = {}
    for view in running:
        for name in view.permission_names:
            found.setdefault(name, []).append(view.plan.name)
    return sorted(found.items())


_TABS = {Belonging.CURRENT: _("Now"), Belonging.PLANNED: _("Planned"), Belonging.ENDED: _("Past")}
_BEFORE_EVERYBODY = (datetime(1900, 1, 1, tzinfo=UTC), UUID(int=0))
_AFTER_EVERYBODY = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))

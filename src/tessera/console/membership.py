"""A membership's own page: what it is and grants, its life as a ribbon, its terms and pauses, who inherits, history."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from tessera.console import answers, timeline
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.inheriting import Person, Seats, drawn, person
from tessera.console.memberships import held, holder_address, key_of
from tessera.console.pages import next_page
from tessera.console.rhythm import rhythm
from tessera.console.ribbon import ribbon
from tessera.console.words import CAME_BY, paid_by
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.memberships import queries, seats
from tessera.memberships.types import Status
from tessera.memberships.views import Life, MembershipView, PauseView, TermView
from tessera.organizations.rights import Right
from tessera.people import queries as people
from tessera.people.models import Company
from tessera.people.types import Belonging
from tessera.plans import queries as catalogue

_MOST_TERMS: Final = 15  # more than these are cut to the first few, until all are asked for
_FIRST_TERMS: Final = 12
_FIRST_PEOPLE: Final = 50


@dataclass(frozen=True, slots=True)
class TermRow:
    """A term as its table has it. `when` is `past`, `now` or `booked`, or `cut-off` if the membership ended before it.

    `cut_at`: when the membership was ended, if that was in this term.
    """

    term: TermView
    when: str
    cut_at: datetime | None
    paid_by: str
    booked_by: str


@dataclass(frozen=True, slots=True)
class PauseRow:
    """A pause as its table has it. `when` is `past`, `now` or `planned`."""

    pause: PauseView
    when: str
    paused_by: str


@dataclass(frozen=True, slots=True)
class Inheriting:
    """Who has what a company holds: the seats, and the first people in their order. `more`: there are others.

    `note` says why nobody has anything of it now; empty while it is active.
    """

    seats: Seats
    people: list[Person]
    more: bool
    note: str


@staff_may(Right.MEMBERSHIPS_READ)
@require_safe
def profile(request: StaffRequest, ref: str) -> HttpResponse:
    """Everything about one membership, at the one instant of the request."""
    staff = request.staff
    organization, formats = staff.organization, staff.formats
    life = queries.life(organization=organization, membership_id=key_of(ref), at=staff.at)
    view = life.view
    plan = catalogue.plan_by_id(organization, ids.to_text(Prefix.PLAN, view.plan.id))
    who = {*(each.booked_by for each in life.terms), *(each.paused_by for each in life.pauses)}
    history = timeline.of_membership(staff, view.id, actors=who, cursor=request.GET.get("before") or None)
    terms, pauses = _rows(life, staff.at, history.actors)
    shown = terms if len(terms) <= _MOST_TERMS or request.GET.get("terms") == "all" else terms[:_FIRST_TERMS]
    of_company = view.holder.type == "company"
    return answers.page(
        request,
        "console/memberships/profile.html",
        section="companies" if of_company else "customers",
        membership=view,
        reference=ids.to_text(Prefix.MEMBERSHIP, view.id),
        held=held([view], staff, on_its_page=True)[0],
        holder_url=holder_address(staff, view),
        holders_url=reverse("console:companies" if of_company else "console:customers", args=[organization.slug]),
        colour=plan.colour,
        ribbon=ribbon(life, formats=formats, at=staff.at),
        rhythm=rhythm(view, plan.cycle, formats, staff.at),
        source=CAME_BY[view.source],
        terms=shown,
        terms_url=_further_down(next_page(request, "all" if len(shown) < len(terms) else None, name="terms"), "terms"),
        terms_count=len(terms),
        pauses=pauses,
        inheriting=_inheriting(staff, view) if of_company else None,
        permission_names=dict(zip(view.permissions, view.permission_names, strict=True)),
        timeline=history,
        earlier_url=_further_down(next_page(request, history.next_cursor or None, name="before"), "timeline"),
        latest_url="?#timeline" if request.GET.get("before") else "",
    )


def _further_down(address: str, place: str) -> str:
    """Return an address of this page, shown from `place` on; empty if there is none."""
    return f"{address}#{place}" if address else ""


def _rows(life: Life, at: datetime, names: dict[str, str]) -> tuple[list[TermRow], list[PauseRow]]:
    """Return the terms and pauses, the last ones first, with who booked them."""
    terms = [_term(each, life.view.ended_at, at, names) for each in reversed(life.terms)]
    return terms, [_pause(each, life.view.ended_at, at, names) for each in reversed(life.pauses)]


def _term(term: TermView, over: datetime | None, at: datetime, names: dict[str, str]) -> TermRow:
    if over is not None and over <= term.starts_at:
        when = "cut-off"
    elif at < term.starts_at:
        when = "booked"
    else:
        when = "now" if over is None and (term.ends_at is None or at < term.ends_at) else "past"
    cut = over is not None and term.starts_at < over and (term.ends_at is None or over < term.ends_at)
    return TermRow(term, when, over if cut else None, paid_by(term.paid_by), names[term.booked_by])


def _pause(pause: PauseView, over: datetime | None, at: datetime, names: dict[str, str]) -> PauseRow:
    if over is None and at < pause.starts_at:
        when = "planned"
    else:
        when = "now" if over is None and (pause.ends_at is None or at < pause.ends_at) else "past"
    return PauseRow(pause, when, names[pause.paused_by])


def _inheriting(staff: Member, view: MembershipView) -> Inheriting:
    if view.status is Status.EXPIRED:
        return Inheriting(Seats(0, 0, 0, []), [], more=False, note=gettext("It is over: nobody inherits it any more."))
    company = Company(pk=view.holder.id, organization=staff.organization)  # nothing else of it is needed
    found = people.people_of(company, at=staff.at, belonging=Belonging.CURRENT, limit=_FIRST_PEOPLE)
    many, last = seats.boundaries(company.pk, [] if view.seats is None else [view.seats], staff.at)
    shown = [person(each, [view], last) for each in found.data]
    taken = drawn(many, view.seats)
    return Inheriting(taken, shown, found.next_cursor is not None, _why_not(view))


def _why_not(view: MembershipView) -> str:
    if view.status is Status.ACTIVE:
        return ""
    if view.status is Status.PAUSED:
        return gettext("While it is paused, nobody inherits it.")
    return gettext("It has not begun: nobody inherits it yet.")

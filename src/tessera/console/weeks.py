"""How many have had a plan over twelve weeks: a line that is looked at, with its table behind it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.memberships.counting import held_at, held_by_plan
from tessera.organizations.rights import Right
from tessera.plans import queries
from tessera.plans.queries import plan_names

_WEEKS: Final = 12
_WIDTH: Final = 220
_HEIGHT: Final = 44
_EDGE: Final = 3
_SMALL: Final = (96, 24)
_MOST_PLANS: Final = 200


@dataclass(frozen=True, slots=True)
class Line:
    """The points of a line and where it ends; `rows` are instants and numbers, newest first; `change` is over all."""

    points: str
    end: tuple[int, int]
    rows: list[tuple[object, int]]
    change: int


@staff_may(Right.PLANS_READ)
@require_safe
def page(request: StaffRequest, ref: str) -> HttpResponse:
    """The line of a plan: a part of its page, which asks for it by itself; without script a page."""
    staff = request.staff
    row = queries.plan_by_id(staff.organization, ref)
    instants = _instants(staff.at)
    many = held_at(row, instants)
    return answers.page(
        request,
        "console/plans/_weeks.html" if request.htmx else "console/plans/weeks.html",
        section="plans",
        plan=row,
        reference=ref,
        line=drawn(list(zip(instants, many, strict=True))),
        width=_WIDTH,
        height=_HEIGHT,
    )


@staff_may(Right.PLANS_READ)
@require_safe
def lines(request: StaffRequest) -> HttpResponse:
    """The lines of all plans in the catalogue, small: the page of plans asks for them by itself, and has them added to
    its cards. Without script there is that page."""
    staff = request.staff
    if not request.htmx:
        return answers.go(request, reverse("console:plans", args=[staff.organization.slug]))
    instants = _instants(staff.at)
    known = plan_names(staff.organization, most=_MOST_PLANS)
    many = held_by_plan(staff.organization, [key for key, _name in known], instants)
    small = [(key, drawn(list(zip(instants, counts, strict=True)), *_SMALL)) for key, counts in many.items()]
    context = {**answers.shell(request, "plans"), "lines": small, "width": _SMALL[0], "height": _SMALL[1]}
    return render(request, "console/plans/_lines.html", context)


def _instants(at: datetime) -> list[datetime]:
    return [at - timedelta(weeks=back) for back in range(_WEEKS, -1, -1)]


def drawn(rows: list[tuple[object, int]], width: int = _WIDTH, height: int = _HEIGHT) -> Line:
    """Return the line through these numbers, the oldest first; from none to the most, so that flat looks flat."""
    most = max(many for _instant, many in rows) or 1
    step = (width - 2 * _EDGE) / max(1, len(rows) - 1)
    room = height - 2 * _EDGE
    places = [
        (round(_EDGE + place * step), round(height - _EDGE - room * many / most))
        for place, (_instant, many) in enumerate(rows)
    ]
    points = " ".join(f"{x},{y}" for x, y in places)
    return Line(points, places[-1], rows[::-1], rows[-1][1] - rows[0][1])

"""How many have had a plan over twelve weeks: a line that is looked at, with its table behind it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.memberships.counting import held_at
from tessera.organizations.rights import Right
from tessera.plans import queries

_WEEKS: Final = 12
_WIDTH: Final = 220
_HEIGHT: Final = 44
_EDGE: Final = 3


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
    instants = [staff.at - timedelta(weeks=back) for back in range(_WEEKS, -1, -1)]
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


def drawn(rows: list[tuple[object, int]]) -> Line:
    """Return the line through these numbers, the oldest first; from none to the most, so that flat looks flat."""
    most = max(many for _instant, many in rows) or 1
    step = (_WIDTH - 2 * _EDGE) / max(1, len(rows) - 1)
    room = _HEIGHT - 2 * _EDGE
    places = [
        (round(_EDGE + place * step), round(_HEIGHT - _EDGE - room * many / most))
        for place, (_instant, many) in enumerate(rows)
    ]
    points = " ".join(f"{x},{y}" for x, y in places)
    return Line(points, places[-1], rows[::-1], rows[-1][1] - rows[0][1])

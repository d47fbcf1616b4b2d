"""The test clock of an organization made for tests: where it stands, what comes next, moving it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from tessera import db
from tessera.console import answers, words
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.core.local_time import add_wall_clock, first_instant
from tessera.core.periods import Anchor, Interval, boundary
from tessera.http.schemas import LATEST
from tessera.memberships.coming import coming_up
from tessera.organizations import clock, queries, tasks
from tessera.organizations.queries import TestClock
from tessera.organizations.rights import Right
from tessera.organizations.time import zone

_MOST_SHOWN: Final = 8
_FURTHEST: Final = timedelta(days=366 * 10)


class MomentInput(forms.DateTimeInput):
    """A day and time, in the browser's own field for it."""

    input_type = "datetime-local"


class MoveForm(forms.Form):
    """How far: a step, or to an instant by the organization's own clock."""

    by = forms.ChoiceField(
        label=_("Move it"),
        choices=[
            ("day", _("By a day")),
            ("week", _("By a week")),
            ("month", _("By a month")),
            ("next", _("To the next thing that falls due")),
            ("to", _("To the day and time below")),
        ],
        widget=forms.RadioSelect,
        initial="day",
    )
    to = forms.DateTimeField(
        label=_("Day and time"), required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=MomentInput(format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": _("Write a day and time like 2026-03-31T14:05.")},
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Next:
    """What comes, in words."""

    at: datetime
    text: str
    holder: str
    membership: str


@staff_may(Right.ORGANIZATION_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: StaffRequest) -> HttpResponse:
    """Where the clock stands, and moving it. A move is carried out by a worker; the page shows how far it is."""
    staff = request.staff
    club = staff.organization
    present = queries.test_clock(club)
    form = MoveForm(answers.sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            to = _target(staff, form)
            if to is not None:
                answers.carried_out(lambda: _begin(staff, to))
                return answers.go(request, request.path)
        except TesseraError as refusal:
            answers.refuse(form, refusal, {"now": "to"})
    return answers.page(
        request,
        "console/settings/clock.html",
        section="clock",
        status=422 if request.method == "POST" else 200,
        form=form,
        clock=present,
        progress=_progress(request, present),
        coming=_coming(staff),
        progress_url=reverse("console:clock_progress", args=[club.slug]),
    )


@staff_may(Right.ORGANIZATION_WRITE)
@require_safe
def progress(request: StaffRequest) -> HttpResponse:
    """How far a move is; asked for again and again while there is one. Arrived, the whole page is loaded anew."""
    present = queries.test_clock(request.staff.organization)
    address = reverse("console:clock", args=[request.staff.organization.slug])
    if not present.advancing and request.htmx:
        return answers.go(request, address)
    return answers.page(
        request,
        "console/settings/_clock.html",
        section="clock",
        clock=present,
        progress=_progress(request, present),
        progress_url=request.path,
    )


def _begin(staff: Member, to: datetime) -> None:
    with db.transaction():  # the lease and the job that has it: both or neither
        lease, since = clock.begin_move(organization=staff.organization, to=to)
        tasks.go_on_moving(staff.organization, lease, to=to, since=since, actor=staff.actor)


def _target(staff: Member, form: MoveForm) -> datetime | None:
    """Return where the clock is to go; None if the form says it wrongly, which it is then marked with."""
    by, at, here = form.cleaned_data["by"], staff.at, zone(staff.organization)
    if by == "to":
        wall: datetime | None = form.cleaned_data["to"]
        if wall is None:
            form.add_error("to", gettext("Say to which day and time."))
            return None
        return _bounded(form, first_instant(wall.astimezone(here).replace(tzinfo=None), here).astimezone(UTC), at)
    if by == "next":
        found = clock.next_due(staff.organization, until=at + _FURTHEST)
        if found is None:
            form.add_error("by", gettext("Nothing falls due within ten years."))
        return found
    if by == "month":
        return boundary(Anchor.at(at, here), 1, every=Interval.MONTH, count=1, zone=here)
    return add_wall_clock(at, timedelta(days=7 if by == "week" else 1), here)


def _bounded(form: MoveForm, to: datetime, at: datetime) -> datetime | None:
    if to > min(at + _FURTHEST, LATEST):
        form.add_error("to", gettext("At most ten years at once."))
        return None
    return to


def _progress(request: StaffRequest, present: TestClock) -> int | None:
    """Return how much of the way is done, in percent, since the page first showed the move."""
    if not present.advancing or present.target is None:
        return None
    try:
        since = datetime.fromtimestamp(int(request.GET.get("since", "")), UTC)
    except (ValueError, OverflowError, OSError):
        since = present.now
    whole = (present.target - since).total_seconds()
    done = (present.now - since).total_seconds()
    return max(0, min(100, round(100 * done / whole))) if whole > 0 else 0


def _coming(staff: Member) -> list[Next]:
    found = coming_up(staff.organization, limit=_MOST_SHOWN)
    return [
        Next(
            each.at,
            words.happened(each.event, plan=each.plan, other="")[0],
            each.holder,
            ids.to_text(Prefix.MEMBERSHIP, each.membership_id),
        )
        for each in found
    ]

"""The organization's log: everything that happened, by whom and from where, newest first."""

from collections.abc import Mapping
from datetime import date
from typing import Final
from urllib.parse import urlencode

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from tessera.console import answers, days, timeline
from tessera.console.access import StaffRequest, staff_may
from tessera.console.pages import next_page
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.types import EventType
from tessera.organizations.models import Staff
from tessera.organizations.rights import Right

_LAST_YEAR: Final = 9000  # as of all days that are typed
KINDS: Final[Mapping[str, tuple[str | Promise, tuple[str, ...]]]] = {
    "memberships": (_("Memberships"), ("membership", "bulk_run")),
    "people": (_("Customers"), ("customer", "note", "questions", "terms")),
    "companies": (_("Companies and their people"), ("company", "affiliation")),
    "catalogue": (_("Plans and permissions"), ("plan", "price", "permission")),
    "organization": (
        _("The organization"),
        (
            *("organization", "staff", "api_key", "trusted_issuer", "signing_key", "saved_view", "job"),
            *("signup_settings", "question"),
        ),
    ),
    "webhooks": (_("Webhooks"), ("webhook_endpoint",)),
    "transfer": (_("Imports and exports"), ("import", "export")),
}
"""What a filter calls them, and the nouns whose events it shows."""


def types_of(kind: str) -> tuple[EventType, ...]:
    """Return the types of events of one of KINDS; none for anything else."""
    nouns = KINDS[kind][1] if kind in KINDS else ()
    return tuple(each for each in EventType if each.value.partition(".")[0] in nouns)


@staff_may(Right.EVENTS_READ)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """The log, of a kind, by somebody and up to a day if asked for."""
    staff = request.staff
    kind = request.GET.get("kind", "")
    by = request.GET.get("by", "")
    until = _day(request.GET.get("until", ""))
    people = Staff.objects.filter(organization=staff.organization).select_related("user").order_by("user__name", "pk")
    actors = [(ids.to_text(Prefix.STAFF, each.pk), each.user.name) for each in people]
    chosen = by if by in {key for key, _name in actors} else ""
    found = timeline.of_organization(
        staff,
        types=types_of(kind),
        actor=f"staff:{chosen}" if chosen else "",
        before=days.end_of(staff.organization, until),
        cursor=request.GET.get("cursor") or None,
        with_origins=Right.STAFF_READ in staff.rights,
    )
    return answers.page(
        request,
        "console/events/list.html",
        section="events",
        narrowed=urlencode(_told(kind, chosen, until)),
        lines=found.lines,
        kinds=[(key, label) for key, (label, _nouns) in KINDS.items()],
        kind=kind if kind in KINDS else "",
        actors=actors,
        by=chosen,
        until=until.isoformat() if until else "",
        filtered=bool(chosen or kind in KINDS or until),
        first_url=_first(request) if request.GET.get("cursor") else "",
        next_url=next_page(request, found.next_cursor or None),
    )


def _told(kind: str, by: str, until: date | None) -> dict[str, str]:
    """What the log is narrowed down by, as an export of it is asked for."""
    nouns = KINDS[kind][1] if kind in KINDS else ()
    told = {
        "type": ",".join(f"{noun}.*" for noun in nouns),
        "actor": f"staff:{by}" if by else "",
        "until": until.isoformat() if until else "",
    }
    return {name: value for name, value in told.items() if value}


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year <= _LAST_YEAR else None


def _first(request: StaffRequest) -> str:
    given = request.GET.copy()
    given.pop("cursor", None)
    return f"?{given.urlencode()}"

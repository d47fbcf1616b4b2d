"""Recent injections: which tokens of which sites were handed in, and why one signed nobody in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.console.pages import next_page
from tessera.console.refusals import MEANINGS
from tessera.identity import queries
from tessera.identity.queries import REFUSED, TAKEN, Try
from tessera.identity.types import Refusal
from tessera.organizations.rights import Right

_OUTCOMES: Final = {TAKEN, REFUSED, *map(str, Refusal)}


@dataclass(frozen=True, slots=True)
class Line:
    """A token that was handed in, as the page shows it. `code` is empty if it was taken."""

    at: datetime
    site: str
    said_issuer: str
    origin: str
    code: str
    meaning: str
    detail: str
    remedy: str


@staff_may(Right.ORGANIZATION_WRITE)
@require_safe
def page(request: StaffRequest) -> HttpResponse:
    """Tokens that were handed in, of one outcome if asked for, the latest first."""
    organization = request.staff.organization
    outcome = request.GET.get("outcome", "")
    outcome = outcome if outcome in _OUTCOMES else ""
    cursor = request.GET.get("cursor") or None
    found, following = queries.tries(organization, outcome=outcome, cursor=cursor)
    counted = queries.outcomes(organization)
    return answers.page(
        request,
        "console/settings/injections.html",
        section="embedding",
        lines=[_line(each) for each in found],
        outcomes=_outcomes(counted),
        outcome=outcome,
        filtered=bool(outcome or cursor),
        origins=organization.allowed_origins,
        back=reverse("console:embedding", args=[organization.slug]),
        first_url=f"?outcome={outcome}" if cursor else "",
        next_url=next_page(request, following),
    )


def _outcomes(counted: dict[Refusal | None, int]) -> list[tuple[str, str, int]]:
    """What the filter offers: all that was taken, all that was refused, and each refusal that there was."""
    refused = {each: many for each, many in counted.items() if each is not None}
    return [
        (TAKEN, gettext("Signed in"), counted.get(None, 0)),
        (REFUSED, gettext("Refused"), sum(refused.values())),
        *((str(each), str(MEANINGS[each][0]), many) for each, many in refused.items()),
    ]


def _line(each: Try) -> Line:
    meaning, remedy = MEANINGS[each.refusal] if each.refusal is not None else ("", "")
    return Line(
        at=each.at,
        site=each.site,
        said_issuer=each.said_issuer,
        origin=each.origin,
        code=str(each.refusal or ""),
        meaning=str(meaning),
        detail=each.detail,
        remedy=str(remedy),
    )

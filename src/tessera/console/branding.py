"""The organization's colour as a stylesheet of its own: the content security policy allows no inline one."""

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tessera.console.access import DEMO_ONLY, StaffRequest, open_to, staff_may
from tessera.organizations.rights import Right

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@staff_may(Right.ORGANIZATION_READ)
@require_safe
def accent(request: StaffRequest) -> HttpResponse:
    """The accent. Its address changes with the organization's version, so it may be kept for a day."""
    colour = request.staff.organization.accent
    rule = f":root {{ --accent: {colour}; }}" if _COLOUR.fullmatch(colour) else ""
    return HttpResponse(
        rule, content_type="text/css; charset=utf-8", headers={"Cache-Control": "private, max-age=86400"}
    )


@require_safe
@open_to(DEMO_ONLY)
def components(request: HttpRequest) -> HttpResponse:
    """The living page of the design system: each component in each of its states."""
    theme = request.GET.get("theme", "")
    context = {"theme": theme if theme in ("light", "dark") else "", "dir": "rtl" if "rtl" in request.GET else ""}
    return render(request, "console/_components.html", context)

"""The organization's colour: chosen on a page, and served as a stylesheet of its own, for no inline one is allowed."""

import re
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from tessera.console import answers
from tessera.console.access import DEMO_ONLY, StaffRequest, open_to, staff_may
from tessera.console.conflicts import VersionedForm
from tessera.core.colours import contrast, readable
from tessera.core.errors import TesseraError
from tessera.organizations import queries, services
from tessera.organizations.models import Organization
from tessera.organizations.rights import Right

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LIGHT: Final = "#faf7f1"  # the paper of either theme, as the stylesheet has it
_DARK: Final = "#11151e"


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


class BrandingForm(VersionedForm):
    """The one colour that is the organization's own."""

    accent = forms.CharField(
        label=_("Accent colour"), max_length=7, help_text=_("For the one thing to do next, in pages and mails."),
        widget=forms.TextInput(attrs={"type": "color"}),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ground:
    """What a colour comes to on a ground: the shade that is used, and how well the one that was chosen reads."""

    name: str
    words: str
    used: str
    contrast: float
    corrected: bool


@staff_may(Right.ORGANIZATION_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: StaffRequest) -> HttpResponse:
    """Colour and logo, and how pages and mails look with them."""
    staff = request.staff
    club = staff.organization
    form = BrandingForm(answers.sent(request), initial={"accent": club.accent, "version": club.version})
    if request.method == "POST" and form.is_valid():
        try:
            answers.carried_out(
                lambda: services.update_organization(
                    organization=club,
                    changes={"accent": form.cleaned_data["accent"]},
                    version=form.cleaned_data["version"],
                    at=staff.at,
                    actor=staff.actor,
                )
            )
        except TesseraError as refusal:
            answers.refuse(form, refusal, present=lambda: _present(club))
        else:
            return answers.done(request, request.path, gettext("Colour saved."))
    shown = str(form["accent"].value() or "")
    return answers.page(
        request,
        "console/settings/branding.html",
        section="branding",
        status=422 if request.method == "POST" else 200,
        form=form,
        **_seen(shown if _COLOUR.fullmatch(shown) else club.accent),
    )


@staff_may(Right.ORGANIZATION_WRITE)
@require_safe
def preview(request: StaffRequest) -> HttpResponse:
    """How a colour that is being chosen would look."""
    colour = request.GET.get("accent", "")
    club = request.staff.organization
    chosen = colour.lower() if _COLOUR.fullmatch(colour) else club.accent
    return answers.page(request, "console/settings/_preview.html", section="branding", **_seen(chosen))


@staff_may(Right.ORGANIZATION_WRITE)
@require_safe
def preview_style(request: StaffRequest, colour: str) -> HttpResponse:
    """The colour of a preview as a stylesheet: nothing else can colour anything here."""
    rule = f".preview {{ --accent: #{colour}; }}" if _COLOUR.fullmatch(f"#{colour}") else ""
    headers = {"Cache-Control": "private, max-age=86400"}
    return HttpResponse(rule, content_type="text/css; charset=utf-8", headers=headers)


def _seen(colour: str) -> dict[str, Any]:
    grounds = [
        _ground("light", gettext("On paper, and in mails"), colour, _LIGHT),
        _ground("dark", gettext("In the dark"), colour, _DARK),
    ]
    return {"colour": colour, "digits": colour.removeprefix("#"), "grounds": grounds}


def _ground(name: str, words: str, colour: str, on: str) -> Ground:
    used = readable(colour, on=on)
    return Ground(name, words, used, round(contrast(colour, on), 1), used != colour)


def _present(club: Organization) -> dict[str, object]:
    row = queries.organization_by_slug(club.slug)
    return {"accent": row.accent, "version": row.version}

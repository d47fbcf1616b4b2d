"""The organization's own colour and logo, for pages that show nothing but what anybody may see."""

import re
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe

from tessera.core import ids
from tessera.core.colours import readable
from tessera.core.errors import NotFound
from tessera.core.ids import Prefix
from tessera.files import queries as files
from tessera.files.answering import picture_answer
from tessera.files.types import Kind
from tessera.organizations.models import Organization
from tessera.signup import queries, speaking

_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
_PAPER, _DARK_PAPER = "#faf7f1", "#11151e"


@require_safe
def accent(request: HttpRequest, slug: str) -> HttpResponse:
    """The colour as a stylesheet, corrected until it reads on either paper. Its address changes with the version."""
    colour = _organization(slug).accent
    rule = ""
    if _COLOUR.fullmatch(colour):
        light, dark = readable(colour, on=_PAPER), readable(colour, on=_DARK_PAPER)
        rule = f":root {{ --organization-accent: {light}; --organization-accent-dark: {dark}; }}"
    headers = {"Cache-Control": "public, max-age=86400"}
    return HttpResponse(rule, content_type="text/css; charset=utf-8", headers=headers)


@require_safe
def logo(request: HttpRequest, slug: str) -> HttpResponse:
    """The logo. 404 if there is none."""
    organization = _organization(slug)
    if organization.logo is None:
        raise Http404
    try:
        ref = ids.to_text(Prefix.PICTURE, organization.logo)
        return picture_answer(files.picture(organization, Kind.ORGANIZATION, ref, 192), by_address=False)
    except NotFound as reason:
        raise Http404 from reason


@require_safe
def terms(request: HttpRequest, slug: str) -> HttpResponse:
    """The terms of today as a page, where they are kept here."""
    organization = _organization(slug)
    settings = queries.settings_of(organization)
    if settings.terms is None or not settings.terms.text:
        raise Http404
    locale = speaking.chosen(request, organization)
    with translation.override(speaking.spoken(locale)):
        context = {"organization": organization, "terms": settings.terms, "settings": settings, "locale": locale}
        return render(request, "signup/terms.html", context)


def _organization(slug: str) -> Organization:
    organization = Organization.objects.filter(slug=slug, deleting_since=None).first()
    if organization is None:
        raise Http404
    return organization

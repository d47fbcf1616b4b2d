"""In which language a page speaks: the one asked for, else the visitor's, else the organization's."""

import re
from collections.abc import Iterable
from typing import Final

from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header

from tessera.notices.languages import LANGUAGES, language
from tessera.organizations.models import Organization

NAMES: Final = {"en": "English", "de": "Deutsch", "fr": "Français"}
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_FALLBACK: Final = "en-GB"


def asked_for(request: HttpRequest) -> str:
    """Return the locale in the address, `?locale=de-AT`; empty if there is none that is spoken here."""
    return known(request.GET.get("locale", ""))


def known(locale: str) -> str:
    """Return the locale if its language is spoken here, else ""."""
    given = locale.replace("_", "-")[:35]
    if not _LOCALE.fullmatch(given):
        return ""
    head, dash, rest = given.partition("-")
    return f"{head.lower()}{dash}{rest}" if head.lower() in LANGUAGES else ""


def chosen(request: HttpRequest, organization: Organization, *, wishes: Iterable[str] = ()) -> str:
    """Return the locale to speak in. `wishes` come after the address and before the browser's own."""
    browser = (tag for tag, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "")[:500]))
    told = (asked_for(request), *map(known, wishes), *map(known, browser), known(organization.locale))
    return next((each for each in told if each), _FALLBACK)


def spoken(locale: str) -> str:
    """Return the language of a locale: de for de-AT."""
    return language(locale)

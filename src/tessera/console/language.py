"""In which language the console speaks to whoever asks: theirs, else their browser's, else the organization's."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from tessera.organizations.models import Organization, User

_CATALOGUES: Final = Path(__file__).resolve().parent / "locale"
# A page is called German only if its sentences are: those that have a catalogue, and English, which needs none.
SPOKEN: Final = frozenset({"en", *(path.parts[-3] for path in _CATALOGUES.glob("*/LC_MESSAGES/django.mo"))})
_PAGES: Final = "/console/"
# Pages of visitors choose their language themselves; before that, as where there is nothing, their browser's counts.
_OF_VISITORS: Final = ("/join/", "/portal/", "/embed/", "/notices/", "/mailbox/")


def middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Django's middleware that lets pages be written in the language of whoever asks."""

    def answered(request: HttpRequest) -> HttpResponse:
        of_staff = request.path_info.startswith(_PAGES)
        if not of_staff and not request.path_info.startswith(_OF_VISITORS):
            return get_response(request)
        chosen = _known(own(request)) if of_staff else ""
        with translation.override(chosen or _of_browser(request) or "en"):
            return get_response(request)

    return answered


def own(request: HttpRequest) -> str:
    """Return the locale that the person has chosen; empty if none, or if nobody is signed in."""
    user = request.user
    return user.locale if isinstance(user, User) else ""


def speak_of(organization: Organization, request: HttpRequest) -> None:
    """Let the organization's language count where neither the person nor their browser has one that is spoken here."""
    if not _known(own(request)) and not _of_browser(request) and (found := _known(organization.locale)):
        translation.activate(found)


def of_formats(organization: Organization, chosen: str) -> str:
    """Return the locale of dates and money: the one that the person has chosen; the organization's (empty), if that is
    of the language spoken."""
    if chosen:
        return chosen
    spoken = translation.get_language() or "en"
    return "" if _known(organization.locale) == _known(spoken) else spoken


def _of_browser(request: HttpRequest) -> str:
    """The first language of `Accept-Language` that is spoken here; empty if none is."""
    weighed = []
    for part in request.headers.get("Accept-Language", "")[:500].split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), name))
        except ValueError:
            continue
    return next((found for _, name in sorted(weighed, key=lambda each: each[0]) if (found := _known(name))), "")


def _known(locale: str) -> str:
    language = locale.replace("_", "-").partition("-")[0].lower()
    return language if language in SPOKEN else ""

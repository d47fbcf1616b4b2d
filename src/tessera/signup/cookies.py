"""The cookies of members: one for each organization and surface, so that a session counts where it was begun.

In a frame on another site a cookie has to be SameSite=None, and Partitioned (CHIPS), so that it is another one on each
site. Over plain http only this machine's own addresses may have such a one; elsewhere the page carries the secret.
"""

from http.cookies import Morsel
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tessera.identity.types import Surface
from tessera.organizations.models import Organization
from tessera.signup import tokens

_SESSION, _FLOW = "session", "flow"
_SESSION_SECONDS: Final = {Surface.EMBED: 30 * 86_400, Surface.PORTAL: 90 * 86_400}
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class _Partitioned(Morsel[str]):
    """A cookie of one top-level site alone. Python's own know the attribute from 3.14 on."""

    def OutputString(self, attrs: Any = None) -> str:  # noqa: N802  (what Morsel calls it)
        return f"{super().OutputString(attrs)}; Partitioned"


def session_of(request: HttpRequest, organization: Organization, surface: Surface) -> str:
    """Return the secret of a session that the browser sent along; empty if there is none."""
    return request.COOKIES.get(_name(_SESSION, organization, surface), "")


def flow_of(request: HttpRequest, organization: Organization, surface: Surface) -> tokens.Flow | None:
    """Return how far this browser was with signing in here; None if it has not begun, or too long ago."""
    text = request.COOKIES.get(_name(_FLOW, organization, surface), "")
    return tokens.read(text, organization_id=organization.pk, surface=surface)


def keep_session(response: HttpResponseBase, organization: Organization, surface: Surface, secret: str) -> None:
    """Have the browser keep the secret of a session that has just begun; how long it counts is the session's affair."""
    _put(response, _name(_SESSION, organization, surface), secret, surface, _SESSION_SECONDS[surface])


def forget_session(response: HttpResponseBase, organization: Organization, surface: Surface) -> None:
    """Have the browser forget it."""
    _put(response, _name(_SESSION, organization, surface), "", surface, 0)


def keep_flow(response: HttpResponseBase, organization: Organization, surface: Surface, flow: tokens.Flow) -> None:
    """Have the browser keep how far it is, so that a page that is loaded anew goes on there."""
    text = tokens.signed(flow, organization_id=organization.pk, surface=surface)
    _put(response, _name(_FLOW, organization, surface), text, surface, 1_800)


def forget_flow(response: HttpResponseBase, organization: Organization, surface: Surface) -> None:
    """Have the browser forget it."""
    _put(response, _name(_FLOW, organization, surface), "", surface, 0)


def trial_of(request: HttpRequest) -> str:
    """Return what `keep_trial` had the browser keep, if it comes back."""
    return request.COOKIES.get(_trial_name(), "")


def keep_trial(response: HttpResponseBase, text: str) -> None:
    """Have the browser keep a cookie like those of the frame for a minute, to see whether it comes back."""
    _put(response, _trial_name(), text, Surface.EMBED, 60)


def _trial_name() -> str:
    return f"{'__Host-' if settings.SESSION_COOKIE_SECURE else ''}tessera-embed-check"


def _name(what: str, organization: Organization, surface: Surface) -> str:
    prefix = "__Host-" if settings.SESSION_COOKIE_SECURE else ""
    return f"{prefix}tessera-{surface}-{what}-{organization.pk.hex}"


def _put(response: HttpResponseBase, name: str, value: str, surface: Surface, seconds: int) -> None:
    secure = settings.SESSION_COOKIE_SECURE
    framed = surface is Surface.EMBED
    if framed and not secure:
        # Browsers take what comes from this machine itself as secure.
        secure = urlsplit(settings.BASE_URL).hostname in _LOOPBACK
    response.set_cookie(
        name, value, max_age=seconds, path="/", secure=secure, httponly=True,
        samesite="None" if framed and secure else "Lax",
    )  # fmt: skip
    if framed and secure:
        plain, cookie = response.cookies[name], _Partitioned()
        cookie.update(plain)
        cookie.set(plain.key, plain.value, plain.coded_value)
        dict.__setitem__(response.cookies, name, cookie)

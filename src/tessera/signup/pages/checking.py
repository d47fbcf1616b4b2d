"""The self-test, /embed/{organization}/check: tells whoever builds a site what keeps the frame from working there.

It is framed, sent tokens and given cookies exactly as the real thing, by the same code. What only the browser knows is
looked at by check.js; what only we know is answered here. Nobody is signed in, and nothing is told that the headers of
the frame do not tell anybody.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext

from tessera.core.errors import TesseraError
from tessera.identity import injection
from tessera.identity.errors import InjectionRefused
from tessera.identity.types import Refusal
from tessera.organizations import issuers
from tessera.organizations.errors import OriginInvalid
from tessera.organizations.formatting import sentence
from tessera.organizations.rules import check_origins
from tessera.signup import cookies
from tessera.signup.pages.visit import Visit, page

_LONGEST_TOKEN: Final = 20_000


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a token. `code` is empty if it was good; `passed` are the checks before the one that it failed."""

    code: str
    detail: str
    passed: tuple[str, ...]
    rest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SiteShown:
    """What was typed as a site, and what is to be said of it."""

    typed: str
    said: str
    good: bool


def check(visit: Visit) -> HttpResponse:
    """Show the self-test; judge a token; say whether a cookie of the frame comes back."""
    post = visit.request.POST
    if visit.request.method == "POST" and post.get("do") == "cookie":
        answer: HttpResponse = JsonResponse({"back": cookies.trial_of(visit.request) == visit.flow.nonce})
        cookies.keep_trial(answer, visit.flow.nonce)
        return answer
    judged = _judged(visit) if visit.request.method == "POST" and "token" in post else None
    origins = visit.organization.allowed_origins
    return page(
        visit,
        "signup/check.html",
        status=422 if judged is not None and judged.code else 200,
        step="check",
        action=visit.address("check"),
        origins=origins,
        own=settings.BASE_URL,
        secure=urlsplit(settings.BASE_URL).scheme == "https",
        site=_site(visit, visit.request.GET.get("site", "").strip()[:300]),
        audience=issuers.audience(visit.organization),
        trusted=any(row.active for row in issuers.trusted_issuers(visit.organization)),
        judged=judged,
        typed={"code": judged.code, "detail": judged.detail} if judged is not None else {},
        origin=post.get("origin", "")[:300] or (origins[0] if origins else ""),
    )


def _judged(visit: Visit) -> Judged:
    post = visit.request.POST
    try:
        injection.inject(
            organization=visit.organization,
            token=post.get("token", "").strip()[:_LONGEST_TOKEN],
            origin=post.get("origin", "")[:300],
            nonce=visit.flow.nonce,
            client_address=visit.client_address,
        )
    except InjectionRefused as refusal:
        order = list(Refusal)
        place = order.index(refusal.refusal)
        return Judged(refusal.code, sentence(refusal.detail), tuple(order[:place]), tuple(order[place + 1 :]))
    except TesseraError as refusal:
        return Judged(refusal.code, sentence(refusal.detail), (), tuple(Refusal))
    return Judged("", "", tuple(Refusal), ())


def _site(visit: Visit, typed: str) -> SiteShown:
    """Say of a site's address whether its pages may frame, and where it differs from one that may."""
    allowed = visit.organization.allowed_origins
    if not typed:
        return SiteShown("", "", good=False)
    parts = _split(typed)
    origin = f"{parts.scheme}://{parts.netloc}".lower() if parts else typed.lower()
    if origin in allowed:
        return SiteShown(typed, gettext("Its pages may show the frame."), good=True)
    try:
        check_origins([origin])
    except OriginInvalid as refusal:
        return SiteShown(typed, sentence(refusal.detail), good=False)
    near = next((each for each in allowed if _bare(each) == _bare(origin)), "")
    if near:
        said = gettext("%(near)s is allowed, and this is another: scheme, www. and port have to be the same.")
        return SiteShown(typed, said % {"near": near}, good=False)
    said = gettext("%(origin)s is not among the allowed origins. Staff add it under Settings, Embedding.")
    return SiteShown(typed, said % {"origin": origin}, good=False)


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        return parts if parts.scheme and parts.netloc else None
    except ValueError:
        return None


def _bare(origin: str) -> str:
    return (urlsplit(origin).hostname or "").removeprefix("www.")

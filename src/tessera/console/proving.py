"""Asking whoever sits there to prove anew who they are, before something dangerous is done.

The form that asks is sent to where the first one went and carries all that was in it, so that nothing is lost and the
view sees what it would have seen; it works for pages and for drawers, and keeps nothing in between. Files cannot be
carried so: a view that takes some says again that they are missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django_htmx.middleware import HtmxDetails

from tessera.core.errors import TesseraError
from tessera.http import limits
from tessera.organizations import codes, passkeys, sessions
from tessera.organizations.adapters import passkey_domain
from tessera.organizations.errors import PasskeyRefused, PasswordWrong
from tessera.organizations.factors import Factor, factors_of
from tessera.organizations.formatting import sentence
from tessera.organizations.models import User

_PASSWORD, _CODE, _PASSKEY = "proof_password", "proof_code", "proof_passkey"
_PROOFS: Final = frozenset({_PASSWORD, _CODE, _PASSKEY})
_CSRF: Final = "csrfmiddlewaretoken"
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_LONGEST: Final = 200


class Asked(Protocol):
    """The request of somebody signed in."""

    @property
    def htmx(self) -> HtmxDetails: ...


@dataclass(frozen=True, slots=True)
class Ways:
    """By what the person can prove who they are. `question`: what a passkey is asked, JSON; empty if they have none."""

    password: bool
    code: bool
    question: str


def ask(request: HttpRequest) -> HttpResponse | None:
    """Return None if whoever sits there proved who they are a short while ago, or does so with this form.

    Else the page or drawer that asks them to. Only what changes something is asked about.
    """
    if request.method in _SAFE:
        return None
    user = request.user
    assert isinstance(user, User)
    problem = ""
    if not sessions.recently_proved(request.session):
        if not _PROOFS & request.POST.keys():
            return _question(request, user, problem)
        try:
            _check(request, user)
        except TesseraError as refusal:
            return _question(request, user, _words(refusal))
        sessions.note_proof(request.session)
    if _PROOFS & request.POST.keys():
        request.POST = _sent_before(request)  # type: ignore[assignment]
    return None


def ways(request: HttpRequest, user: User, *, password: bool = True) -> Ways:
    """Return how the person can prove who they are here, and begin a passkey's question if they have one."""
    factors = factors_of(user)
    by_passkey = bool(factors.passkeys) and passkey_domain(request) is not None
    return Ways(
        password=password and user.has_usable_password(),
        code=factors.app_since is not None or bool(factors.codes_left),
        question=passkeys.question(user) if by_passkey else "",
    )


def second_factor(request: HttpRequest, user: User) -> Factor:
    """Return the second factor that what was sent proves. Raises CodeWrong, TooManyCodes; PasskeyRefused."""
    if answer := request.POST.get(_PASSKEY, ""):
        if passkey_domain(request) is None:
            raise PasskeyRefused("passkeys are not offered at this address")
        passkeys.answered(answer, user=user)
        return Factor.PASSKEY
    return codes.check(user=user, code=request.POST.get(_CODE, "")[:_LONGEST])


def _check(request: HttpRequest, user: User) -> Factor:
    told = {name: request.POST.get(name, "").strip() for name in _PROOFS}
    if told[_PASSKEY] or told[_CODE]:
        return second_factor(request, user)
    limits.sign_in_attempt(address=request.META.get("REMOTE_ADDR", ""), account=user.email)
    if not user.check_password(request.POST.get(_PASSWORD, "")[:_LONGEST]):
        raise PasswordWrong("this is not your password")
    limits.signed_in(account=user.email)
    return Factor.PASSWORD


def _words(refusal: TesseraError) -> str:
    said = {
        "password_wrong": gettext("This is not your password. Try again, or choose another way."),
        "code_wrong": gettext("This code is not right now. Wait for the next one, or use a recovery code."),
        "passkey_refused": gettext("That passkey could not be checked. Try again, or choose another way."),
        "too_many_codes": gettext("Too many wrong codes. Wait a quarter of an hour, or choose another way."),
        "too_many_requests": gettext("Too many attempts. Wait a few minutes, then try again."),
    }
    return said.get(refusal.code) or sentence(refusal.detail)


def _question(request: HttpRequest, user: User, problem: str) -> HttpResponse:
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    context = {
        "action": request.get_full_path(),
        "carried": list(carried(request)),
        "files": bool(request.FILES),
        "ways": ways(request, user),
        "problem": problem,
        "back": _page_before(request),
        "person": user,
    }
    layout = "console/proving/drawer.html" if htmx else "console/proving/page.html"
    answer = render(request, layout, context, status=422)
    if htmx:
        answer["HX-Retarget"], answer["HX-Reswap"] = "#drawer", "innerHTML"
    return answer


def carried(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """Return the names and values that were sent, without what proves who sent them and the form's token."""
    for name, values in request.POST.lists():
        if name not in _PROOFS and name != _CSRF:
            for value in values:
                yield name, str(value)


def _sent_before(request: HttpRequest) -> QueryDict:
    """What was sent, without what proved it."""
    sent = request.POST.copy()
    for name in _PROOFS:
        sent.pop(name, None)
    return sent


def _page_before(request: HttpRequest) -> str:
    """The page that the form stood on, as far as the browser says so."""
    try:
        before = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "")
    except ValueError:
        return reverse("console:start")
    ours = before.netloc == request.get_host() and before.path.startswith("/")
    return before.path if ours and before.path != request.path else reverse("console:start")

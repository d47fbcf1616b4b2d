"""What somebody sent whose session had ended meanwhile, or is another: kept in the page that says so, to be sent again.

Nothing of it is kept on the server. After signing in, in another window, the page takes the new session's form token.
"""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django_htmx.middleware import HtmxDetails

from tessera.console import proving

OUTLOOK: Final = "outlook"  # the part of a form that says what will happen


def kept(request: HttpRequest) -> HttpResponse:
    """Return the page or drawer that carries what was sent. Passwords and files are not carried."""
    return _kept(request, _elsewhere())


def again(request: HttpRequest) -> HttpResponse | None:
    """Return the drawer that carries what was sent with the token of an earlier session, to be sent once more.

    None for what was not sent by a script of ours, which may be a page of anybody's.
    """
    return _kept(request, "") if request.htmx else None  # type: ignore[attr-defined]


def _kept(request: HttpRequest, sign_in: str) -> HttpResponse:
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    context = {
        "action": request.get_full_path(),
        "carried": list(_carried(request)),
        "files": bool(request.FILES),
        "sign_in": sign_in,
    }
    answer = render(request, f"console/signed_out/{'drawer' if htmx else 'page'}.html", context, status=422)
    if htmx:
        answer["HX-Retarget"], answer["HX-Reswap"] = "#drawer", "innerHTML"
    return answer


def stays(request: HttpRequest) -> HttpResponse | None:
    """Return what stands in place of an outlook that a form asks for while it is filled in: the form is left as it is.
    None if something else is asked."""
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    if not htmx or htmx.target != OUTLOOK:
        return None
    return render(request, "console/signed_out/_outlook.html", {"action": request.path, "sign_in": _elsewhere()})


def _elsewhere() -> str:
    """Where one signs in in a window of its own."""
    return f"{reverse('console:signin')}?{urlencode({'next': reverse('console:signed_in')})}"


@require_safe
def token(request: HttpRequest) -> HttpResponse:
    """The form token of the session that there is now: what a page from before it needs."""
    return JsonResponse({"token": get_token(request)})


@require_safe
def signed_in(request: HttpRequest) -> HttpResponse:
    """Where signing in leads that was only for another window's sake."""
    return render(request, "console/signed_out/signed_in.html")


def _carried(request: HttpRequest) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in proving.carried(request) if "password" not in name)

"""The second step of signing in: a code or a passkey, of somebody whose password was right a moment ago."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from tessera.console import proving
from tessera.console.access import ANYONE, open_to
from tessera.console.signin import ours, wait, with_next
from tessera.core.errors import TesseraError
from tessera.http.errors import TooManyRequests
from tessera.organizations import sessions
from tessera.organizations.errors import CodeWrong
from tessera.organizations.factors import Factor
from tessera.organizations.models import User


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(ANYONE)
def second(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor. Whoever takes longer than ten minutes begins again with the password."""
    onwards = ours(request, request.POST.get("next") or request.GET.get("next") or "")
    user = sessions.held(request)
    if user is None:
        return redirect(with_next("console:signin", onwards))
    if request.method != "POST":
        return _page(request, user, onwards)
    try:
        factor = proving.second_factor(request, user)
    except TooManyRequests as spent:
        return _page(request, user, onwards, problem=wait(spent), status=429)
    except CodeWrong:
        problem = gettext("This code is not right now. Wait for the next one, or use a recovery code.")
        return _page(request, user, onwards, problem=problem, status=422)
    except TesseraError:
        problem = gettext("That passkey could not be checked. Try again, or use a code.")
        return _page(request, user, onwards, problem=problem, status=422)
    sessions.let_go(request)
    sessions.begin(request, user, by=[Factor.PASSWORD, factor])
    return redirect(onwards or reverse("console:start"))


def _page(request: HttpRequest, user: User, onwards: str, *, problem: str = "", status: int = 200) -> HttpResponse:
    context = {
        "next": onwards,
        "problem": problem,
        "ways": proving.ways(request, user, password=False),
        "person": user,
    }
    return render(request, "console/second_factor.html", context, status=status)

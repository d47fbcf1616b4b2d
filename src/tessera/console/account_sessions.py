"""Your account: where you are signed in."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from tessera.console.access import SIGNED_IN, open_to
from tessera.console.account import done, page, person
from tessera.organizations import sessions


@open_to(SIGNED_IN)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every browser, this one first."""
    browsers = sessions.browsers_of(person(request), request.session)
    return page(request, "console/account/sessions.html", "sessions", browsers=browsers)


@open_to(SIGNED_IN)
@require_POST
def end(request: HttpRequest, number: int) -> HttpResponse:
    """Sign out at one of them. Who has lost a phone is not asked twice."""
    ended = sessions.end(user=person(request), browser_id=number)
    said = gettext("That browser is signed out.") if ended else gettext("That browser was signed out already.")
    return done(request, reverse("console:account_sessions"), said)


@open_to(SIGNED_IN)
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    ended = sessions.end_others(user=person(request), session=request.session)
    said = gettext("Every other browser is signed out.") if ended else gettext("You were signed in nowhere else.")
    return done(request, reverse("console:account_sessions"), said)

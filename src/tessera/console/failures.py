"""What people see when a request fails before or beside any page: handed to Django by the settings and addresses."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from tessera.console import keeping
from tessera.signup.pages import visit


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that does not carry its token: it is from elsewhere, or from before signing in anew."""
    if request.path_info.startswith(("/join/", "/portal/")):
        return visit.form_from_elsewhere(request)
    if request.path_info.startswith("/console/") and (kept := keeping.again(request)):
        return kept
    problem = gettext("The form was from before you last signed in. Go back, load the page again and send it again.")
    return render(request, "console/refused.html", {"problem": problem}, status=403)

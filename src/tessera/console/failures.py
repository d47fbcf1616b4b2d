"""What people see when a request fails before or beside any page: handed to Django by the settings and addresses."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from tessera.signup.pages import visit


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that does not carry its token: it is from elsewhere, or from before signing in anew."""
    if request.path_info.startswith("/join/"):
        return visit.form_from_elsewhere(request)
    problem = gettext("The form was from before you last signed in. Go back, load the page again and send it again.")
    return render(request, "console/refused.html", {"problem": problem}, status=403)

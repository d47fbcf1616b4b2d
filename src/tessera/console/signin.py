"""Signing in and out, and choosing among the organizations one works for."""

from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tessera.console.access import ANYONE, SIGNED_IN, open_to
from tessera.http import limits
from tessera.http.errors import TooManyRequests
from tessera.organizations.models import Organization, Staff
from tessera.organizations.rights import Role

_MOST_ACCOUNTS = 12


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A staff member of a demo database, whose password is known."""

    email: str
    role_label: str
    organization: str


class SignInForm(forms.Form):
    """E-mail address and password. What is wrong is said of both together, so that nobody learns who has an account."""

    username = forms.EmailField(max_length=254, label=_("E-mail"))
    password = forms.CharField(max_length=200, strip=False, label=_("Password"))


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(ANYONE)
def signin(request: HttpRequest) -> HttpResponse:
    """Sign in, and go on to `next` if that is a page of ours."""
    onwards = _ours(request, request.POST.get("next") or request.GET.get("next") or "")
    if request.user.is_authenticated and request.method != "POST":
        return redirect(onwards or reverse("console:start"))
    form = SignInForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            status = _attempt(request, form)
            if status == 302:
                return redirect(onwards or reverse("console:start"))
    context = {"form": form, "next": onwards, "demo_accounts": _demo_accounts() if settings.DEMO else []}
    return render(request, "console/signin.html", context, status=status)


@require_POST
@open_to(ANYONE)
def signout(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Sign out. The session is gone, and with it whatever it knew."""
    logout(request)
    return redirect("console:signin")


@require_safe
@open_to(SIGNED_IN)
def start(request: HttpRequest) -> HttpResponse:
    """Go to the one organization that one works for, or choose among several."""
    mine = Staff.objects.filter(user_id=str(request.user.pk), disabled_at=None, organization__deleting_since=None)
    clubs = list(Organization.objects.filter(pk__in=mine.values("organization")).order_by("name", "pk"))
    if len(clubs) == 1:
        return redirect("console:home", clubs[0].slug)
    return render(request, "console/start.html", {"organizations": clubs})


def _attempt(request: HttpRequest, form: SignInForm) -> int:
    """Return 302 if that was right; else mark the form and return the status to answer with."""
    account = form.cleaned_data["username"].strip().lower()
    try:
        limits.sign_in_attempt(address=request.META.get("REMOTE_ADDR", ""), account=account)
    except TooManyRequests as spent:
        minutes = max(1, -(-spent.retry_after // 60))
        form.add_error(None, gettext("Too many attempts. Wait %(minutes)d min, then try again.") % {"minutes": minutes})
        return 429
    user = authenticate(request, username=account, password=form.cleaned_data["password"])
    if user is None:
        form.add_error(None, gettext("This e-mail and password do not belong together. Check both, then try again."))
        return 422
    login(request, user)
    limits.signed_in(account=account)
    return 302


def _ours(request: HttpRequest, address: str) -> str:
    """Return `address` if it is a page of this installation, else nothing: nobody is led elsewhere."""
    fits = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if fits and address.startswith("/") else ""


def _demo_accounts() -> list[DemoAccount]:
    rows = Staff.objects.filter(disabled_at=None, user__is_active=True).select_related("user", "organization")
    found = {
        row.user.email: DemoAccount(row.user.email, Role(row.role).label, row.organization.name)
        for row in rows.order_by("-organization__created_at", "-created_at", "-pk")
    }
    return list(found.values())[::-1][:_MOST_ACCOUNTS]

"""Signing in and out, and choosing among the organizations one works for. The second factor: `second_factor.py`."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate, logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tessera.console.access import ANYONE, SIGNED_IN, not_found, open_to
from tessera.http import limits, mail
from tessera.http.errors import TooManyRequests
from tessera.organizations import passkeys, sessions
from tessera.organizations.adapters import passkey_domain
from tessera.organizations.errors import PasskeyRefused
from tessera.organizations.factors import Factor, has_second_factor
from tessera.organizations.models import Organization, Staff, User
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
    """Sign in, by way of a second factor if one has been set up, and go on to `next` if that is a page of ours."""
    onwards = ours(request, request.POST.get("next") or request.GET.get("next") or "")
    if request.user.is_authenticated and request.method != "POST":
        return redirect(onwards or reverse("console:start"))
    form = SignInForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _page(request, form, onwards)
    if not form.is_valid():
        return _page(request, form, onwards, status=422)
    user, status = _attempt(request, form)
    if user is None:
        return _page(request, form, onwards, status=status)
    if has_second_factor(user):
        sessions.hold(request, user, by=Factor.PASSWORD)
        return redirect(with_next("console:signin_second", onwards))
    sessions.begin(request, user, by=[Factor.PASSWORD])
    return redirect(onwards or reverse("console:start"))


@require_http_methods(["GET", "POST"])
@open_to(ANYONE)
def by_passkey(request: HttpRequest) -> HttpResponse:
    """Sign in with a passkey alone. GET: what the browser is asked, as JSON; POST: what it answered.

    A passkey is two factors: the device it is on, and how that one was unlocked, which is required here.
    """
    if passkey_domain(request) is None:
        return not_found(request)
    onwards = ours(request, request.POST.get("next") or "")
    try:
        limits.passkey_attempt(address=request.META.get("REMOTE_ADDR", ""))
        if request.method == "GET":
            return HttpResponse(passkeys.question(), content_type="application/json")
        user = passkeys.answered(request.POST.get("passkey", ""))
        if not user.is_active:
            raise PasskeyRefused("this account is closed")
    except TooManyRequests as spent:
        if request.method == "GET":
            return JsonResponse({}, status=429)
        return _page(request, SignInForm(), onwards, status=429, problem=wait(spent))
    except PasskeyRefused:
        problem = gettext("That passkey opens nothing here. Try another one, or sign in with your password.")
        return _page(request, SignInForm(), onwards, status=422, problem=problem)
    sessions.begin(request, user, by=[Factor.PASSKEY])
    return redirect(onwards or reverse("console:start"))


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


def ours(request: HttpRequest, address: str) -> str:
    """Return `address` if it is a page of this installation, else nothing: nobody is led elsewhere."""
    fits = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if fits and address.startswith("/") else ""


def with_next(name: str, onwards: str, **told: str) -> str:
    """Return the address of a page that leads on to `onwards` when it is done."""
    query = {**({"next": onwards} if onwards else {}), **told}
    return f"{reverse(name)}?{urlencode(query)}" if query else reverse(name)


def wait(spent: TooManyRequests) -> str:
    """Return how long to wait, in words."""
    minutes = max(1, -(-spent.retry_after // 60))
    return gettext("Too many attempts. Wait %(minutes)d min, then try again.") % {"minutes": minutes}


def _page(
    request: HttpRequest, form: SignInForm, onwards: str, *, status: int = 200, problem: str = ""
) -> HttpResponse:
    context = {
        "form": form,
        "next": onwards,
        "problem": problem,
        "passkeys": passkey_domain(request) is not None,
        "resets": mail.configured(),
        "demo_accounts": _demo_accounts() if settings.DEMO else [],
    }
    return render(request, "console/signin.html", context, status=status)


def _attempt(request: HttpRequest, form: SignInForm) -> tuple[User | None, int]:
    """Return who that is; else None and the status to answer with, the form being marked."""
    account = form.cleaned_data["username"].strip().lower()
    try:
        limits.sign_in_attempt(address=request.META.get("REMOTE_ADDR", ""), account=account)
    except TooManyRequests as spent:
        form.add_error(None, wait(spent))
        return None, 429
    user = authenticate(request, username=account, password=form.cleaned_data["password"])
    if not isinstance(user, User):
        form.add_error(None, gettext("This e-mail and password do not belong together. Check both, then try again."))
        return None, 422
    limits.signed_in(account=account)
    return user, 302


def _demo_accounts() -> list[DemoAccount]:
    rows = Staff.objects.filter(disabled_at=None, user__is_active=True).select_related("user", "organization")
    found = {
        row.user.email: DemoAccount(row.user.email, Role(row.role).called, row.organization.name)
        for row in rows.order_by("-organization__created_at", "-created_at", "-pk")
    }
    return list(found.values())[::-1][:_MOST_ACCOUNTS]

"""Your account: name, language, address and password. It is the person's own, whatever organizations they work for."""

from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from tessera import organizations
from tessera.console import answers
from tessera.console.access import SIGNED_IN, open_to
from tessera.core.errors import TesseraError
from tessera.http import mail
from tessera.organizations import accounts, sessions
from tessera.organizations.formatting import Formats
from tessera.organizations.models import Organization, Staff, User
from tessera.organizations.staff import set_password

LANGUAGES: Final = (("", _("As my browser says")), ("en-GB", "English"), ("de-DE", "Deutsch"), ("fr-FR", "Français"))


@dataclass(frozen=True, slots=True)
class _Nowhere:
    """How things are written for somebody who works for no organization."""

    locale: str = "en-GB"
    time_zone: str = "UTC"


class ProfileForm(forms.Form):
    """What somebody is called, and spoken to in."""

    name = forms.CharField(max_length=200, label=_("Name"), widget=forms.TextInput({"autocomplete": "name"}))
    locale = forms.ChoiceField(choices=LANGUAGES, required=False, label=_("Language"))


class EmailForm(forms.Form):
    """The address to sign in with."""

    email = forms.EmailField(max_length=254, label=_("New e-mail address"))


class PasswordForm(forms.Form):
    """A password, once: what was typed can be looked at."""

    password = forms.CharField(
        max_length=200,
        strip=False,
        label=_("New password"),
        help_text=_("Ten characters or more. A sentence is easier to remember than a word with signs."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )


@open_to(SIGNED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name and language, and what else there is."""
    user = person(request)
    form = ProfileForm(sent(request), initial={"name": user.name, "locale": user.locale})
    if user.locale and user.locale not in dict(LANGUAGES):
        form.fields["locale"].choices = [*LANGUAGES, (user.locale, user.locale)]  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        try:
            accounts.update_account(user=user, name=form.cleaned_data["name"], locale=form.cleaned_data["locale"])
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            return done(request, reverse("console:account"), gettext("Saved."))
    context = {"form": form, "languages": LANGUAGES, "mails": mail.configured()}
    return page(request, "console/account/profile.html", "profile", status=422 if form.errors else 200, **context)


@open_to(SIGNED_IN, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def email(request: HttpRequest) -> HttpResponse:
    """Sign in with another address, once a link that is sent there has been followed."""
    user = person(request)
    form = EmailForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            answers.carried_out(lambda: accounts.ask_email_change(user=user, email=form.cleaned_data["email"]))
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            said = gettext("A link is on its way to %(email)s. Your address changes when you follow it.")
            return done(request, reverse("console:account"), said % {"email": form.cleaned_data["email"].lower()})
    return asking(request, "console/account/email.html", "profile", form=form, mails=mail.configured())


@open_to(SIGNED_IN)
@require_http_methods(["POST"])
def keep_email(request: HttpRequest) -> HttpResponse:
    """Keep the present address after all."""
    accounts.forget_email_change(user=person(request))
    return done(request, reverse("console:account"), gettext("Your address stays as it is."))


@open_to(SIGNED_IN, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Choose another password. Every other browser is signed out."""
    user = person(request)
    form = PasswordForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            set_password(user=user, password=form.cleaned_data["password"], now=organizations.now)
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            user.refresh_from_db()
            sessions.stay(request, user)
            return done(
                request,
                reverse("console:account"),
                gettext("You have a new password, and every other browser is signed out."),
            )
    return asking(request, "console/account/password.html", "profile", form=form, person=user)


def person(request: HttpRequest) -> User:
    """Return who asks: `open_to(SIGNED_IN)` has made sure that somebody does."""
    assert isinstance(request.user, User)
    return request.user


def sent(request: HttpRequest) -> QueryDict | None:
    """Return the form that was sent; None if the page is only looked at."""
    return request.POST if request.method == "POST" else None


def page(request: HttpRequest, template: str, section: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """Return a page of the account. Days are written as by the organization that the person has worked for longest."""
    user = person(request)
    club = home(user)
    shown: dict[str, object] = {
        "person": user,
        "section": section,
        "organization": club,
        "formats": Formats.of(club or _Nowhere(), locale=user.locale),
        "at": sessions.present_instant(),
        "layout": "console/account/_base.html",
    }
    return render(request, template, {**shown, **context}, status=status)


def asking(request: HttpRequest, template: str, section: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """Return what asks before something is done: a drawer over the present page, or a page where there is no script."""
    drawer = bool(request.htmx)  # type: ignore[attr-defined]
    layout = "console/_drawer.html" if drawer else "console/account/_asking.html"
    form = context.get("form")
    refused = bool(form.errors) if isinstance(form, forms.BaseForm) and form.is_bound else False
    context = {"back": reverse("console:account"), "action": request.path, **context, "layout": layout}
    return page(request, template, section, status=422 if refused else status, **context)


def done(request: HttpRequest, address: str, message: str) -> HttpResponse:
    """Say what happened and go on to `address`."""
    messages.success(request, message)
    drawer = bool(request.htmx)  # type: ignore[attr-defined]
    return HttpResponseClientRedirect(address) if drawer else redirect(address)


def home(user: User) -> Organization | None:
    """Return the organization that the person has worked for longest; None if for none."""
    rows = Staff.objects.filter(user=user, disabled_at=None).select_related("organization").order_by("created_at", "pk")
    row = rows.first()
    return row.organization if row else None

"""Links in mails to people who are not signed in: another password, another address."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from tessera.console import answers
from tessera.console.access import ANYONE, open_to
from tessera.console.account import PasswordForm, sent
from tessera.console.signin import wait
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.http import limits, mail
from tessera.http.errors import TooManyRequests
from tessera.organizations import accounts, tokens
from tessera.organizations.errors import LinkOver
from tessera.organizations.formatting import sentence


class AddressForm(forms.Form):
    """Whose password it is about."""

    email = forms.EmailField(
        max_length=254, label=_("E-mail"), widget=forms.EmailInput({"autocomplete": "username", "class": "input"})
    )


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(ANYONE)
def ask(request: HttpRequest) -> HttpResponse:
    """Have a link sent by which one sets another password. The answer is the same whoever has an account."""
    form = AddressForm(sent(request))
    context: dict[str, object] = {"form": form, "mails": mail.configured()}
    if request.method != "POST" or not form.is_valid() or not mail.configured():
        return render(request, "console/reset/ask.html", context, status=422 if form.errors else 200)
    email = form.cleaned_data["email"].strip().lower()
    try:
        limits.mail_asked_for(address=request.META.get("REMOTE_ADDR", ""), account=email)
    except TooManyRequests as spent:
        form.add_error(None, wait(spent))
        return render(request, "console/reset/ask.html", context, status=429)
    accounts.ask_password_reset(email)
    return render(request, "console/reset/sent.html", {"email": email, "hours": tokens.LINK_HOURS})


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(ANYONE)
def password(request: HttpRequest, ref: str, token: str) -> HttpResponse:
    """Set another password, by the link in the mail. A second factor is asked for when signing in with it."""
    key = ids.from_text(Prefix.USER, ref)
    user = tokens.resets_password_of(key, token) if key else None
    if user is None:
        return _over(request, reverse("console:reset_password"))
    form = PasswordForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            accounts.reset_password(user=user, token=token, password=form.cleaned_data["password"])
        except LinkOver:
            return _over(request, reverse("console:reset_password"))
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            limits.signed_in(account=user.email)
            return render(request, "console/reset/done.html", {"what": gettext("Your password is set.")})
    context = {"form": form, "person": user}
    return render(request, "console/reset/password.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(ANYONE)
def email(request: HttpRequest, ref: str, token: str) -> HttpResponse:
    """Let another address be one's own, by the link that was sent there. Only its button does: machines read mail."""
    key = ids.from_text(Prefix.USER, ref)
    user = tokens.changes_email_of(key, token) if key else None
    if user is None:
        return _over(request, reverse("console:account"))
    problem = ""
    if request.method == "POST":
        try:
            accounts.confirm_email_change(user=user, token=token)
        except LinkOver:
            return _over(request, reverse("console:account"))
        except TesseraError as refusal:
            problem = sentence(refusal.detail)
        else:
            if request.user.is_authenticated:
                return redirect("console:account")
            said = gettext("From now on you sign in as %(email)s.") % {"email": user.pending_email}
            return render(request, "console/reset/done.html", {"what": said})
    context = {"person": user, "problem": problem}
    return render(request, "console/reset/email.html", context, status=422 if problem else 200)


def _over(request: HttpRequest, again: str) -> HttpResponse:
    return render(request, "console/reset/over.html", {"again": again}, status=410)

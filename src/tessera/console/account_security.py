"""Your account: what you sign in with beside your password, and what stands in for it when it is lost."""

from typing import Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from tessera.console import answers
from tessera.console.access import SIGNED_IN, open_to
from tessera.console.account import asking, done, page, person, sent
from tessera.console.signin import ours
from tessera.core.errors import TesseraError
from tessera.organizations import codes, factors, passkeys, qr
from tessera.organizations.adapters import passkey_domain
from tessera.organizations.errors import SecondFactorUnknown
from tessera.organizations.models import Staff, User

_SECRET: Final = "app_secret"  # noqa: S105  (where the session keeps it until it is confirmed)
_ONWARDS: Final = "set_up_for"
_IDS: Final = "passkey_%s"  # the page below the drawer has a field for a name, too


class CodeForm(forms.Form):
    """What the app shows, to know that it has the secret."""

    code = forms.CharField(
        max_length=20,
        label=_("Code"),
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code", "class": "input is-code"}),
    )


class PasskeyForm(forms.Form):
    """A name for a passkey, and what the browser made."""

    name = forms.CharField(max_length=60, label=_("Name"), help_text=_("Where it is: Work laptop, My phone."))
    passkey = forms.CharField(required=False, widget=forms.HiddenInput)


class NameForm(forms.Form):
    """What a passkey is called."""

    name = forms.CharField(max_length=60, label=_("Name"))


@open_to(SIGNED_IN)
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """The second factors there are, and which organizations ask for one."""
    user = person(request)
    onwards = ours(request, request.GET.get("next", ""))
    if onwards:
        request.session[_ONWARDS] = onwards
    return page(
        request,
        "console/account/security.html",
        "security",
        factors=factors.factors_of(user),
        asked_by=asked_by(user),
        onwards=onwards or request.session.get(_ONWARDS, ""),
        needed="needed_by" in request.GET,
        passkeys_offered=passkey_domain(request) is not None,
    )


@open_to(SIGNED_IN, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def add_app(request: HttpRequest) -> HttpResponse:
    """Set an authenticator app up: scan the secret, then type what the app shows."""
    user = person(request)
    secret = _secret(request)
    form = CodeForm(sent(request))
    if request.method == "POST" and form.is_valid():
        if codes.step_of(secret, codes.plain(form.cleaned_data["code"])) is None:
            said = gettext("This is not the code that the app shows now. Check that your phone's clock is right.")
            form.add_error("code", said)
        else:
            made = factors.add_app(user=user, secret=secret)
            del request.session[_SECRET]
            return _added(request, made, gettext("Your app is set up. From now on you are asked for its code."))
    grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    picture = mark_safe(qr.svg(qr.app_address(user.email, secret)))  # noqa: S308  (a path of numbers, made here)
    return asking(
        request,
        "console/account/app.html",
        "security",
        form=form,
        secret=grouped,
        picture=picture,
        back=reverse("console:account_security"),
    )


@open_to(SIGNED_IN, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def remove_app(request: HttpRequest) -> HttpResponse:
    """Let the app's codes count no more."""
    user = person(request)
    if request.method == "POST":
        factors.remove_app(user=user)
        return done(request, reverse("console:account_security"), gettext("The app's codes count no more."))
    found = factors.factors_of(user)
    return _before_removing(request, user, gettext("Remove the app"), last=not found.passkeys)


@open_to(SIGNED_IN, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Make a passkey on this device, or on one that the browser reaches."""
    user = person(request)
    if passkey_domain(request) is None:
        return done(request, reverse("console:account_security"), gettext("Passkeys are not offered at this address."))
    form = PasskeyForm(sent(request), initial={"name": gettext("My device")}, auto_id=_IDS)
    if request.method == "POST" and form.is_valid():
        try:
            credential = passkeys.registered(form.cleaned_data["passkey"])
            made = factors.add_passkey(user=user, name=form.cleaned_data["name"], credential=credential)
        except TesseraError as refusal:
            answers.refuse(form, refusal, {"passkey": "name"})
        else:
            return _added(request, made, gettext("The passkey is yours. You can sign in with it alone."))
    return asking(
        request,
        "console/account/passkey.html",
        "security",
        form=form,
        question=passkeys.registration(user),
        back=reverse("console:account_security"),
    )


@open_to(SIGNED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def rename_passkey(request: HttpRequest, number: int) -> HttpResponse:
    """Call a passkey otherwise."""
    user = person(request)
    present = _passkey(user, number)
    form = NameForm(sent(request), initial={"name": present.name}, auto_id=_IDS)
    if request.method == "POST" and form.is_valid():
        factors.rename_passkey(user=user, passkey_id=present.id, name=form.cleaned_data["name"])
        return done(request, reverse("console:account_security"), gettext("Saved."))
    return asking(
        request, "console/account/rename.html", "security", form=form, back=reverse("console:account_security")
    )


@open_to(SIGNED_IN, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def remove_passkey(request: HttpRequest, number: int) -> HttpResponse:
    """Take a passkey away."""
    user = person(request)
    present = _passkey(user, number)
    if request.method == "POST":
        factors.remove_passkey(user=user, passkey_id=present.id)
        return done(request, reverse("console:account_security"), gettext("The passkey opens nothing any more."))
    found = factors.factors_of(user)
    last = found.app_since is None and len(found.passkeys) == 1
    title = gettext("Remove the passkey %(name)s") % {"name": present.name}
    return _before_removing(request, user, title, last=last)


@open_to(SIGNED_IN, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Make fresh recovery codes. They are shown once, in the answer."""
    user = person(request)
    if request.method == "POST":
        return _codes_shown(request, factors.make_recovery_codes(user=user))
    return asking(
        request,
        "console/account/confirm.html",
        "security",
        title=gettext("Make new recovery codes"),
        sentences=[gettext("You get ten codes, each of which counts once. Those you have now count no more.")],
        button=gettext("Make new codes"),
        back=reverse("console:account_security"),
    )


def asked_by(user: User) -> list[str]:
    """Return the names of the organizations that ask the person for a second factor."""
    rows = (
        Staff.objects.filter(user=user, disabled_at=None).select_related("organization").order_by("organization__name")
    )
    return [row.organization.name for row in rows if row.role in row.organization.second_factor_roles]


def _passkey(user: User, number: int) -> factors.Passkey:
    found = next((each for each in factors.factors_of(user).passkeys if each.id == number), None)
    if found is None:
        raise SecondFactorUnknown("there is no such passkey")
    return found


def _secret(request: HttpRequest) -> str:
    """The secret that is offered to the app: the same one until it is confirmed, or the session is over."""
    if request.method != "POST" or _SECRET not in request.session:
        kept = request.session.get(_SECRET) or qr.kept(factors.fresh_secret())
        request.session[_SECRET] = kept
    return qr.opened(request.session[_SECRET])


def _before_removing(request: HttpRequest, user: User, title: str, *, last: bool) -> HttpResponse:
    sentences = []
    if last:
        sentences.append(gettext("It is your last second factor: your password alone will open your account."))
        sentences.append(gettext("Your recovery codes count no more."))
        if clubs := asked_by(user):
            asks = gettext("%(names)s will ask you to set another one up before you can go on.")
            sentences.append(asks % {"names": ", ".join(clubs)})
    else:
        sentences.append(gettext("Your other second factors stay."))
    return asking(
        request,
        "console/account/confirm.html",
        "security",
        title=title,
        sentences=sentences,
        button=gettext("Remove it"),
        hurts=True,
        back=reverse("console:account_security"),
    )


def _added(request: HttpRequest, made: list[str], message: str) -> HttpResponse:
    """Show the recovery codes that came with the first second factor; else go on to what it was set up for."""
    if made:
        return _codes_shown(request, made)
    return done(request, reverse("console:account_security"), message)


def _codes_shown(request: HttpRequest, made: list[str]) -> HttpResponse:
    onwards = request.session.pop(_ONWARDS, "")
    return asking(
        request,
        "console/account/codes.html",
        "security",
        codes=[f"{code[:5]} {code[5:]}" for code in made],
        plain="\n".join(made),
        onwards=onwards or reverse("console:account_security"),
        back=reverse("console:account_security"),
    )

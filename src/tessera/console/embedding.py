"""Embedding: which sites may show pages of ours, and which may sign their own visitors in."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from tessera.console import answers
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.conflicts import VersionedForm
from tessera.console.once import once
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.organizations import issuers, queries, services
from tessera.organizations.formatting import joined, sentence
from tessera.organizations.issuer_keys import described
from tessera.organizations.issuers import IssuerDetails
from tessera.organizations.models import Organization, TrustedIssuer
from tessera.organizations.rights import Right


class OriginsForm(VersionedForm):
    """Sites, one a line."""

    allowed_origins = forms.CharField(
        label=_("Allowed origins"), required=False, max_length=5_000,
        help_text=_("One a line: the scheme, the host, and a port if it is not the usual one. Such as https://club.example"),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocapitalize": "off"}),
    )  # fmt: skip


class IssuerForm(VersionedForm):
    """A site whose back end signs."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("For your own eyes: The club's website."))
    issuer = forms.CharField(
        label=_("Issuer"), max_length=500,
        help_text=_("What its tokens say in iss, letter by letter. Such as https://club.example"),
        widget=forms.URLInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )  # fmt: skip
    jwks_url = forms.CharField(
        label=_("Address of its keys"), max_length=2_000, required=False,
        help_text=_("Where it publishes them as a JWK set. They can then be exchanged without anybody typing."),
        widget=forms.URLInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )  # fmt: skip
    keys = forms.CharField(
        label=_("Or its public keys"), max_length=20_000, required=False,
        help_text=_("PEM or JWK. RSA from 2,048 bits, P-256 or Ed25519. Never a private one."),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocapitalize": "off", "class": "is-code"}),
    )  # fmt: skip

    def details(self) -> IssuerDetails:
        """Return what was told."""
        told = self.cleaned_data
        return {"name": told["name"], "issuer": told["issuer"], "jwks_url": told["jwks_url"], "keys": told["keys"]}


@dataclass(frozen=True, slots=True)
class Key:
    """A public key as it is shown: what kind, what it signs, what it is called."""

    kind: str
    algorithm: str
    id: str


@dataclass(frozen=True, slots=True)
class Issuer:
    """A trusted issuer in the list."""

    ref: str
    name: str
    issuer: str
    jwks_url: str
    keys: tuple[Key, ...]
    active: bool


@staff_may(Right.ORGANIZATION_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: StaffRequest) -> HttpResponse:
    """The origins, to be changed, and the issuers."""
    staff = request.staff
    club = staff.organization
    form = OriginsForm(answers.sent(request), initial=_first_values(club))
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data["allowed_origins"].split()
        try:
            answers.carried_out(
                lambda: services.update_organization(
                    organization=club,
                    changes={"allowed_origins": typed},
                    version=form.cleaned_data["version"],
                    at=staff.at,
                    actor=staff.actor,
                )
            )
        except TesseraError as refusal:
            answers.refuse(form, refusal, present=lambda: _first_values(queries.organization_by_slug(club.slug)))
        else:
            return answers.done(request, request.path, gettext("Allowed origins saved."))
    return answers.page(
        request,
        "console/settings/embedding.html",
        section="embedding",
        status=422 if request.method == "POST" else 200,
        form=form,
        issuers=[_shown(row) for row in issuers.trusted_issuers(club)],
        audience=issuers.audience(club),
    )


@staff_may(Right.ORGANIZATION_WRITE, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def issuer_new(request: StaffRequest) -> HttpResponse:
    """Trust another issuer."""
    staff = request.staff
    back = _back(staff)
    form = IssuerForm(answers.sent(request), initial={})
    if request.method == "POST" and form.is_valid():

        def make() -> str:
            issuers.trust_issuer(organization=staff.organization, at=staff.at, actor=staff.actor, **form.details())
            return back

        try:
            answers.carried_out(lambda: once(request, make))
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            return answers.done(request, back, gettext("Its tokens are trusted from now on."))
    return _form(request, form, title=gettext("Trust an issuer"), button=gettext("Trust this issuer"))


@staff_may(Right.ORGANIZATION_WRITE, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def issuer_edit(request: StaffRequest, ref: str) -> HttpResponse:
    """Change what is said of an issuer."""
    staff = request.staff
    row = issuers.issuer_by_id(staff.organization, ref)
    form = IssuerForm(answers.sent(request), initial=_issuer_values(row))
    if request.method == "POST" and form.is_valid():
        try:
            answers.carried_out(
                lambda: issuers.update_issuer(
                    row=row, version=form.cleaned_data["version"], at=staff.at, actor=staff.actor, **form.details()
                )
            )
        except TesseraError as refusal:
            present = lambda: _issuer_values(issuers.issuer_by_id(staff.organization, ref))  # noqa: E731
            answers.refuse(form, refusal, present=present)
        else:
            return answers.done(request, _back(staff), gettext("Issuer saved."))
    return _form(request, form, title=gettext("Edit %(name)s") % {"name": row.name}, button=gettext("Save the issuer"))


@staff_may(Right.ORGANIZATION_WRITE, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def issuer_switch(request: StaffRequest, ref: str) -> HttpResponse:
    """Have an issuer's tokens count no longer, or again."""
    staff = request.staff
    row = issuers.issuer_by_id(staff.organization, ref)
    if request.method == "POST":
        wanted = request.POST.get("active") == "yes"
        answers.carried_out(lambda: issuers.switch_issuer(issuer=row, active=wanted, at=staff.at, actor=staff.actor))
        said = gettext("%(name)s is trusted again.") if wanted else gettext("%(name)s is trusted no longer.")
        return answers.done(request, _back(staff), said % {"name": row.name})
    if row.active:
        title, button = gettext("Switch %(name)s off"), gettext("Switch it off")
        sentences = [
            gettext("From now on its tokens sign nobody in: visitors of the site are asked for a code by e-mail."),
            gettext("Whom it signed in is signed out. It can be switched on again, with the same keys."),
        ]
    else:
        title, button = gettext("Switch %(name)s on"), gettext("Switch it on")
        sentences = [gettext("From now on its tokens sign its visitors in again.")]
    return _ask(request, row, title % {"name": row.name}, button, sentences, active="" if row.active else "yes")


@staff_may(Right.ORGANIZATION_WRITE, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def issuer_forget(request: StaffRequest, ref: str) -> HttpResponse:
    """Remove an issuer with its keys."""
    staff = request.staff
    row = issuers.issuer_by_id(staff.organization, ref)
    if request.method == "POST":
        answers.carried_out(lambda: issuers.forget_issuer(issuer=row, at=staff.at, actor=staff.actor))
        return answers.done(request, _back(staff), gettext("%(name)s is removed.") % {"name": row.name})
    sentences = [
        gettext("From now on its tokens sign nobody in, and its keys are forgotten."),
        gettext("Whom it signed in is signed out, and customers it has brought stay customers."),
    ]
    return _ask(
        request,
        row,
        gettext("Remove %(name)s") % {"name": row.name},
        gettext("Remove the issuer"),
        sentences,
        hurts=True,
    )


@staff_may(Right.ORGANIZATION_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def issuer_test(request: StaffRequest) -> HttpResponse:
    """Ask for the keys at the address that is being typed, and say what comes back. Changes nothing."""
    if request.method != "POST":
        return answers.go(request, _back(request.staff))
    url = request.POST.get("jwks_url", "").strip()
    said, good = gettext("Type the address of its keys first."), False
    if url:
        try:
            found = issuers.published(url)
        except TesseraError as refusal:
            said = sentence(refusal.detail)
        else:
            many = len(found.keys)
            kinds = joined([described(key) for key in found.keys])
            said = ngettext(
                "%(many)s key can be used: %(kinds)s. The answer took %(ms)s ms.",
                "%(many)s keys can be used: %(kinds)s. The answer took %(ms)s ms.",
                many,
            ) % {"many": many, "kinds": kinds, "ms": found.milliseconds}
            good = True
    template = "console/settings/_tested.html" if request.htmx else "console/settings/issuer_tested.html"
    return answers.page(request, template, section="embedding", said=said, good=good, back=_back(request.staff))


def _form(request: StaffRequest, form: IssuerForm, **context: object) -> HttpResponse:
    staff = request.staff
    return answers.page(
        request,
        "console/settings/issuer.html",
        section="embedding",
        status=422 if request.method == "POST" else 200,
        form=form,
        action=request.path,
        back=_back(staff),
        audience=issuers.audience(staff.organization),
        test_url=reverse("console:issuer_test", args=[staff.organization.slug]),
        **context,
    )


def _ask(
    request: StaffRequest, row: TrustedIssuer, title: str, button: str, sentences: list[str], **context: Any
) -> HttpResponse:
    return answers.drawer(
        request,
        "console/settings/issuer_ask.html",
        section="embedding",
        issuer=row.issuer,
        title=title,
        button=button,
        sentences=sentences,
        action=request.path,
        back=_back(request.staff),
        **context,
    )


def _shown(row: TrustedIssuer) -> Issuer:
    keys = tuple(Key(described(key), key["alg"], key["kid"]) for key in row.keys)
    return Issuer(ids.to_text(Prefix.TRUSTED_ISSUER, row.pk), row.name, row.issuer, row.jwks_url, keys, row.active)


def _first_values(club: Organization) -> dict[str, Any]:
    return {"allowed_origins": "\n".join(club.allowed_origins), "version": club.version}


def _issuer_values(row: TrustedIssuer) -> dict[str, Any]:
    return {
        "name": row.name,
        "issuer": row.issuer,
        "jwks_url": row.jwks_url,
        "keys": issuers.keys_text(row),
        "version": row.version,
    }


def _back(staff: Member) -> str:
    return reverse("console:embedding", args=[staff.organization.slug])

"""The danger zone: what breaks for everybody at once, and what cannot be undone. Each says what, before it happens."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.core import clock
from tessera.core.errors import TesseraError
from tessera.lifecycle.extent import Extent, extent
from tessera.organizations import danger, queries
from tessera.organizations.formatting import Formats
from tessera.organizations.rights import Right


class SlugForm(forms.Form):
    slug = forms.CharField(
        label=_("Address"), max_length=60,
        help_text=_("2 to 60 lower-case letters, digits and single hyphens."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}),
    )  # fmt: skip


class DeleteForm(forms.Form):
    typed = forms.CharField(
        label=_("Type its name to delete it"), max_length=200,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )  # fmt: skip
    understood = forms.BooleanField(
        label=_("Whoever needs something of it has it already"),
        help_text=_("Nothing of it comes back, unless an operator restores a backup of the whole installation."),
        error_messages={"required": _("Export what is needed first, then tick this.")},
    )


@staff_may(Right.ORGANIZATION_DANGER)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """What can be done, each with a link to where it asks."""
    club = request.staff.organization
    working = [row for row in queries.keys_of(club) if row.revoked_at is None]
    return answers.page(request, "console/settings/danger.html", section="danger", many_keys=len(working))


@staff_may(Right.ORGANIZATION_DANGER)
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: StaffRequest) -> HttpResponse:
    """Give the organization another address."""
    staff = request.staff
    club = staff.organization
    form = SlugForm(answers.sent(request), initial={"slug": club.slug})
    if request.method == "POST" and form.is_valid():
        try:
            changed = answers.carried_out(
                lambda: danger.change_slug(
                    organization=club, slug=form.cleaned_data["slug"], at=staff.at, actor=staff.actor
                )
            )
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            back = reverse("console:danger", args=[changed.slug])
            return answers.done(request, back, gettext("The organization is at %(slug)s now.") % {"slug": changed.slug})
    return answers.drawer(
        request,
        "console/settings/danger_address.html",
        section="danger",
        status=422 if request.method == "POST" else 200,
        form=form,
        base=f"{settings.BASE_URL}/console/",
        action=request.path,
        back=reverse("console:danger", args=[club.slug]),
    )


@staff_may(Right.ORGANIZATION_DANGER)
@require_http_methods(["GET", "HEAD", "POST"])
def revoke_keys(request: StaffRequest) -> HttpResponse:
    """Revoke every API key."""
    staff = request.staff
    club = staff.organization
    back = reverse("console:danger", args=[club.slug])
    if request.method == "POST":
        many = answers.carried_out(
            lambda: danger.revoke_all_keys(organization=club, real_at=clock.now(), at=staff.at, actor=staff.actor)
        )
        said = ngettext("%(many)s key is revoked.", "%(many)s keys are revoked.", many) % {"many": many}
        return answers.done(request, back, said)
    rows = [row for row in queries.keys_of(club) if row.revoked_at is None]
    return answers.drawer(
        request, "console/settings/danger_keys.html", section="danger", keys=rows, action=request.path, back=back
    )


@staff_may(Right.ORGANIZATION_DANGER)
@require_http_methods(["GET", "HEAD", "POST"])
def sign_out_all(request: StaffRequest) -> HttpResponse:
    """Sign every staff member out, whoever asks too."""
    staff = request.staff
    club = staff.organization
    if request.method == "POST":
        answers.carried_out(lambda: danger.sign_everybody_out(organization=club, at=staff.at, actor=staff.actor))
        request.session.flush()
        there = reverse("console:signin")
        return HttpResponseClientRedirect(there) if request.htmx else redirect(there)
    people = [row for row in queries.staff_of(club) if not row.disabled]
    return answers.drawer(
        request,
        "console/settings/danger_sign_out.html",
        section="danger",
        many=len(people),
        action=request.path,
        back=reverse("console:danger", args=[club.slug]),
    )


@staff_may(Right.ORGANIZATION_DANGER)
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: StaffRequest) -> HttpResponse:
    """Delete the organization with everything it has. It is shut at once; a worker removes what there is."""
    staff = request.staff
    club = staff.organization
    form = DeleteForm(answers.sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            answers.carried_out(
                lambda: danger.begin_deletion(
                    organization=club,
                    typed=form.cleaned_data["typed"],
                    real_at=clock.now(),
                    at=staff.at,
                    actor=staff.actor,
                )
            )
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            messages.success(request, gettext("%(name)s is closed, and is being deleted.") % {"name": club.name})
            return answers.go(request, reverse("console:start"))
    return answers.page(
        request,
        "console/settings/danger_delete.html",
        section="danger",
        status=422 if request.method == "POST" else 200,
        form=form,
        amounts=_amounts(extent(club), Formats.of(club)),
        action=request.path,
        back=reverse("console:danger", args=[club.slug]),
    )


def _amounts(found: Extent, formats: Formats) -> list[str]:
    """Return what would be lost, in words, without what there is none of."""
    said = [
        (found.customers, ngettext("%(many)s customer", "%(many)s customers", found.customers)),
        (found.companies, ngettext("%(many)s company", "%(many)s companies", found.companies)),
        (found.memberships, ngettext("%(many)s membership", "%(many)s memberships", found.memberships)),
        (found.running, ngettext("of which %(many)s is running", "of which %(many)s are running", found.running)),
        (found.plans, ngettext("%(many)s plan", "%(many)s plans", found.plans)),
        (found.pictures, ngettext("%(many)s photo or logo", "%(many)s photos and logos", found.pictures)),
        (found.events, ngettext("%(many)s line of what happened", "%(many)s lines of what happened", found.events)),
        (found.keys, ngettext("%(many)s API key", "%(many)s API keys", found.keys)),
        (found.staff, ngettext("%(many)s staff member", "%(many)s staff members", found.staff)),
    ]
    return [text % {"many": formats.number(many)} for many, text in said if many]

"""Signing up, from the side of staff: open or closed, terms, what is asked; and how a plan comes on to a website."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.console.conflicts import VersionedForm
from tessera.core.errors import TesseraError
from tessera.memberships.capacity import places_taken
from tessera.organizations.formatting import Formats
from tessera.organizations.models import Organization
from tessera.organizations.rights import Right
from tessera.people.queries import customer_by_ref
from tessera.plans import queries as plans
from tessera.plans.types import Audience, Visibility
from tessera.signup import queries, setting_up
from tessera.signup.queries import AnswerFacts, SettingsFacts
from tessera.signup.types import AskPhone, Kind


class SignupForm(VersionedForm):
    """How people may join by themselves."""

    closed = forms.BooleanField(
        label=_("Closed for now"), required=False,
        help_text=_("Nobody can join on line. Who has a membership keeps it; staff assign plans as before."),
    )  # fmt: skip
    closed_sentence = forms.CharField(
        label=_("What is said then"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Such as: We take new members again in March."),
    )  # fmt: skip
    terms_url = forms.CharField(
        label=_("Link to your terms"), max_length=2000, required=False,
        help_text=_("A page of yours. Whoever joins accepts them."), widget=forms.URLInput(),
    )  # fmt: skip
    terms_text = forms.CharField(
        label=_("Or the terms themselves"), max_length=50_000, required=False, widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("Each change is a new version. Which one somebody accepted, and when, stands on their page."),
    )  # fmt: skip
    privacy_url = forms.CharField(
        label=_("Link to your privacy notice"), max_length=2000, required=False, widget=forms.URLInput()
    )
    ask_phone = forms.ChoiceField(
        label=_("Phone number"),
        choices=[
            (AskPhone.NO.value, _("Not asked for")),
            (AskPhone.OPTIONAL.value, _("Asked for, can be left out")),
            (AskPhone.REQUIRED.value, _("Needed")),
        ],
    )
    welcome = forms.CharField(
        label=_("Welcome"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What is said right after joining. Such as: Come by any day and have your photo taken."),
    )  # fmt: skip
    powered_by = forms.BooleanField(label=_("Say “Powered by Tessera” below"), required=False)


@dataclass(frozen=True, slots=True)
class Snippet:
    """Something to be copied into a website: what it is, and why one would take it."""

    name: str
    help: str
    text: str


@staff_may(Right.ORGANIZATION_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: StaffRequest) -> HttpResponse:
    """How people may join, and what is asked of them."""
    staff = request.staff
    club = staff.organization
    present = queries.settings_of(club)
    form = SignupForm(answers.sent(request), initial=_first_values(present))
    if request.method == "POST" and form.is_valid():
        told = {name: value for name, value in form.cleaned_data.items() if name not in ("version", "base")}
        told["ask_phone"] = AskPhone(told["ask_phone"])
        try:
            answers.carried_out(
                lambda: setting_up.update_settings(
                    organization=club, at=staff.at, actor=staff.actor, version=form.cleaned_data["version"], **told
                )
            )
        except TesseraError as refusal:
            answers.refuse(form, refusal, present=lambda: _first_values(queries.settings_of(club)))
        else:
            return answers.done(request, request.path, gettext("Saved."))
    asked = queries.questions(club, archived=None)
    return answers.page(
        request,
        "console/settings/signup.html",
        section="signup",
        status=422 if request.method == "POST" else 200,
        form=form,
        questions=[each for each in asked if each.archived_at is None],
        archived=[each for each in asked if each.archived_at is not None],
        plan_names=dict(plans.plan_names(club, most=500)),
        terms=present.terms,
        join_url=_url("join:chooser", club),
    )


@staff_may(Right.PLANS_READ)
@require_safe
def plan(request: StaffRequest, ref: str) -> HttpResponse:
    """How a plan comes on to a website: what to copy there, how it looks, and whether it will work."""
    staff = request.staff
    club = staff.organization
    row = plans.plan_by_id(club, ref)
    present = queries.settings_of(club)
    return answers.page(
        request,
        "console/plans/signup.html",
        section="plans",
        plan=row,
        reference=ref,
        snippets=snippets(club, ref, row.name),
        link=_url("join:plan", club, ref),
        preview=reverse("join:plan", args=[club.slug, ref]),
        check=f"/embed/{club.slug}/check?plan={ref}",
        obstacles=_obstacles(row.visibility, row.audience, archived=row.archived_at is not None, settings=present),
        unlisted=row.visibility == Visibility.UNLISTED,
        taken=places_taken(row, staff.at) if row.capacity is not None else None,
        origins=club.allowed_origins,
    )


@staff_may(Right.CUSTOMERS_READ)
@require_safe
def told(request: StaffRequest, ref: str) -> HttpResponse:
    """What a customer has answered and agreed to: a part of their page that comes later; without script a page."""
    staff = request.staff
    row = customer_by_ref(staff.organization, ref)
    formats = staff.formats
    return answers.page(
        request,
        "console/customers/_told.html" if request.htmx else "console/customers/told.html",
        section="customers",
        customer=row,
        reference=ref,
        answers=[(each, _shown(each, formats)) for each in queries.answers_of(row)],
        acceptances=queries.acceptances_of(row),
    )


def _shown(answer: AnswerFacts, formats: Formats) -> str:
    if answer.kind is Kind.CONSENT:
        return gettext("Agreed") if answer.agreed else gettext("Not agreed")
    if answer.kind is Kind.DATE and answer.value:
        return formats.day(date.fromisoformat(answer.value))
    return answer.value


def snippets(club: Organization, ref: str, name: str) -> list[Snippet]:
    """Return what is copied into a website, best first. The name of a plan is text there, whatever is in it."""
    base, title = settings.BASE_URL, escape(name)
    page, frame = _url("join:plan", club, ref), _url("embed:plan", club, ref)
    script = (
        f'<div class="tessera-membership"><a href="{page}">{title}</a></div>\n'
        f'<script src="{base}/embed/v1.js" data-organization="{club.slug}" data-plan="{ref}" async></script>'
    )
    bare = (
        f'<iframe src="{frame}" title="{title}" width="100%" height="720" style="border:0"'
        ' allow="publickey-credentials-get"></iframe>'
    )
    return [
        Snippet(
            gettext("Script"),
            gettext(
                "Where your site builder takes scripts. The frame grows with what is in it and looks like your site."
            ),
            script,
        ),
        Snippet(gettext("Frame"), gettext("Where it takes frames only."), bare),
        Snippet(gettext("Link"), gettext("Works everywhere: in mails, on posters, in menus."), page),
    ]


def _obstacles(visibility: str, audience: str, *, archived: bool, settings: SettingsFacts) -> list[str]:
    """Return why nobody can join the plan now, in sentences."""
    found = []
    if archived:
        found.append(gettext("The plan is archived."))
    if visibility == Visibility.PRIVATE:
        found.append(gettext("The plan is for staff only: let it be seen by everybody, or by whoever has the link."))
    if audience == Audience.COMPANIES:
        found.append(gettext("The plan is for companies, and those are assigned by staff."))
    if settings.closed:
        found.append(gettext("Signing up is closed in the settings."))
    return found


def _url(name: str, club: Organization, *args: str) -> str:
    return f"{settings.BASE_URL}{reverse(name, args=[club.slug, *args])}"


def _first_values(present: SettingsFacts) -> dict[str, Any]:
    return {
        "closed": present.closed,
        "closed_sentence": present.closed_sentence,
        "terms_url": present.terms.url if present.terms else "",
        "terms_text": present.terms.text if present.terms else "",
        "privacy_url": present.privacy_url,
        "ask_phone": present.ask_phone.value,
        "welcome": present.welcome,
        "powered_by": present.powered_by,
        "version": present.version,
    }

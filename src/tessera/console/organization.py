"""The organization itself: what it is called, where and in which language it is; and what it grants those who are late.

Whoever saves over somebody else's change sees both versions.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any, Final
from zoneinfo import available_timezones

from babel import Locale
from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from tessera.console import answers
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.conflicts import VersionedForm
from tessera.core.errors import TesseraError
from tessera.memberships.calendar import LEAST_GRACE_DAYS
from tessera.memberships.coming import Reached, reached_by_policy
from tessera.organizations import queries, services
from tessera.organizations.models import Organization
from tessera.organizations.rights import Right

_LOCALES: Final = (
    *("ar-AE", "bg-BG", "ca-ES", "cs-CZ", "da-DK", "de-AT", "de-CH", "de-DE", "el-GR", "en-AU", "en-CA", "en-GB"),
    *("en-IE", "en-IN", "en-NZ", "en-SG", "en-US", "en-ZA", "es-AR", "es-ES", "es-MX", "et-EE", "eu-ES", "fi-FI"),
    *("fr-BE", "fr-CA", "fr-CH", "fr-FR", "ga-IE", "gl-ES", "he-IL", "hi-IN", "hr-HR", "hu-HU", "id-ID", "is-IS"),
    *("it-CH", "it-IT", "ja-JP", "ko-KR", "lt-LT", "lv-LV", "mt-MT", "nb-NO", "nl-BE", "nl-NL", "pl-PL", "pt-BR"),
    *("pt-PT", "ro-RO", "sk-SK", "sl-SI", "sr-RS", "sv-SE", "th-TH", "tr-TR", "uk-UA", "vi-VN", "zh-CN", "zh-TW"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """An address that other people or programs use."""

    label: str
    address: str
    help: str


class OrganizationForm(VersionedForm):
    """What can be changed at any time."""

    name = forms.CharField(label=_("Name"), max_length=200)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("Its days begin and end by this clock: last days, reminders, when terms begin."),
        widget=forms.Select(attrs={"data-choosing": ""}),
    )
    locale = forms.ChoiceField(
        label=_("Language and region"),
        help_text=_("How dates, money and names are written, and the language of mails to whoever has none."),
        widget=forms.Select(attrs={"data-choosing": ""}),
    )
    contact_email = forms.CharField(
        label=_("Contact e-mail"), max_length=254, required=False,
        help_text=_("Where answers to its mails go, such as hello@club.example."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, *args: Any, club: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = _zones(club.time_zone)  # type: ignore[attr-defined]
        self.fields["locale"].choices = _locales(club.locale, get_language() or "en")  # type: ignore[attr-defined]


class PolicyForm(VersionedForm):
    """What happens around the end of a term."""

    grace_days = forms.IntegerField(
        label=_("Days of grace"), min_value=0, max_value=365,
        help_text=_("How long an unpaid renewal goes on granting. At least one: payments take hours."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    reminder_days = forms.IntegerField(
        label=_("Days of notice"), min_value=0, max_value=60,
        help_text=_("How long before the end of a term its holder is reminded. 0: nobody is."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip


@staff_may(Right.ORGANIZATION_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def organization(request: StaffRequest) -> HttpResponse:
    """What the organization is, and the addresses it has."""
    staff = request.staff
    club = staff.organization
    form = OrganizationForm(answers.sent(request), initial=_first_values(club), club=club)
    if request.method == "POST" and form.is_valid():
        names = ("name", "time_zone", "locale", "contact_email")
        saved = _saved(staff, form, {name: form.cleaned_data[name] for name in names})
        if saved:
            return answers.done(request, request.path, gettext("Saved."))
    return answers.page(
        request,
        "console/settings/organization.html",
        section="organization",
        status=422 if request.method == "POST" else 200,
        form=form,
        places=places(club),
    )


@staff_may(Right.ORGANIZATION_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: StaffRequest) -> HttpResponse:
    """Grace and reminders, with what they come to on an example."""
    staff = request.staff
    club = staff.organization
    form = PolicyForm(answers.sent(request), initial=_first_values(club))
    if request.method == "POST" and form.is_valid():
        names = ("grace_days", "reminder_days")
        if _saved(staff, form, {name: form.cleaned_data[name] for name in names}):
            return answers.done(request, request.path, gettext("Policy saved."))
    return answers.page(
        request,
        "console/settings/policy.html",
        section="policy",
        status=422 if request.method == "POST" else 200,
        form=form,
        sentences=_example(request, _days(form, "grace_days"), _days(form, "reminder_days")),
    )


@staff_may(Right.ORGANIZATION_WRITE)
@require_safe
def policy_example(request: StaffRequest) -> HttpResponse:
    """What the days that are being typed would come to."""
    form = PolicyForm(request.GET, initial=_first_values(request.staff.organization))
    form.is_valid()
    sentences = _example(request, _days(form, "grace_days"), _days(form, "reminder_days"))
    return answers.page(request, "console/settings/_example.html", section="policy", sentences=sentences)


def places(club: Organization) -> list[Place]:
    """Return the addresses under which the organization is reached."""
    base = settings.BASE_URL
    return [
        Place(gettext("Staff pages"), f"{base}{reverse('console:home', args=[club.slug])}", gettext("For people.")),
        Place(gettext("API"), f"{base}/api/v1", gettext("For your programs, with a key of yours.")),
        Place(
            gettext("Access questions"),
            f"{base}/access/v1/evaluation",
            gettext("For websites and doors, by OpenID AuthZEN, with the same keys."),
        ),
    ]


def _first_values(club: Organization) -> dict[str, Any]:
    names = ("name", "time_zone", "locale", "contact_email", "grace_days", "reminder_days", "version")
    return {name: getattr(club, name) for name in names}


def _saved(staff: Member, form: VersionedForm, changes: dict[str, Any]) -> bool:
    club = staff.organization
    try:
        answers.carried_out(
            lambda: services.update_organization(
                organization=club,
                changes=changes,  # type: ignore[arg-type]  # names of the form are names of the record
                version=form.cleaned_data["version"],
                at=staff.at,
                actor=staff.actor,
            )
        )
    except TesseraError as refusal:
        answers.refuse(form, refusal, present=lambda: _first_values(queries.organization_by_slug(club.slug)))
        return False
    return True


def _days(form: PolicyForm, name: str) -> int | None:
    """Return what the form says, if it can be; None if it is being mended."""
    if not form.is_bound:
        return int(form.initial[name])
    days: int | None = form.cleaned_data.get(name)
    return days


def _example(request: StaffRequest, grace: int | None, notice: int | None) -> list[str]:
    """Say what the days mean, on a term that ends in a month, and whom a change reaches."""
    staff, club = request.staff, request.staff.organization
    formats = replace(staff.formats, wide=True)
    last = formats.local(staff.at).date() + timedelta(days=30)
    end = last + timedelta(days=1)
    ended = formats.day(last, near=staff.at)
    sentences = []
    if notice:
        day = formats.day(end - timedelta(days=notice), near=staff.at)
        sentences.append(
            gettext("A term whose last day is %(last)s: its holder is reminded on %(day)s.")
            % {"last": ended, "day": day}
        )
    elif notice == 0:
        sentences.append(gettext("A term whose last day is %(last)s: nobody is reminded.") % {"last": ended})
    if grace is not None:
        day = formats.day(end + timedelta(days=max(grace, LEAST_GRACE_DAYS) - 1), near=staff.at)
        sentences.append(
            gettext("Not paid by then, it goes on granting in grace, and %(day)s is its last day.") % {"day": day}
        )
    return [*sentences, _reach(reached_by_policy(club, at=staff.at))]


def _reach(reached: Reached) -> str:
    if not reached.grace:
        return gettext(
            "No running membership renews by payment. Terms that are booked keep what they were booked with."
        )
    return ngettext(
        "%(many)s running membership takes up a change with its next term. Until then it keeps the days it was"
        " booked with.",
        "%(many)s running memberships take up a change, each with its next term. Until then they keep the days they"
        " were booked with.",
        reached.grace,
    ) % {"many": reached.grace}


@cache
def _zone_names() -> tuple[str, ...]:
    return tuple(sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")))


def _zones(present: str) -> list[tuple[str, str]]:
    names = _zone_names() if present in _zone_names() else (present, *_zone_names())
    return [("UTC", "UTC"), *((name, name.replace("_", " ").replace("/", " / ")) for name in names if name != "UTC")]


@cache
def _locales(present: str, language: str) -> list[tuple[str, str]]:
    spoken = Locale.parse(language, sep="-")
    codes = _LOCALES if present in _LOCALES else (present, *_LOCALES)
    named = [(code, Locale.parse(code, sep="-").get_display_name(spoken) or code) for code in codes]
    return sorted(named, key=lambda each: each[1].casefold())

"""Webhook endpoints as forms: an address, what it is told, and how much of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tessera.console import words
from tessera.console.conflicts import VersionedForm
from tessera.events.types import EventType
from tessera.webhooks.queries import EndpointFacts
from tessera.webhooks.types import EndpointDetails, Payload

EVERYTHING, CHOSEN = "everything", "chosen"
# What people want to be told of comes first.
_FIRST = ("membership", "customer", "company", "affiliation", "plan", "price", "permission")
_CALLED = {
    "affiliation": _("Who belongs to companies"),
    "api_key": _("API keys"),
    "bulk_run": _("Many customers at once"),
    "company": _("Companies"),
    "customer": _("Customers"),
    "export": _("Exports"),
    "import": _("Imports"),
    "job": _("Jobs that were given up"),
    "membership": _("Memberships"),
    "note": _("Notes"),
    "organization": _("The organization"),
    "permission": _("Permissions"),
    "plan": _("Plans"),
    "price": _("Prices"),
    "question": _("Questions of signing up"),
    "questions": _("Answers of who joins"),
    "saved_view": _("Saved views"),
    "signing_key": _("Keys that sign tokens"),
    "signup_settings": _("Signing up"),
    "staff": _("Staff"),
    "terms": _("Terms accepted"),
    "trusted_issuer": _("Trusted issuers"),
    "webhook_endpoint": _("Webhooks"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A checkbox: what it is called, what it stands for, and whether it is ticked."""

    value: str
    label: str
    ticked: bool


@dataclass(frozen=True, slots=True)
class Noun:
    """All that can happen to one kind of thing. `whole` stands for all of it, what is yet to come too."""

    name: str
    whole: Choice
    types: tuple[Choice, ...]


def _nouns() -> dict[str, list[EventType]]:
    """All event types by their nouns, those that matter most first."""
    found: dict[str, list[EventType]] = {noun: [] for noun in _FIRST}
    for each in EventType:
        found.setdefault(each.partition(".")[0], []).append(each)
    return found


def _names() -> list[str]:
    return [*(f"{noun}.*" for noun in _nouns()), *EventType]


class EndpointForm(VersionedForm):
    """Where messages go and what they are about."""

    url = forms.CharField(
        label=_("Address"), max_length=2_000, help_text=_("Such as https://club.example/webhooks"),
        widget=forms.URLInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )  # fmt: skip
    description = forms.CharField(
        label=_("What it is"), max_length=500, required=False, help_text=_("For your own eyes: The club's website.")
    )
    payload = forms.ChoiceField(
        label=_("Messages"),
        choices=[
            (Payload.THIN.value, _("Name what has changed: no personal data leaves here")),
            (Payload.FULL.value, _("Show what has changed, names and e-mail addresses too")),
        ],
        widget=forms.RadioSelect,
        initial=Payload.THIN.value,
    )
    told = forms.ChoiceField(
        label=_("It is told"),
        choices=[(EVERYTHING, _("Everything that happens")), (CHOSEN, _("What is ticked below"))],
        widget=forms.RadioSelect,
        initial=EVERYTHING,
    )
    event_types = forms.MultipleChoiceField(
        label=_("What is ticked"), required=False, choices=lambda: [(name, name) for name in _names()]
    )

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if told.get("told") == CHOSEN and not told.get("event_types") and "event_types" not in self.errors:
            self.add_error("told", gettext("Tick what it should be told, or choose everything."))
        return told

    def details(self) -> EndpointDetails:
        """Return what was told. A noun that is ticked whole stands for its types."""
        told = self.cleaned_data
        names = told["event_types"] if told["told"] == CHOSEN else []
        whole = {name.partition(".")[0] for name in names if name.endswith(".*")}
        kept = [name for name in names if name.endswith(".*") or name.partition(".")[0] not in whole]
        return {
            "url": told["url"],
            "description": told["description"],
            "payload": Payload(told["payload"]),
            "event_types": kept,
        }

    def nouns(self) -> Iterator[Noun]:
        """Yield what can be ticked."""
        ticked = set(self["event_types"].value() or ())
        for noun, types in _nouns().items():
            yield Noun(
                name=str(_CALLED[noun]),
                whole=Choice(f"{noun}.*", gettext("All of these"), f"{noun}.*" in ticked),
                types=tuple(
                    Choice(each.value, words.happened(each, plan="", other="")[0], each.value in ticked)
                    for each in types
                ),
            )


def first_values(known: EndpointFacts) -> dict[str, Any]:
    """Return what the form says of an endpoint before it is changed."""
    return {
        "url": known.url,
        "description": known.description,
        "payload": known.payload.value,
        "told": CHOSEN if known.event_types else EVERYTHING,
        "event_types": list(known.event_types),
        "version": known.version,
    }


class RotateForm(forms.Form):
    """How long both secrets sign."""

    overlap_hours = forms.TypedChoiceField(
        label=_("The old secret signs too"),
        choices=[
            (0, _("No longer: from now on only the new one counts")),
            (1, _("For an hour")),
            (24, _("For a day")),
            (168, _("For a week")),
        ],
        coerce=int,
        initial=24,
        widget=forms.RadioSelect,
    )


class MomentInput(forms.DateTimeInput):
    """A day and time, in the browser's own field for it."""

    input_type = "datetime-local"


class ReplayForm(forms.Form):
    """Which messages are sent again."""

    begin = forms.ChoiceField(
        label=_("Send again"),
        choices=[("since", _("What happened since")), ("number", _("Events by their numbers"))],
        widget=forms.RadioSelect,
        initial="since",
    )
    since = forms.DateTimeField(
        label=_("Since"), required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=MomentInput(format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": _("Write a day and time like 2026-03-31T14:05.")},
    )  # fmt: skip
    from_sequence = forms.IntegerField(label=_("First number"), required=False, min_value=1, max_value=2**63 - 1)
    to_sequence = forms.IntegerField(
        label=_("Last number"), required=False, min_value=1, max_value=2**63 - 1, help_text=_("Empty: up to now.")
    )
    arrived_too = forms.BooleanField(
        label=_("What has arrived, too"), required=False,
        help_text=_("Otherwise only what did not arrive, or was never sent."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        needed = "since" if told.get("begin") == "since" else "from_sequence"
        if told.get(needed) is None and needed not in self.errors:
            self.add_error(needed, gettext("Say where to begin."))
        return told

    def asked(self) -> dict[str, Any]:
        """Return what was told, in the words of `replaying.replay`."""
        told = self.cleaned_data
        by_number = told["begin"] == "number"
        return {
            "from_sequence": told["from_sequence"] if by_number else None,
            "to_sequence": told["to_sequence"] if by_number else None,
            "since": None if by_number else told["since"],
            "undelivered_only": not told["arrived_too"],
        }


class EnableForm(forms.Form):
    """Whether what was missed is sent, too."""

    missed_too = forms.BooleanField(
        label=_("Send what happened meanwhile, too"), required=False, initial=True,
        help_text=_("Every event since it was turned off that it wants."),
    )  # fmt: skip

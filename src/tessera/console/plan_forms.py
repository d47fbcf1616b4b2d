"""Plans, prices and permissions as forms."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tessera.console.choices import lines
from tessera.console.conflicts import VersionedForm
from tessera.core import money
from tessera.core.errors import TesseraError
from tessera.core.periods import Interval
from tessera.organizations.formatting import sentence
from tessera.plans.queries import PermissionFacts, PlanFacts, PriceFacts
from tessera.plans.types import Audience, Billing, PlanDetails, PriceTerms, Rule, Target, Visibility

_NOBODY: Final = UUID(int=0)
REFUSED_PLAN = {"cycle": "cycle_start", "prices/0/amount": "amount", "prices/0": "interval"}


class PriceForm(forms.Form):
    """What a price asks for what. Amounts are typed as decimals, in the organization's currency."""

    amount = forms.CharField(
        label=_("Price"), max_length=24, widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text=_("0 is free."),
    )  # fmt: skip
    billing = forms.ChoiceField(
        label=_("Billed"),
        choices=[
            (Billing.RECURRING.value, _("Again and again")),
            (Billing.ONCE.value, _("Once, for one period")),
            (Billing.OPEN.value, _("Once, without an end")),
        ],
        initial=Billing.RECURRING.value,
    )
    interval_count = forms.IntegerField(label=_("Every"), min_value=1, max_value=36_500, initial=1)
    interval = forms.ChoiceField(
        label=_("Period"),
        choices=[("day", _("days")), ("week", _("weeks")), ("month", _("months")), ("year", _("years"))],
        initial="month",
    )
    trial_days = forms.IntegerField(
        label=_("Trial"), min_value=0, max_value=730, initial=0, help_text=_("Days; 0: none."), required=False
    )
    joining_fee = forms.CharField(
        label=_("Joining fee"), max_length=24, required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )

    def __init__(self, *args: Any, currency: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.currency = currency

    def clean_amount(self) -> int:
        return self._amount("amount")

    def clean_joining_fee(self) -> int:
        return self._amount("joining_fee") if self.cleaned_data["joining_fee"] else 0

    def _amount(self, name: str) -> int:
        try:
            return money.parse_amount(self.cleaned_data[name], self.currency)
        except TesseraError as refusal:
            raise forms.ValidationError(sentence(refusal.detail)) from refusal

    def facts_so_far(self, at: datetime) -> PriceFacts | None:
        """Return the price as it would be if it were made at `at`; None if what has been told cannot be read yet."""
        if not self.is_bound or not self.is_valid():
            return None
        terms = self.terms()
        return PriceFacts(
            id=_NOBODY,
            plan_id=_NOBODY,
            amount_minor=terms.amount_minor,
            joining_fee_minor=terms.joining_fee_minor,
            currency=self.currency,
            billing=terms.billing,
            interval=terms.interval,
            interval_count=terms.interval_count,
            trial_days=terms.trial_days,
            active=True,
            created_at=at,
        )

    def terms(self) -> PriceTerms:
        """Return what was told; an open-ended price has no interval."""
        told = self.cleaned_data
        billing = Billing(told["billing"])
        ends = billing is not Billing.OPEN
        return PriceTerms(
            amount_minor=told["amount"],
            billing=billing,
            interval=Interval(told["interval"]) if ends else None,
            interval_count=told["interval_count"] if ends else 1,
            trial_days=told["trial_days"] or 0,
            joining_fee_minor=told["joining_fee"],
        )


class PlanForm(VersionedForm):
    """What a plan is, who may hold it and what it grants."""

    name = forms.CharField(label=_("Name"), max_length=200)
    description = forms.CharField(
        label=_("Description"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    audience = forms.ChoiceField(
        label=_("For"),
        choices=[
            (Audience.CUSTOMERS.value, _("Customers")),
            (Audience.COMPANIES.value, _("Companies and their people")),
            (Audience.BOTH.value, _("Both")),
        ],
        initial=Audience.BOTH.value,
    )
    visibility = forms.ChoiceField(
        label=_("Seen by"),
        choices=[
            (Visibility.PUBLIC.value, _("Everybody")),
            (Visibility.UNLISTED.value, _("Whoever has the link")),
            (Visibility.PRIVATE.value, _("Staff only")),
        ],
        initial=Visibility.PUBLIC.value,
    )
    rule = forms.ChoiceField(
        label=_("Terms"),
        choices=[(Rule.ROLLING.value, _("Begin when they begin")), (Rule.FIXED.value, _("End with a yearly cycle"))],
        initial=Rule.ROLLING.value,
    )
    cycle_start = forms.CharField(
        label=_("Cycle begins"), max_length=5, required=False, help_text=_("Month and day, such as 09-01.")
    )
    cycle_rollover = forms.CharField(
        label=_("Next cycle from"), max_length=5, required=False,
        help_text=_("Who joins from this day on gets the next cycle, too."),
    )  # fmt: skip
    seats = forms.IntegerField(
        label=_("Seats"), required=False, min_value=1, max_value=1_000_000,
        help_text=_("Of a company. Empty: no limit."),
    )  # fmt: skip
    capacity = forms.IntegerField(
        label=_("Places"), required=False, min_value=1, max_value=1_000_000,
        help_text=_("How many can have it before signing up says it is full. Empty: no limit. Staff may go beyond it."),
    )  # fmt: skip
    revival_days = forms.IntegerField(
        label=_("Revival"), required=False, min_value=0, max_value=3650, initial=0,
        help_text=_("Days after an end in which a renewal goes on from it."),
    )  # fmt: skip
    needs_approval = forms.BooleanField(label=_("Approval needed"), required=False)
    pauses_allowed = forms.BooleanField(label=_("Can be paused"), required=False)
    pauses_extend = forms.BooleanField(label=_("A pause moves the end"), required=False)
    colour = forms.CharField(
        label=_("Colour"), max_length=7, initial="#1f5f4a", widget=forms.TextInput(attrs={"type": "color"})
    )
    permissions = forms.MultipleChoiceField(label=_("Permissions"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, permissions: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["permissions"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = list(permissions)

    def details(self) -> PlanDetails:
        """Return what was told."""
        told = self.cleaned_data
        fixed = told["rule"] == Rule.FIXED
        return {
            "name": told["name"],
            "description": told["description"],
            "audience": Audience(told["audience"]),
            "visibility": Visibility(told["visibility"]),
            "rule": Rule(told["rule"]),
            "cycle_start": told["cycle_start"] if fixed else "",
            "cycle_rollover": told["cycle_rollover"] if fixed else "",
            "seats": told["seats"],
            "capacity": told["capacity"],
            "revival_days": told["revival_days"] or 0,
            "needs_approval": told["needs_approval"],
            "pauses_allowed": told["pauses_allowed"],
            "pauses_extend": told["pauses_extend"],
            "colour": told["colour"],
            "permissions": told["permissions"],
        }


class PermissionForm(VersionedForm):
    """A permission; what it means to outside systems is typed one target a line: `enter door:main`."""

    key = forms.CharField(label=_("Key"), max_length=80, help_text=_("Never changes. Such as pool or door:main."))
    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    description = forms.CharField(label=_("Description"), max_length=2000, required=False)
    targets = forms.CharField(
        label=_("Also means"), max_length=30_000, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What doors and sites ask, one a line: enter door:main, read page:/members/*"),
    )  # fmt: skip

    def __init__(self, *args: Any, known: bool = False, **options: Any) -> None:
        """`known`: it exists, and its key with it."""
        super().__init__(*args, **options)
        if known:
            del self.fields["key"]

    def clean_targets(self) -> list[Target]:
        found = []
        for line in lines(self.cleaned_data["targets"]):
            action, _space, resource = line.partition(" ")
            kind, colon, key = resource.strip().partition(":")
            if not (action and kind and colon and key):
                told = {"line": line[:80]}
                raise forms.ValidationError(gettext("%(line)s is not written like enter door:main.") % told)
            found.append(Target(action, kind, key))
        return found


def first_permission_values(known: PermissionFacts) -> dict[str, Any]:
    """Return what the form says of a permission before it is changed."""
    targets = [f"{each.action} {each.resource_type}:{each.resource_id}" for each in known.targets]
    return {
        "name": known.name,
        "description": known.description,
        "targets": "\n".join(targets),
        "version": known.version,
    }


def first_values(known: PlanFacts) -> dict[str, Any]:
    """Return what the form says of a plan before it is changed."""
    return {
        "name": known.name,
        "description": known.description,
        "audience": known.audience.value,
        "visibility": known.visibility.value,
        "rule": known.rule.value,
        "cycle_start": known.cycle_start,
        "cycle_rollover": known.cycle_rollover,
        "seats": known.seats,
        "capacity": known.capacity,
        "revival_days": known.revival_days,
        "needs_approval": known.needs_approval,
        "pauses_allowed": known.pauses_allowed,
        "pauses_extend": known.pauses_extend,
        "colour": known.colour,
        "permissions": list(known.permissions),
        "version": known.version,
    }

"""Fields that the pages' forms share: days, and the choice among the catalogue's plans and prices."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.organizations.formatting import Formats
from tessera.organizations.models import Organization
from tessera.plans import queries as catalogue
from tessera.plans.formatting import price_text
from tessera.plans.types import Audience

_MOST_PLANS = 200
PriceChoices = list[tuple[str, list[tuple[str, str]]]]


class DayInput(forms.DateInput):
    """A day, in the browser's own field for it."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DayField(forms.DateField):
    """A day from 1900 to 9000, written 2026-03-31."""

    widget = DayInput
    default_error_messages = {"invalid": _("Write a day like 2026-03-31.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **options)

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day is not None and not 1900 <= day.year <= 9000:
            raise forms.ValidationError(_("Write a day like 2026-03-31."))
        return day


def price_choices(organization: Organization, audience: Audience, formats: Formats) -> PriceChoices:
    """Return the active prices of plans that such a holder can have, under the names of their plans."""
    found = catalogue.plans(organization, archived=False, audience=audience, limit=_MOST_PLANS).data
    return [
        (
            plan.name,
            [
                (ids.to_text(Prefix.PRICE, each.id), f"{plan.name}, {price_text(each, formats)}")
                for each in plan.prices
                if each.active
            ],
        )
        for plan in found
        if any(each.active for each in plan.prices)
    ]


def first_price(choices: PriceChoices, *, without: Collection[str] = ()) -> str:
    """Return the first price of a plan that is not called one of `without`, else the first; empty if there is none."""
    fresh = [each for each in choices if each[0] not in without] or choices
    return next((value for _plan, prices in fresh for value, _text in prices), "")


def lines(text: str) -> list[str]:
    """Return what was typed one a line, or parted by commas, without the empty ones."""
    return [each.strip() for each in text.replace(",", "\n").splitlines() if each.strip()]

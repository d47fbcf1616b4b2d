"""How a plan will look to whoever joins, from what has been typed so far, complete or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tessera.console.plan_forms import PlanForm
from tessera.organizations.formatting import Formats
from tessera.organizations.models import Organization
from tessera.plans.formatting import price_text
from tessera.plans.queries import PriceFacts


@dataclass(frozen=True, slots=True)
class Preview:
    """What a visitor sees of a plan. Prices are texts; `grants` the names of what it grants."""

    name: str
    description: str
    colour: str
    prices: list[str]
    joining_fees: list[str]
    trial_days: int
    grants: list[str]
    needs_approval: bool
    visibility: str


def of_forms(form: PlanForm, *, organization: Organization, prices: Sequence[PriceFacts | None] = ()) -> Preview:
    """Return how the plan of a form looks, with those of its prices that are offered."""
    formats = Formats.of(organization)
    told = _told(form)
    names = dict(form.fields["permissions"].choices)  # type: ignore[attr-defined]
    shown = [each for each in prices if each is not None and each.active]
    return Preview(
        name=str(told.get("name") or ""),
        description=str(told.get("description") or ""),
        colour=str(told.get("colour") or "#1f5f4a"),
        prices=[price_text(each, formats) for each in shown],
        joining_fees=[formats.money(each.joining_fee_minor, each.currency) for each in shown if each.joining_fee_minor],
        trial_days=max((each.trial_days for each in shown), default=0),
        grants=[str(names[key]) for key in told.get("permissions") or () if key in names],
        needs_approval=bool(told.get("needs_approval")),
        visibility=str(told.get("visibility") or "public"),
    )


def _told(form: PlanForm) -> dict[str, Any]:
    """Return what is typed and can be read; what cannot is left out."""
    if not form.is_bound:
        return {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    form.is_valid()
    return form.cleaned_data

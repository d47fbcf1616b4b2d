"""Asking whether somebody may, and why: one customer, one permission or question of a door, one instant."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from tessera.access import engine
from tessera.access.queries import explain
from tessera.access.types import Asked, Decision, Target
from tessera.console import answers, naming
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.picking import customer_meant, customer_named
from tessera.console.words import source_of
from tessera.core import ids, local_time
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.organizations.formatting import sentence
from tessera.organizations.rights import Right
from tessera.organizations.time import zone
from tessera.people.models import Customer


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision as it is shown. `membership` is the public id of the one that it rests on; empty if on none."""

    allow: bool
    in_grace: bool
    reason: str
    reason_text: str
    source_text: str
    plan_name: str
    membership: str
    until: datetime | None
    evaluated_at: datetime


class InstantInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class CheckForm(forms.Form):
    """Who, what and when. A question of a door is an action and a resource, and goes before the permission."""

    who = forms.CharField(label=_("Customer"), max_length=300, help_text=_("Number, e-mail, phone or name."))
    permission = forms.ChoiceField(label=_("Permission"), required=False)
    action = forms.CharField(label=_("Action"), max_length=80, required=False, help_text=_("Such as enter."))
    resource = forms.CharField(label=_("Resource"), max_length=281, required=False, help_text=_("Such as door:main."))
    moment = forms.DateTimeField(
        label=_("When"), required=False, widget=InstantInput, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        help_text=_("Empty: now."), error_messages={"invalid": _("Write a moment like 2026-03-31T14:00.")},
    )  # fmt: skip

    def __init__(self, *args: Any, permissions: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["permission"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = permissions

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        action, resource = told.get("action"), told.get("resource")
        if bool(action) != bool(resource):
            missing = "resource" if action else "action"
            self.add_error(missing, gettext("A question has both an action and a resource."))
        elif resource and not all(resource.partition(":")):
            self.add_error("resource", gettext("A resource is written type:id, such as door:main."))
        elif not resource and not told.get("permission") and "permission" not in self.errors:
            self.add_error("permission", gettext("Choose a permission, or write an action and a resource."))
        return told

    def asked(self) -> Asked:
        """Return what is asked."""
        told = self.cleaned_data
        if told["resource"]:
            kind, _colon, key = told["resource"].partition(":")
            return Target(told["action"], kind, key)
        return str(told["permission"])


@staff_may(Right.ACCESS_READ)
@require_safe
def page(request: StaffRequest) -> HttpResponse:
    """The question, and its answer explained. A decision reads; it never writes."""
    staff = request.staff
    names = sorted(naming.permissions(staff.organization).items(), key=lambda each: each[1].casefold())
    asked = any(request.GET.get(name) for name in ("who", "permission", "action", "resource"))
    ready = bool(request.GET.get("permission") or request.GET.get("resource"))
    told = _told(staff, request.GET.dict())
    form = CheckForm(told if ready else None, permissions=names, initial=told if asked else None)
    answer, customer = None, None
    if ready and form.is_valid():
        try:
            customer = customer_meant(staff.organization, form.cleaned_data["who"])
        except TesseraError as refusal:
            form.add_error("who", sentence(refusal.detail))
        else:
            answer = _answer(staff, customer, form)
    return answers.page(
        request,
        "console/check/page.html",
        section="check",
        status=422 if ready and answer is None else 200,
        form=form,
        answer=answer,
        customer=customer,
        reference=ids.to_text(Prefix.CUSTOMER, customer.pk) if customer else "",
        question=_question(form, dict(names)) if answer else "",
        has_permissions=bool(names),
    )


def _told(staff: Member, given: dict[str, str]) -> dict[str, str]:
    """Return what an address says: who by their number, as people write it, where it has their id."""
    who = given.get("who", "")
    named = customer_named(staff.organization, who) if who.startswith(f"{Prefix.CUSTOMER}_") else None
    return {**given, "who": named.number} if named else given


def _answer(staff: Member, customer: Customer, form: CheckForm) -> Answer:
    moment: datetime | None = form.cleaned_data["moment"]
    at = staff.at
    if moment is not None:
        at = local_time.first_instant(moment.replace(tzinfo=None), zone(staff.organization))
    decision = engine.decide(organization_id=staff.organization.pk, customer_id=customer.pk, asked=form.asked(), at=at)
    return _shown(decision, sentence(explain(decision, staff.organization)))


def _shown(decision: Decision, text: str) -> Answer:
    return Answer(
        decision.allow,
        decision.in_grace,
        decision.reason.value,
        text,
        source_of(decision),
        decision.plan_name,
        ids.to_text(Prefix.MEMBERSHIP, decision.membership_id) if decision.membership_id else "",
        decision.valid_until,
        decision.evaluated_at,
    )


def _question(form: CheckForm, names: dict[str, str]) -> str:
    told = form.cleaned_data
    if told["resource"]:
        return f"{told['action']} {told['resource']}"
    return names.get(told["permission"], str(told["permission"]))

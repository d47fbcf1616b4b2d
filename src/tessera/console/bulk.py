"""Doing one thing with many customers: those chosen on a page, or all that the filters let through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django import forms
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from tessera import db
from tessera.console import answers, days
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.choices import DayField, PriceChoices, first_price, price_choices
from tessera.console.once import once
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.db.foreseeing import foresee
from tessera.events.services import text
from tessera.memberships import bulk, tasks
from tessera.memberships.bulk import BulkRunNotFound
from tessera.memberships.filters import CustomerFilter
from tessera.memberships.models import BulkRun
from tessera.memberships.narrowing import customers_of
from tessera.memberships.types import BulkAction, BulkState
from tessera.organizations.formatting import sentence
from tessera.organizations.rights import Right
from tessera.people import details
from tessera.people.models import Customer
from tessera.plans import queries as catalogue
from tessera.plans.formatting import price_text
from tessera.plans.types import Audience

AT_ONCE: Final = 50  # so many are done while one waits; more go on in the background
LOOKED_AT: Final = 25  # for so many it is found out beforehand what would happen
_MOST_COUNTED: Final = 10_000
_MOST_CHOSEN: Final = 200
_MOST_REFUSALS: Final = 100


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which customers are meant: by their keys, or all that a filter lets through. `many`: None if very many."""

    keys: tuple[UUID, ...]
    which: CustomerFilter | None
    first: tuple[Customer, ...]
    many: int | None

    @property
    def together(self) -> str:
        if self.many is None:
            return gettext("more than %(count)s customers") % {"count": f"{_MOST_COUNTED:,}"}
        return ngettext("%(count)d customer", "%(count)d customers", self.many) % {"count": self.many}


class ChosenForm(forms.Form):
    """Who is meant, as the list says it: kept from the question to the answer."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.choices: PriceChoices = options.pop("choices", [])
        super().__init__(*args, **options)


class AssignForm(ChosenForm):
    """Which price, from when, until when. Without an end the price's own period counts."""

    price = forms.ChoiceField(label=_("Plan and price"))
    first_day = DayField(label=_("First day"), required=False, help_text=_("Empty: today."))
    last_day = DayField(label=_("Last day"), required=False, help_text=_("Empty: as the price says."))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        price = self.fields["price"]
        assert isinstance(price, forms.ChoiceField)
        price.choices = self.choices
        price.initial = first_price(self.choices)


class TagForm(ChosenForm):
    """One tag."""

    new_tag = forms.CharField(label=_("Tag"), max_length=50)

    def clean_new_tag(self) -> str:
        try:
            return details.tags([self.cleaned_data["new_tag"]])[0]
        except TesseraError as refusal:
            raise forms.ValidationError(sentence(refusal.detail)) from refusal


@staff_may(Right.MEMBERSHIPS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def assign(request: StaffRequest) -> HttpResponse:
    """Assign a plan to many; says beforehand who gets it until when, what that comes to, and who cannot have it."""
    organization = request.staff.organization
    choices = price_choices(organization, Audience.CUSTOMERS, request.staff.formats)
    return _ask(request, BulkAction.ASSIGN, AssignForm, title=gettext("Assign a plan to %(many)s"), choices=choices)


@staff_may(Right.CUSTOMERS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def tag(request: StaffRequest) -> HttpResponse:
    """Give many a tag."""
    return _ask(request, BulkAction.TAG, TagForm, title=gettext("Add a tag to %(many)s"))


@staff_may(Right.CUSTOMERS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def untag(request: StaffRequest) -> HttpResponse:
    """Take a tag off many."""
    return _ask(request, BulkAction.UNTAG, TagForm, title=gettext("Remove a tag from %(many)s"))


@staff_may(Right.CUSTOMERS_READ)
@require_safe
def progress(request: StaffRequest, ref: str) -> HttpResponse:
    """How far it is, and with whom it could not be done; asks anew by itself until it is over."""
    staff = request.staff
    key = ids.from_text(Prefix.BULK_RUN, ref)
    if key is None:
        raise BulkRunNotFound("there is no such run")
    run = bulk.progress(organization=staff.organization, run_id=key)
    after = (
        int(given) if (given := request.GET.get("after", "")).isascii() and given.isdigit() and len(given) < 18 else 0
    )
    refusals = bulk.refusals(organization=staff.organization, run_id=key, after=after, limit=_MOST_REFUSALS + 1)
    more = refusals[_MOST_REFUSALS - 1][0] if len(refusals) > _MOST_REFUSALS else None
    return answers.page(
        request,
        "console/lists/run.html",
        section="customers",
        run=run,
        title=_title_of(run.action, run.arguments, staff),
        over=run.state is BulkState.DONE,
        share=100 if run.state is BulkState.DONE else run.over * 100 // run.total if run.total else 0,
        refusals=[
            (each, ids.to_text(Prefix.CUSTOMER, each.customer_id), sentence(each.reason))
            for _place, each in refusals[:_MOST_REFUSALS]
        ],
        next_url=f"?after={more}" if more else "",
        first_url="?" if after else "",
        back=reverse("console:customers", args=[staff.organization.slug]),
    )


def _ask(
    request: StaffRequest,
    action: BulkAction,
    kind: type[ChosenForm],
    *,
    title: str,
    choices: PriceChoices | None = None,
) -> HttpResponse:
    staff = request.staff
    given = request.POST if request.method == "POST" else request.GET
    chosen = _chosen(staff, given)
    back = _back(staff, given)
    told = given if kind.base_fields.keys() & given.keys() else None
    form = kind(told, choices=choices or [])
    if request.method == "POST" and chosen.many != 0 and form.is_valid():
        arguments = _arguments(staff, form.cleaned_data)

        def make() -> str:
            return _start(staff, action, arguments, chosen, back)

        try:
            address = answers.carried_out(lambda: once(request, make))
        except TesseraError as refusal:
            answers.refuse(form, refusal, {"starts_at": "first_day", "ends_at": "last_day", "plan": "price"})
        else:
            return answers.done(request, address, gettext("Done, or being done."))
    outlook = _outlook(staff, action, form, chosen) if chosen.many != 0 else []
    return answers.drawer(
        request,
        "console/lists/bulk.html",
        section="customers",
        status=422 if request.method == "POST" else 200,
        form=form if told is not None or request.method == "POST" else kind(choices=choices or []),
        title=title % {"many": chosen.together},
        nobody=chosen.many == 0,
        has_plans=action is not BulkAction.ASSIGN or bool(choices),
        kept=[*(("c", ids.to_text(Prefix.CUSTOMER, key)) for key in chosen.keys), *_kept(given)],
        outlook=outlook,
        button=_BUTTONS[action],
        hurts=action is BulkAction.UNTAG,
        action=request.path,
        back=back,
    )


_BUTTONS: Final = {
    BulkAction.ASSIGN: _("Assign the plan"),
    BulkAction.TAG: _("Add the tag"),
    BulkAction.UNTAG: _("Remove the tag"),
}


def _chosen(staff: Member, given: QueryDict) -> Chosen:
    """Return who is meant. Rows of others, or of nobody, are passed over."""
    if given.get("all") == "1":
        which = CustomerFilter.parse(dict(parse_qsl(given.get("which", "")[:2000])))
        rows = customers_of(staff.organization, which, at=staff.at)
        first = tuple(rows.order_by("pk")[: LOOKED_AT + 1])
        many = len(first) if len(first) <= LOOKED_AT else rows.order_by()[: _MOST_COUNTED + 1].count()
        return Chosen((), which, first[:LOOKED_AT], many if many <= _MOST_COUNTED else None)
    named = (ids.from_text(Prefix.CUSTOMER, each) for each in given.getlist("c")[:_MOST_CHOSEN])
    keys = [key for key in named if key is not None]
    found = Customer.objects.filter(organization=staff.organization, merged_into=None, pk__in=keys)
    people = tuple(found.order_by("name_key", "id"))
    return Chosen(tuple(each.pk for each in people), None, people[:LOOKED_AT], len(people))


def _kept(given: QueryDict) -> list[tuple[str, str]]:
    return [(name, str(given[name])) for name in ("all", "which") if given.get(name)]


def _back(staff: Member, given: QueryDict) -> str:
    page = reverse("console:customers", args=[staff.organization.slug])
    query = urlencode(CustomerFilter.parse(dict(parse_qsl(given.get("which", "")[:2000]))).address())
    return f"{page}?{query}" if query else page


def _arguments(staff: Member, told: Mapping[str, Any]) -> dict[str, Any]:
    if "new_tag" in told:
        return {"tag": told["new_tag"]}
    first_day: date | None = told["first_day"]
    return {
        "price": told["price"],
        "starts_at": text(days.first_instant(staff.organization, first_day, staff.at)),
        "ends_at": text(days.end_of(staff.organization, told["last_day"])),
    }


def _start(staff: Member, action: BulkAction, arguments: dict[str, Any], chosen: Chosen, back: str) -> str:
    """Do it if they are few, else have it done; return where to look next: back at the list if all went well."""
    with db.transaction():
        run = bulk.start(
            organization=staff.organization,
            action=action,
            arguments=arguments,
            customer_ids=chosen.keys,
            which=chosen.which,
            at=staff.at,
            actor=staff.actor,
        )
        few = chosen.which is None and len(chosen.keys) <= AT_ONCE
        if few:
            bulk.carry_on(run_id=run.pk, at=staff.at, seconds=600)
        else:
            tasks.wake(run)
    if few and not bulk.progress(organization=staff.organization, run_id=run.pk).refused:
        return back
    return reverse("console:bulk_run", args=[staff.organization.slug, ids.to_text(Prefix.BULK_RUN, run.pk)])


def _outlook(staff: Member, action: BulkAction, form: ChosenForm, chosen: Chosen) -> list[str]:
    """Say what will happen: to how many, and for whom not; each is tried and taken back."""
    if action is not BulkAction.ASSIGN or not chosen.first:
        return []
    if not form.is_bound:
        form = AssignForm({"price": first_price(form.choices)}, choices=form.choices)
    if not form.is_valid():
        return []
    arguments = _arguments(staff, form.cleaned_data)
    run = BulkRun(organization=staff.organization, action=action, arguments=arguments, actor=str(staff.actor))
    refused: dict[str, list[str]] = {}
    fine: list[Customer] = []

    def attempt() -> None:
        refused.clear()
        fine.clear()
        for person in chosen.first:
            try:
                with db.transaction():
                    bulk.do_one(run, person, at=staff.at)
            except TesseraError as refusal:
                refused.setdefault(sentence(refusal.detail), []).append(person.name)
            else:
                fine.append(person)

    def ends(_: None) -> Any:
        held = fine[0].memberships.order_by("-created_at", "-id").first() if fine else None
        return held.ends_at if held else None

    end = foresee(attempt, ends)
    return _sentences(staff, arguments, chosen, fine, refused, end)


def _sentences(
    staff: Member,
    arguments: Mapping[str, Any],
    chosen: Chosen,
    fine: Sequence[Customer],
    refused: Mapping[str, list[str]],
    end: Any,
) -> list[str]:
    formats = staff.formats
    price = catalogue.price_by_id(staff.organization, arguments["price"])
    looked_at = len(chosen.first)
    told = {
        "fine": len(fine),
        "all": looked_at,
        "plan": price.plan.name,
        "price": price_text(price, formats),
        "end": formats.end(end) if end else "",
        "money": formats.money(price.amount_minor * len(fine), price.currency),
    }
    said = []
    if chosen.many is None or chosen.many > looked_at:
        said.append(gettext("Tried with the first %(all)d of them; the others come in the background.") % told)
    if fine and end:
        said.append(gettext("%(fine)d of %(all)d get %(plan)s until %(end)s, at %(price)s.") % told)
    elif fine:
        said.append(gettext("%(fine)d of %(all)d get %(plan)s without an end, at %(price)s.") % told)
    if fine and price.amount_minor:
        said.append(gettext("Together that is %(money)s for the first period.") % told)
    for why, names in refused.items():
        shown = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
        told = {"count": len(names), "names": shown, "why": why}
        said.append(gettext("Not for %(count)d (%(names)s): %(why)s") % told)
    return said


def _title_of(action: BulkAction, arguments: Mapping[str, Any], staff: Member) -> str:
    if action is BulkAction.ASSIGN:
        try:
            plan = catalogue.price_by_id(staff.organization, arguments["price"]).plan.name
        except TesseraError:
            plan = gettext("a plan")
        return gettext("Assigning %(plan)s") % {"plan": plan}
    told = {"tag": arguments["tag"]}
    return (
        gettext("Adding the tag “%(tag)s”") % told
        if action is BulkAction.TAG
        else gettext("Removing the tag “%(tag)s”") % told
    )

"""Assigning a plan to a customer or a company: the price, from when, until when, and what comes of it."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from tessera.access.queries import effective_permissions
from tessera.console import answers, days, naming
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.choices import DayField, PriceChoices, first_price, price_choices
from tessera.console.memberships import Outlook, difference
from tessera.console.once import once
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.db.foreseeing import foresee
from tessera.memberships import granting, queries, seats
from tessera.memberships.models import Membership
from tessera.memberships.types import Status
from tessera.memberships.views import MembershipView
from tessera.organizations.formatting import Formats, sentence
from tessera.organizations.rights import Right
from tessera.people import queries as people
from tessera.people.models import Company, Customer
from tessera.people.types import Source
from tessera.plans import queries as catalogue
from tessera.plans.formatting import price_text
from tessera.plans.types import Audience, Billing

_FIELDS = {"starts_at": "first_day", "ends_at": "last_day", "plan": "price", "seats": "seats"}


class GrantForm(forms.Form):
    """Which price, from when, until when. Without an end the price's own period counts."""

    price = forms.ChoiceField(label=_("Plan and price"))
    first_day = DayField(label=_("First day"), required=False, help_text=_("Empty: today."))
    last_day = DayField(label=_("Last day"), required=False, help_text=_("Empty: as the price says."))
    seats = forms.IntegerField(
        label=_("Seats"), required=False, min_value=0, max_value=1_000_000, help_text=_("Empty: as the plan says.")
    )
    await_payment = forms.BooleanField(
        label=_("Wait for the first payment"), required=False, help_text=_("It starts when the payment is confirmed.")
    )
    await_approval = forms.BooleanField(
        label=_("Wait for approval"), required=False, help_text=_("It starts when somebody approves it.")
    )

    def __init__(self, *args: Any, choices: PriceChoices, first: str, for_company: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        price = self.fields["price"]
        assert isinstance(price, forms.ChoiceField)
        price.choices = choices
        price.initial = first
        if not for_company:
            del self.fields["seats"]


@staff_may(Right.MEMBERSHIPS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def to_customer(request: StaffRequest, ref: str) -> HttpResponse:
    """Assign a plan to a customer."""
    return _assign(request, people.customer_by_ref(request.staff.organization, ref))


@staff_may(Right.MEMBERSHIPS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def to_company(request: StaffRequest, ref: str) -> HttpResponse:
    """Assign a plan to a company: its people have it while they belong."""
    return _assign(request, people.company_by_ref(request.staff.organization, ref))


def _assign(request: StaffRequest, holder: Customer | Company) -> HttpResponse:
    staff = request.staff
    kind = "customer" if isinstance(holder, Customer) else "company"
    prefix = Prefix.CUSTOMER if isinstance(holder, Customer) else Prefix.COMPANY
    reference = ids.to_text(prefix, holder.pk)
    back = reverse(f"console:{kind}", args=[staff.organization.slug, reference])
    audience = Audience.CUSTOMERS if isinstance(holder, Customer) else Audience.COMPANIES
    choices = price_choices(staff.organization, audience, staff.formats)
    first = first_price(choices, without=_held(holder, staff))
    options: dict[str, Any] = {"choices": choices, "first": first, "for_company": kind == "company"}
    form = GrantForm(answers.told(request), **options)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data

        def make() -> str:
            _grant(staff, holder, told)
            return back

        try:
            address = answers.carried_out(lambda: once(request, make))
        except TesseraError as refusal:
            answers.refuse(form, refusal, _FIELDS)
        else:
            return answers.done(request, address, gettext("Assigned to %(name)s.") % {"name": holder.name})
    outlook = _outlook(staff, holder, form if form.is_bound else None, options) if choices else None
    if request.method != "POST" and not request.GET:
        form = GrantForm(**options)
    return answers.drawer(
        request,
        "console/memberships/assign.html",
        section="customers" if kind == "customer" else "companies",
        status=422 if request.method == "POST" else 200,
        form=form,
        holder=holder,
        has_plans=bool(choices),
        outlook=outlook,
        problem=sentence(outlook.refusal.detail) if outlook and outlook.refusal and request.method != "POST" else "",
        action=reverse(f"console:{kind}_assign", args=[staff.organization.slug, reference]),
        back=back,
    )


def _grant(staff: Member, holder: Customer | Company, told: dict[str, Any]) -> Membership:
    price = catalogue.price_by_id(staff.organization, told["price"])
    return granting.grant(
        organization=staff.organization,
        plan=price.plan,
        holder=holder,
        at=staff.at,
        actor=staff.actor,
        source=Source.STAFF,
        price=price,
        starts_at=days.first_instant(staff.organization, told["first_day"], staff.at),
        ends_at=days.end_of(staff.organization, told["last_day"]),
        await_approval=told["await_approval"],
        await_payment=told["await_payment"],
        seats=told.get("seats"),
    )


def _outlook(
    staff: Member, holder: Customer | Company, form: GrantForm | None, options: dict[str, Any]
) -> Outlook | None:
    if form is None:
        form = GrantForm({"price": options["first"]}, **options)
    if not form.is_valid() and not form.fields.keys() <= form.cleaned_data.keys():
        return None
    told, organization = form.cleaned_data, staff.organization

    def look(made: Membership) -> tuple[MembershipView, list[str]]:
        view = queries.membership(organization=organization, membership_id=made.pk, at=staff.at)
        return view, _may_use(staff, holder)

    before = _may_use(staff, holder)
    try:
        view, after = foresee(lambda: _grant(staff, holder, told), look)
    except TesseraError as refusal:
        return Outlook([], gettext("Assign it"), refusal)
    said = [_says(view, holder, staff.formats, staff), *difference(holder.name, before, after)]
    if isinstance(holder, Company):
        said.append(_people(view, holder, staff))
    return Outlook(said, gettext("Assign %(plan)s") % {"plan": view.plan.name})


def _says(view: MembershipView, holder: Customer | Company, formats: Formats, staff: Member) -> str:
    told = {
        "name": holder.name,
        "plan": view.plan.name,
        "price": price_text(view.price, formats),
        "start": formats.start(view.starts_at) if view.starts_at else gettext("today"),
        "end": formats.end(view.ends_at) if view.ends_at else "",
    }
    if view.status is Status.PENDING:
        return gettext("%(name)s has %(plan)s once it is approved or paid: %(price)s.") % told
    if view.starts_at is not None and view.starts_at <= staff.at:
        told["start"] = gettext("today")
    if not view.ends_at:
        return gettext("%(name)s has %(plan)s from %(start)s, without an end: %(price)s.") % told
    if view.price.billing == Billing.RECURRING and view.price.amount_minor:
        return gettext("%(name)s has %(plan)s from %(start)s until %(end)s: %(price)s, to be renewed then.") % told
    return gettext("%(name)s has %(plan)s from %(start)s until %(end)s: %(price)s.") % told


def _people(view: MembershipView, company: Company, staff: Member) -> str:
    seating = seats.seating(company_id=company.pk, seats=view.seats, at=staff.at)
    told = {"count": seating.taken, "over": seating.over}
    if seating.over:
        return gettext("%(count)d of its people have a seat; %(over)d are above the number of seats.") % told
    return gettext("%(count)d of its people have it while they belong.") % told


def _held(holder: Customer | Company, staff: Member) -> list[str]:
    """Return the names of the plans that the holder has: they cannot have one twice."""
    keys = {term.plan_id for _membership, terms in granting.unended(holder, staff.at) for term in terms}
    return list(naming.plans(staff.organization, keys).values())


def _may_use(staff: Member, holder: Customer | Company) -> list[str]:
    if isinstance(holder, Customer):
        return [each.name for each in effective_permissions(staff.organization, holder.pk, staff.at)]
    views = queries.held_by_company(organization=staff.organization, company=holder, at=staff.at)
    return sorted({name for each in views if each.status is Status.ACTIVE for name in each.permission_names})

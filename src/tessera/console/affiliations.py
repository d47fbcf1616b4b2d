"""Linking people to companies, with what that does said before; `unlinking.py` is the way back."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from tessera.access.queries import effective_permissions
from tessera.console import answers, days
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.choices import DayField
from tessera.console.memberships import Outlook, difference
from tessera.console.picking import company_meant, customer_meant
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.db.foreseeing import foresee
from tessera.memberships import inheritance, queries
from tessera.organizations.formatting import sentence
from tessera.organizations.rights import Right
from tessera.people import queries as people
from tessera.people.models import Affiliation, Company, Customer
from tessera.people.types import Via

_FIELDS = {"starts_at": "first_day", "ends_at": "last_day"}


class LinkForm(forms.Form):
    """Whom to link, as what, from when and until when."""

    who = forms.CharField(max_length=300)
    title = forms.CharField(label=_("Title"), required=False, max_length=200, help_text=_("What they are there."))
    first_day = DayField(label=_("First day"), required=False, help_text=_("Empty: today."))
    last_day = DayField(label=_("Last day"), required=False, help_text=_("Empty: until unlinked."))
    company_admin = forms.BooleanField(
        label=_("Company admin"), required=False, help_text=_("Looks after the people of the company.")
    )
    primary_contact = forms.BooleanField(
        label=_("Primary contact"), required=False, help_text=_("Whom one calls about the company.")
    )

    def __init__(self, *args: Any, asks_company: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        who = self.fields["who"]
        who.label = _("Company") if asks_company else _("Customer")
        who.help_text = (
            _("Name or number, such as COM-000001.")
            if asks_company
            else _("Number, e-mail, phone or name, such as CUS-000001.")
        )


@staff_may(Right.COMPANIES_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def link_to_company(request: StaffRequest, ref: str) -> HttpResponse:
    """Link a customer, whose page it is, to a company that is named."""
    customer = people.customer_by_ref(request.staff.organization, ref)
    return _link(request, customer=customer, company=None)


@staff_may(Right.COMPANIES_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def link_customer(request: StaffRequest, ref: str) -> HttpResponse:
    """Link a customer who is named to the company, whose page it is."""
    company = people.company_by_ref(request.staff.organization, ref)
    return _link(request, customer=None, company=company)


def address(staff: Member, row: Customer | Company) -> str:
    """Return the page of a customer or company."""
    name, prefix = ("customer", Prefix.CUSTOMER) if isinstance(row, Customer) else ("company", Prefix.COMPANY)
    return reverse(f"console:{name}", args=[staff.organization.slug, ids.to_text(prefix, row.pk)])


def _link(request: StaffRequest, *, customer: Customer | None, company: Company | None) -> HttpResponse:
    staff = request.staff
    page_of = customer or company
    assert page_of is not None
    form = LinkForm(answers.told(request), asks_company=company is None)
    outlook = None
    if form.is_bound and form.is_valid():
        told = form.cleaned_data
        try:
            person = customer or customer_meant(staff.organization, told["who"])
            employer = company or company_meant(staff.organization, told["who"])
            if request.method == "POST":
                answers.carried_out(lambda: _join(staff, person, employer, told))
                names = {"name": person.name, "company": employer.name}
                message = gettext("%(name)s is linked to %(company)s.") % names
                return answers.done(request, address(staff, page_of), message)
            outlook = _after_joining(staff, person, employer, told)
        except TesseraError as refusal:
            answers.refuse(form, refusal, _FIELDS)
            if refusal.code in ("nobody_meant", "several_meant"):
                form.errors.pop("__all__", None)
                form.add_error("who", sentence(refusal.detail))
    name = "customer" if customer else "company"
    return answers.drawer(
        request,
        "console/companies/link.html",
        section="customers" if customer else "companies",
        status=422 if request.method == "POST" else 200,
        form=form,
        page_of=page_of,
        asks_company=company is None,
        outlook=outlook,
        action=reverse(f"console:{name}_link", args=[staff.organization.slug, _reference(page_of)]),
        back=address(staff, page_of),
    )


def _reference(row: Customer | Company) -> str:
    return ids.to_text(Prefix.CUSTOMER if isinstance(row, Customer) else Prefix.COMPANY, row.pk)


def _join(staff: Member, customer: Customer, company: Company, told: dict[str, Any]) -> Affiliation:
    return inheritance.join_company(
        customer=customer,
        company=company,
        at=staff.at,
        actor=staff.actor,
        via=Via.STAFF,
        starts_at=days.first_instant(staff.organization, told["first_day"], staff.at),
        ends_at=days.end_of(staff.organization, told["last_day"]),
        title=told["title"],
        company_admin=told["company_admin"],
        primary_contact=told["primary_contact"],
    )


def _after_joining(staff: Member, customer: Customer, company: Company, told: dict[str, Any]) -> Outlook:
    before = may_use(staff, customer)
    inherits, after = foresee(
        lambda: _join(staff, customer, company, told),
        lambda _made: (_inherited(staff, customer, company), may_use(staff, customer)),
    )
    names = {"name": customer.name, "company": company.name}
    said = [gettext("%(name)s belongs to %(company)s and takes a place in the order of its seats.") % names]
    said += [
        gettext("There is no seat left in %(plan)s, so nothing of it is inherited yet.") % {"plan": plan}
        for plan, seated in inherits
        if not seated
    ]
    said += difference(customer.name, before, after)
    if before == after:
        said.append(gettext("What they may use does not change now."))
    return Outlook(said, gettext("Link %(name)s") % names)


def _inherited(staff: Member, customer: Customer, company: Company) -> list[tuple[str, bool]]:
    views = queries.held_by_customer(organization=staff.organization, customer=customer, at=staff.at)
    return [
        (each.plan.name, each.seated is not False)
        for each in views
        if each.inherited_from and each.inherited_from.id == company.pk
    ]


def may_use(staff: Member, customer: Customer) -> list[str]:
    return [each.name for each in effective_permissions(staff.organization, customer.pk, staff.at)]

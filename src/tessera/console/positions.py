"""What somebody is to a company: title, company admin, primary contact."""

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.console.affiliations import address
from tessera.console.conflicts import VersionedForm
from tessera.core.errors import NotFound, TesseraError
from tessera.memberships import inheritance, queries
from tessera.organizations.rights import Right
from tessera.people import queries as people
from tessera.people.affiliations import Position


class PositionForm(VersionedForm):
    """What somebody is to a company. It has no version of its own: what was shown tells whether it is still so."""

    title = forms.CharField(label=_("Title"), required=False, max_length=200, help_text=_("What they are there."))
    company_admin = forms.BooleanField(
        label=_("Company admin"), required=False, help_text=_("Looks after the people of the company.")
    )
    primary_contact = forms.BooleanField(
        label=_("Primary contact"), required=False, help_text=_("Whom one calls about the company.")
    )

    def known(self) -> Position | None:
        """Return what the form first said; None if it does not carry that."""
        if not (base := self._base()):
            return None
        return {
            "title": next(iter(base.get("title", ())), ""),
            "company_admin": bool(base.get("company_admin")),
            "primary_contact": bool(base.get("primary_contact")),
        }


@staff_may(Right.COMPANIES_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, ref: str, customer_ref: str) -> HttpResponse:
    """Change what a customer is to a company they belong to."""
    staff = request.staff
    company = people.company_by_ref(staff.organization, ref)
    customer = people.customer_by_ref(staff.organization, customer_ref)
    affiliation = queries.affiliation(customer=customer, company=company, at=staff.at)
    if affiliation is None:
        raise NotFound("there is no such person in the company")
    present = {name: getattr(affiliation, name) for name in ("title", "company_admin", "primary_contact")}
    present["version"] = 1
    form = PositionForm(answers.sent(request), initial=present)
    back = address(staff, customer if request.GET.get("back") == "customer" else company)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            answers.carried_out(
                lambda: inheritance.change_position(
                    affiliation=affiliation,
                    at=staff.at,
                    actor=staff.actor,
                    known=form.known(),
                    title=told["title"],
                    company_admin=told["company_admin"],
                    primary_contact=told["primary_contact"],
                )
            )
        except TesseraError as refusal:
            answers.refuse(form, refusal, present=lambda: present)
        else:
            return answers.done(request, back, gettext("Saved what %(name)s is there.") % {"name": customer.name})
    return answers.drawer(
        request,
        "console/companies/position.html",
        section="companies",
        status=422 if request.method == "POST" else 200,
        form=form,
        title=gettext("%(name)s at %(company)s") % {"name": customer.name, "company": company.name},
        action=request.get_full_path(),
        back=back,
    )

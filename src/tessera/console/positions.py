"""What somebody is to a company: title, company admin, primary contact."""

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.console.affiliations import address
from tessera.core.errors import NotFound, TesseraError
from tessera.memberships import inheritance, queries
from tessera.organizations.rights import Right
from tessera.people import queries as people


class PositionForm(forms.Form):
    title = forms.CharField(label=_("Title"), required=False, max_length=200, help_text=_("What they are there."))
    company_admin = forms.BooleanField(
        label=_("Company admin"), required=False, help_text=_("Looks after the people of the company.")
    )
    primary_contact = forms.BooleanField(
        label=_("Primary contact"), required=False, help_text=_("Whom one calls about the company.")
    )


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
    names = ("title", "company_admin", "primary_contact")
    form = PositionForm(answers.sent(request), initial={name: getattr(affiliation, name) for name in names})
    back = address(staff, customer if request.GET.get("back") == "customer" else company)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            answers.carried_out(
                lambda: inheritance.change_position(
                    affiliation=affiliation,
                    at=staff.at,
                    actor=staff.actor,
                    title=told["title"],
                    company_admin=told["company_admin"],
                    primary_contact=told["primary_contact"],
                )
            )
        except TesseraError as refusal:
            answers.refuse(form, refusal)
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

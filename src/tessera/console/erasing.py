"""Erasing a customer for good: what goes, what stays and what stands in the way is said before."""

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from tessera.console import answers
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.archiving import running
from tessera.console.customer import address_of
from tessera.core.errors import TesseraError
from tessera.lifecycle.erasing import erase_customer
from tessera.organizations.formatting import joined
from tessera.organizations.rights import Right
from tessera.people import queries
from tessera.people.models import Customer
from tessera.people.queries import CustomerFacts
from tessera.people.types import Belonging, CustomerStatus


class EraseForm(forms.Form):
    """Nobody erases the wrong person by a click too many: their number is typed."""

    typed = forms.CharField(
        label=_("Type the number of the customer to erase them"), max_length=40,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off", "autocapitalize": "characters"}),
    )  # fmt: skip

    def __init__(self, *args: object, number: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.number = number

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if typed.strip().upper() != self.number.upper():
            raise forms.ValidationError(gettext("Type it exactly: %(number)s") % {"number": self.number})
        return typed


@staff_may(Right.CUSTOMERS_ERASE, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: StaffRequest, ref: str) -> HttpResponse:
    """Erase a customer, once their number is typed and whoever sits there has proved who they are."""
    staff = request.staff
    row = queries.customer_by_ref(staff.organization, ref)
    back = address_of(staff, row)
    if row.erased_at is not None:
        return answers.go(request, back)
    form = EraseForm(answers.sent(request), number=row.number)
    if request.method == "POST" and form.is_valid():
        try:
            erased = answers.carried_out(lambda: erase_customer(customer=row, at=staff.at, actor=staff.actor))
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            return answers.done(request, back, gettext("Done. This is now %(name)s.") % {"name": erased.name})
    known = queries.customer(row)
    return answers.drawer(
        request,
        "console/customers/erase.html",
        section="customers",
        status=422 if request.method == "POST" else 200,
        form=form,
        customer=known,
        running=running(request, row),
        sentences=_besides(staff, row, known),
        action=request.path,
        back=back,
    )


def _besides(staff: Member, row: Customer, known: CustomerFacts) -> list[str]:
    """What is to be known beside what always goes: companies they leave, a ban that is forgotten."""
    found = queries.companies_of(row, at=staff.at, belonging=Belonging.CURRENT, limit=20).data
    told = {"name": known.name, "companies": joined([each.company_name for each in found])}
    said = []
    if found:
        said.append(gettext("They leave %(companies)s, and what is inherited from there is gone at once.") % told)
    if row.status == CustomerStatus.BANNED:
        said.append(gettext("The ban is forgotten, too: if they come back, they are somebody new, and let in."))
    return said

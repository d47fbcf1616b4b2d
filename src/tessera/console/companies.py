"""The list of companies, a new one, and changing what is known of one."""

from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from tessera.console import answers, listing, standing
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.beside import beside
from tessera.console.choices import lines
from tessera.console.conflicts import VersionedForm
from tessera.console.listing import HOLDINGS, Choices, Choosing, Column
from tessera.console.once import once
from tessera.console.pages import next_page
from tessera.console.picking import company_named
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.memberships import finding
from tessera.memberships.filters import CompanyFilter, Sort
from tessera.organizations.rights import Right
from tessera.people import queries, services
from tessera.people.queries import CompanyFacts
from tessera.people.types import CompanyDetails, CompanyStatus

_A_PAGE = 50


class CompanyForm(VersionedForm):
    """What is known of a company; a trading name is enough."""

    name = forms.CharField(label=_("Trading name"), max_length=200)
    legal_name = forms.CharField(label=_("Legal name"), required=False, max_length=200)
    email = forms.CharField(label=_("E-mail"), required=False, max_length=254)
    phone = forms.CharField(label=_("Phone"), required=False, max_length=40)
    websites = forms.CharField(
        label=_("Websites"), required=False, max_length=3000,
        widget=forms.Textarea(attrs={"rows": 1}), help_text=_("One a line, such as https://acme.example"),
    )  # fmt: skip
    email_domains = forms.CharField(
        label=_("E-mail domains"), required=False, max_length=3000,
        widget=forms.Textarea(attrs={"rows": 1}), help_text=_("One a line, such as acme.example"),
    )  # fmt: skip
    tags = forms.CharField(label=_("Tags"), required=False, max_length=3000, help_text=_("Parted by commas."))
    external_id = forms.CharField(label=_("Your own id"), required=False, max_length=200)

    def details(self) -> CompanyDetails:
        """Return what was told."""
        told = self.cleaned_data
        return {
            "name": told["name"],
            "legal_name": told["legal_name"],
            "email": told["email"],
            "phone": told["phone"],
            "websites": lines(told["websites"]),
            "email_domains": lines(told["email_domains"]),
            "tags": lines(told["tags"]),
            "external_id": told["external_id"] or None,
        }


COLUMNS: Final = (
    Column("membership", _("Membership")),
    Column("plan", _("Plan")),
    Column("ends", _("Ends"), sort=Sort.END),
    Column("people", _("People")),
    Column("email", _("E-mail")),
    Column("tags", _("Tags")),
    Column("added", _("Added"), sort=Sort.NEWEST),
    Column("number", _("Number"), sort=Sort.NUMBER),
)
_OVER: Final[Choices] = [("1", _("More people than seats"))]
USUAL: Final = ("membership", "plan", "people", "number")


@staff_may(Right.COMPANIES_READ)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """The companies that the filters let through, with how many people belong to each now and what it holds.

    Enter (`open`) goes straight to the one that is meant, as in the list of customers.
    """
    staff = request.staff
    which, cursor = CompanyFilter.parse(request.GET.dict()), request.GET.get("cursor") or None
    opens = listing.opens(request, which.q)
    if opens and (named := company_named(staff.organization, which.q)):
        return redirect("console:company", staff.organization.slug, ids.to_text(Prefix.COMPANY, named.pk))
    found = finding.companies(staff.organization, which, at=staff.at, limit=_A_PAGE, cursor=cursor)
    if opens and len(found.data) == 1:
        return redirect("console:company", staff.organization.slug, ids.to_text(Prefix.COMPANY, found.data[0].id))
    keys = [each.id for each in found.data]
    standings, people = standing.of_companies(keys, staff.at), standing.people_of(keys, staff.at)
    told = which.address()
    around = beside(staff.row, "companies", plans=not request.htmx, company_id=None)
    statuses: Choices = [(each.value, answers.STATUS_WORDS[each.value]) for each in CompanyStatus]
    built = listing.listing(
        request,
        "companies",
        everything=_("All companies"),
        told=told,
        filters=[
            Choosing("membership", _("Membership"), _("Any membership"), HOLDINGS, told.get("membership", "")),
            Choosing("plan", _("Plan"), _("Any plan"), listing.plan_choices(around), told.get("plan", "")),
            Choosing("over", _("Seats"), _("Any number of seats"), _OVER, told.get("over", "")),
            Choosing("status", _("Status"), _("Any status"), statuses, told.get("status", "")),
        ],
        columns=COLUMNS,
        usual=USUAL,
        sort=which.sort if which.sort is not Sort.BEST else "" if which.q else Sort.NAME,
        around=around,
    )
    return answers.page(
        request,
        "console/companies/list.html",
        section="companies",
        rows=[(each, standings.get(each.id), people.get(each.id, 0)) for each in found.data],
        q=which.q,
        tag=which.tag,
        filtered=which.narrowed,
        searched_only=bool(which.q) and not which.narrowed_besides,
        **listing.context(found, built, request, next_page(request, found.next_cursor)),
    )


@staff_may(Right.COMPANIES_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """Add a company."""
    staff = request.staff
    form = CompanyForm(answers.sent(request), initial={"name": request.GET.get("q", "")[:200]})
    if request.method == "POST" and form.is_valid():

        def make() -> str:
            company = services.create_company(
                organization=staff.organization, at=staff.at, actor=staff.actor, **form.details()
            )
            return reverse("console:company", args=[staff.organization.slug, ids.to_text(Prefix.COMPANY, company.pk)])

        try:
            made_at = answers.carried_out(lambda: once(request, make))
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            return answers.done(request, made_at, gettext("Company added."))
    return _form(request, form, gettext("Add a company"), gettext("Add the company"), None)


@staff_may(Right.COMPANIES_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, ref: str) -> HttpResponse:
    """Change what is known of a company; refused if somebody else has changed it since."""
    staff = request.staff
    row = queries.company_by_ref(staff.organization, ref)
    form = CompanyForm(answers.sent(request), initial=_first_values(queries.company(row)))
    page = reverse("console:company", args=[staff.organization.slug, ids.to_text(Prefix.COMPANY, row.pk)])
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"]
        try:
            answers.carried_out(
                lambda: services.update_company(
                    company=row, at=staff.at, actor=staff.actor, version=version, **form.details()
                )
            )
        except TesseraError as refusal:
            answers.refuse(form, refusal, present=lambda: _now(staff, ref))
        else:
            return answers.done(request, page, gettext("Details saved."))
    title = gettext("Edit %(name)s") % {"name": row.name}
    return _form(request, form, title, gettext("Save the details"), page)


def _form(request: StaffRequest, form: CompanyForm, title: str, button: str, page: str | None) -> HttpResponse:
    return answers.drawer(
        request,
        "console/companies/form.html",
        section="companies",
        status=422 if request.method == "POST" else 200,
        form=form,
        title=title,
        button=button,
        action=request.path,
        back=page or reverse("console:companies", args=[request.staff.organization.slug]),
    )


def _now(staff: Member, ref: str) -> dict[str, Any]:
    return _first_values(queries.company(queries.company_by_ref(staff.organization, ref)))


def _first_values(known: CompanyFacts) -> dict[str, Any]:
    return {
        "name": known.name,
        "legal_name": known.legal_name,
        "email": known.email,
        "phone": known.phone,
        "websites": "\n".join(known.websites),
        "email_domains": "\n".join(known.email_domains),
        "tags": ", ".join(known.tags),
        "external_id": known.external_id or "",
        "version": known.version,
    }

"""Unlinking people from companies, one or several, with what each of them loses said before; for ten minutes undone."""

from collections.abc import Callable, Sequence

from django.http import HttpResponse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods

from tessera.console import answers, undo
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.affiliations import address, may_use
from tessera.console.memberships import Outlook, difference
from tessera.core import ids
from tessera.core.errors import NotFound, TesseraError
from tessera.core.ids import Prefix
from tessera.db.foreseeing import foresee
from tessera.memberships import inheritance
from tessera.organizations.formatting import sentence
from tessera.organizations.rights import Right
from tessera.people import affiliations
from tessera.people import queries as people
from tessera.people.models import Affiliation, Company, Customer

MOST = 50


@staff_may(Right.COMPANIES_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def unlink(request: StaffRequest, ref: str, customer_ref: str) -> HttpResponse:
    """Let a customer leave a company: what they inherit is gone with it."""
    staff = request.staff
    company = people.company_by_ref(staff.organization, ref)
    customer = people.customer_by_ref(staff.organization, customer_ref)
    given = request.POST if request.method == "POST" else request.GET
    back = address(staff, customer if given.get("back") == "customer" else company)
    ends = _ends(company, [customer], staff)

    def run() -> None:
        inheritance.leave_company(customer=customer, company=company, at=staff.at, actor=staff.actor)

    problem, outlook = "", None
    if request.method == "POST":
        try:
            answers.carried_out(run)
        except TesseraError as refusal:
            problem = sentence(refusal.detail)
        else:
            told = {"name": customer.name, "company": company.name}
            message = gettext("%(name)s is no longer linked to %(company)s.") % told
            return _done(request, company, back, message, ends)
    else:
        outlook = _after_leaving(staff, [customer], run)
        problem = sentence(outlook.refusal.detail) if outlook.refusal else ""
    return answers.drawer(
        request,
        "console/companies/unlink.html",
        section="companies",
        status=422 if request.method == "POST" else 200,
        title=gettext("Unlink %(name)s from %(company)s") % {"name": customer.name, "company": company.name},
        customers=[],
        button=gettext("Unlink now"),
        outlook=outlook,
        problem=problem,
        back_to=given.get("back", ""),
        action=request.path,
        back=back,
    )


@staff_may(Right.COMPANIES_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def unlink_several(request: StaffRequest, ref: str) -> HttpResponse:
    """Let everybody who was ticked leave a company, at most a page of them, all or none."""
    staff = request.staff
    company = people.company_by_ref(staff.organization, ref)
    given = request.POST if request.method == "POST" else request.GET
    customers = _ticked(staff, company, given.getlist("who"))
    back = address(staff, company)
    if not customers:
        return answers.go(request, back)
    ends = _ends(company, customers, staff)

    def run() -> int:
        return inheritance.leave_together(customers=customers, company=company, at=staff.at, actor=staff.actor)

    many = len(customers)
    told = {"count": many, "company": company.name}
    problem, outlook = "", None
    if request.method == "POST":
        try:
            left = answers.carried_out(run)
        except TesseraError as refusal:
            problem = sentence(refusal.detail)
        else:
            message = ngettext(
                "%(count)d person is no longer linked to %(company)s.",
                "%(count)d people are no longer linked to %(company)s.",
                left,
            ) % {**told, "count": left}
            return _done(request, company, back, message, ends)
    else:
        outlook = _after_leaving(staff, customers, run)
    return answers.drawer(
        request,
        "console/companies/unlink.html",
        section="companies",
        status=422 if problem else 200,
        title=ngettext("Unlink %(count)d person from %(company)s", "Unlink %(count)d people from %(company)s", many)
        % told,
        customers=[(each, ids.to_text(Prefix.CUSTOMER, each.pk)) for each in customers],
        button=ngettext("Unlink %(count)d person", "Unlink %(count)d people", many) % told,
        outlook=outlook,
        problem=problem,
        action=request.path,
        back=back,
    )


def _ticked(staff: Member, company: Company, references: Sequence[str]) -> list[Customer]:
    """Return who was ticked and belongs to the company or is about to. Raises NotFound if one is nobody here."""
    keys = {key for each in references[:MOST] if (key := ids.from_text(Prefix.CUSTOMER, each)) is not None}
    found = list(Customer.objects.filter(organization=staff.organization, pk__in=keys).order_by("name_key", "pk"))
    if len(found) != len(set(references[:MOST])):
        raise NotFound("there is no such customer")
    within = Affiliation.objects.filter(company=company, customer__in=keys).exclude(ends_at__lte=staff.at)
    here = set(within.values_list("customer_id", flat=True))
    return [each for each in found if each.pk in here]


def _ends(company: Company, customers: Sequence[Customer], staff: Member) -> dict[str, str | None]:
    """Return the ends that are booked of who belongs to the company now: what undoing gives back."""
    rows = Affiliation.objects.filter(affiliations.covering(staff.at), company=company, customer__in=customers)
    return {str(row.customer_id): row.ends_at.isoformat() if row.ends_at else None for row in rows}


def _done(
    request: StaffRequest, company: Company, back: str, message: str, ends: dict[str, str | None]
) -> HttpResponse:
    if not ends:  # what was only planned never was, and is not brought back
        return answers.done(request, back, message)
    reference = ids.to_text(Prefix.COMPANY, company.pk)
    left_at = request.staff.at.isoformat()
    return undo.done(request, back, message, what="unlink", company=reference, left_at=left_at, ends=ends)


def _after_leaving(staff: Member, customers: Sequence[Customer], run: Callable[[], object]) -> Outlook:
    def look(_done: object = None) -> dict[str, list[str]]:
        return {str(each.pk): may_use(staff, each) for each in customers}

    before = look()
    try:
        after = foresee(run, look)
    except TesseraError as refusal:
        return Outlook([], gettext("Unlink"), refusal)
    said, unchanged = [], []
    for each in customers:
        key = str(each.pk)
        if before[key] == after[key]:
            unchanged.append(each)
        said += difference(each.name, before[key], after[key])
    said += _nothing_lost(unchanged, before, alone=len(customers) == 1)
    seats = ngettext(
        "The seat is free in the same instant.", "Their seats are free in the same instant.", len(customers)
    )
    return Outlook([*said, seats], gettext("Unlink now"))


def _nothing_lost(unchanged: Sequence[Customer], before: dict[str, list[str]], *, alone: bool) -> list[str]:
    if not unchanged:
        return []
    if not alone:
        told = {"count": len(unchanged)}
        return [ngettext("%(count)d of them loses nothing.", "%(count)d of them lose nothing.", len(unchanged)) % told]
    (only,) = unchanged
    nothing = (
        gettext("%(name)s loses nothing: what they may use now comes from elsewhere.")
        if before[str(only.pk)]
        else gettext("%(name)s loses nothing: they may use nothing now.")
    )
    return [nothing % {"name": only.name}]

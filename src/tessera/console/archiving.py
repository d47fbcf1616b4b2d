"""Putting customers and companies away, and taking them back out; what stands in the way is shown with its address."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.events.types import Actor
from tessera.lifecycle import archive
from tessera.memberships import queries as memberships
from tessera.memberships import seats
from tessera.memberships.types import Status
from tessera.memberships.views import MembershipView
from tessera.organizations.formatting import sentence
from tessera.organizations.rights import Right
from tessera.people import queries
from tessera.people.models import Company, Customer
from tessera.people.types import CustomerStatus


@dataclass(frozen=True, slots=True)
class Outcome:
    """What archiving or restoring says before: sentences, or what stands in the way with the memberships it is."""

    title: str
    said: str
    sentences: list[str]
    in_the_way: str = ""
    running: tuple[MembershipView, ...] = ()
    hurts: bool = False


@staff_may(Right.CUSTOMERS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def archive_customer(request: StaffRequest, ref: str) -> HttpResponse:
    """Archive a customer."""
    row = queries.customer_by_ref(request.staff.organization, ref)
    told = {"name": row.name}
    outcome = Outcome(
        gettext("Archive %(name)s") % told,
        gettext("%(name)s is archived.") % told,
        [
            gettext("%(name)s may use nothing any more, and what is inherited from a company is gone at once.") % told,
            gettext("They take no seat. Nothing is deleted, and they can be restored at any time."),
        ],
        gettext("%(name)s is banned. Lift the ban first.") % told if row.status == CustomerStatus.BANNED else "",
        running(request, row),
        hurts=True,
    )
    return _asked(request, row, outcome, lambda at, actor: archive.archive_customer(customer=row, at=at, actor=actor))


@staff_may(Right.CUSTOMERS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def restore_customer(request: StaffRequest, ref: str) -> HttpResponse:
    """Restore a customer from the archive."""
    row = queries.customer_by_ref(request.staff.organization, ref)
    told = {"name": row.name}
    outcome = Outcome(
        gettext("Restore %(name)s") % told,
        gettext("%(name)s is restored.") % told,
        [gettext("%(name)s can be given plans again, and takes a seat again where they belong to a company.") % told],
    )
    return _asked(request, row, outcome, lambda at, actor: archive.restore_customer(customer=row, at=at, actor=actor))


@staff_may(Right.COMPANIES_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def archive_company(request: StaffRequest, ref: str) -> HttpResponse:
    """Archive a company."""
    staff = request.staff
    row = queries.company_by_ref(staff.organization, ref)
    told = {"name": row.name}
    outcome = Outcome(
        gettext("Archive %(name)s") % told,
        gettext("%(name)s is archived.") % told,
        [
            _people_stay(row, staff.at),
            gettext("Nobody can be linked to it and it is given no plan, until it is restored. Nothing is deleted."),
        ],
        running=running(request, row),
        hurts=True,
    )
    return _asked(request, row, outcome, lambda at, actor: archive.archive_company(company=row, at=at, actor=actor))


@staff_may(Right.COMPANIES_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def restore_company(request: StaffRequest, ref: str) -> HttpResponse:
    """Restore a company from the archive."""
    row = queries.company_by_ref(request.staff.organization, ref)
    told = {"name": row.name}
    outcome = Outcome(
        gettext("Restore %(name)s") % told,
        gettext("%(name)s is restored.") % told,
        [gettext("%(name)s can be given plans again, and people can be linked to it.") % told],
    )
    return _asked(request, row, outcome, lambda at, actor: archive.restore_company(company=row, at=at, actor=actor))


def _people_stay(row: Company, at: datetime) -> str:
    many, _last = seats.boundaries(row.pk, (), at)
    return ngettext(
        "The %(count)d person who belongs to it stays in its record, and inherits nothing.",
        "The %(count)d people who belong to it stay in its record, and inherit nothing.",
        many,
    ) % {"count": many}


def running(request: StaffRequest, row: Customer | Company) -> tuple[MembershipView, ...]:
    """Return the memberships of their own that are not over, and stand in the way."""
    staff = request.staff
    views = (
        memberships.held_by_customer(organization=staff.organization, customer=row, at=staff.at)
        if isinstance(row, Customer)
        else memberships.held_by_company(organization=staff.organization, company=row, at=staff.at)
    )
    return tuple(each for each in views if each.status is not Status.EXPIRED and each.inherited_from is None)


def _asked(
    request: StaffRequest, row: Customer | Company, outcome: Outcome, run: Callable[[datetime, Actor], object]
) -> HttpResponse:
    staff = request.staff
    of_customer = isinstance(row, Customer)
    kind, prefix = ("customer", Prefix.CUSTOMER) if of_customer else ("company", Prefix.COMPANY)
    back = reverse(f"console:{kind}", args=[staff.organization.slug, ids.to_text(prefix, row.pk)])
    problem = outcome.in_the_way
    if request.method == "POST":
        try:
            answers.carried_out(lambda: run(staff.at, staff.actor))
        except TesseraError as refusal:
            problem = sentence(refusal.detail)
        else:
            return answers.done(request, back, outcome.said)
    return answers.drawer(
        request,
        "console/archiving.html",
        section="customers" if of_customer else "companies",
        status=422 if request.method == "POST" else 200,
        outcome=outcome,
        title=outcome.title,
        problem=problem,
        action=request.path,
        back=back,
    )

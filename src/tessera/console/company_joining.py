"""How a company's people join it by themselves: its address for them, and invitations to single ones."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.identity.sessions import present_instant
from tessera.organizations.formatting import sentence
from tessera.organizations.rights import Right
from tessera.people import company_codes, company_joining, queries
from tessera.people.models import Company
from tessera.signup.framing import own_origin


@staff_may(Right.COMPANIES_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: StaffRequest, ref: str) -> HttpResponse:
    """Show the address and who is invited; make, replace and revoke the one, send and withdraw the others."""
    staff = request.staff
    company = queries.company_by_ref(staff.organization, ref)
    address, problem = "", ""
    here = reverse("console:company_joining", args=[staff.organization.slug, ids.to_text(Prefix.COMPANY, company.pk)])
    if request.method == "POST":
        address = request.POST.get("address", "")[:1_000]
        run, said = _asked(request, company)
        problem = said if run is None else ""
        if run is not None:
            try:
                answers.carried_out(run)
            except TesseraError as refusal:
                problem = sentence(refusal.detail)
            else:
                return answers.done(request, here, said)
    link = company_joining.link_of(company)
    return answers.page(
        request,
        "console/companies/joining.html",
        section="companies",
        status=422 if problem else 200,
        company=company,
        reference=ids.to_text(Prefix.COMPANY, company.pk),
        link=_address(company, company_codes.of_link(link)) if link is not None else "",
        for_anyone=link is not None and link.for_anyone,
        waiting=company_joining.waiting_for(company, present_instant()),
        address=address,
        problem=problem,
        action=here,
    )


def _asked(request: StaffRequest, company: Company) -> tuple[Callable[[], Any] | None, str]:
    """Return what is to be done and what is said then; None, and why not, if nothing is."""
    staff, post = request.staff, request.POST
    told: dict[str, Any] = {"company": company, "at": staff.at, "actor": staff.actor}
    match post.get("do", ""):
        case "make":
            anyone = post.get("who") == "anyone"
            return (
                lambda: company_joining.make_link(for_anyone=anyone, **told),
                gettext("There is a new address. The one before opens nothing any more."),
            )
        case "revoke":
            return lambda: company_joining.revoke_link(**told), gettext("The address opens nothing any more.")
        case "invite":
            address = post.get("address", "")[:1_000]
            return (
                lambda: company_joining.invite(address=address, sent_at=present_instant(), **told),
                gettext("The invitation is on its way."),
            )
        case "withdraw":
            which = post.get("invitation", "")[:80]
            return (
                lambda: company_joining.withdraw_invitation(ref=which, **told),
                gettext("The invitation is withdrawn."),
            )
    return None, gettext("Say what is to be done.")


def _address(company: Company, code: str) -> str:
    return own_origin() + reverse("join:company", args=[company.organization.slug, code])

"""The page by which a company's people join it: /join/{organization}/company/{code}."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.translation import gettext

from tessera import db
from tessera.core.errors import TesseraError
from tessera.http import limits
from tessera.identity.sessions import present_instant
from tessera.memberships import queries as memberships
from tessera.memberships.types import Status
from tessera.organizations.formatting import sentence
from tessera.people import company_joining as entries
from tessera.people import services as people
from tessera.people.company_joining import Entry
from tessera.people.errors import CompanyLinkUnknown
from tessera.people.types import CompanyStatus, CustomerDetails, CustomerStatus
from tessera.signup import company_joining
from tessera.signup.pages import joining, presenting, steps
from tessera.signup.pages.typed import Typed
from tessera.signup.pages.visit import Visit, again, page

_FIELDS = ("first_name", "last_name")


@dataclass(frozen=True, slots=True)
class Inherited:
    """What somebody has of the company, in words."""

    plan: str
    says: str
    grants: tuple[str, ...]


def company(visit: Visit, code: str) -> HttpResponse:
    """Lead somebody through joining a company: an address, a code, their name if it is not known, and in they are."""
    entry = _entry(visit, code)
    typed = Typed()
    if visit.request.method == "POST":
        do = visit.request.POST.get("do", "")
        if do == "company":
            typed = _join(visit, entry)
        elif do in steps.SIGNING_IN:
            typed = steps.SIGNING_IN[do](visit, None)
        if not (typed.wrong or visit.candidates):
            return again(visit, visit.address("company", code))
    name, context = _step(visit, entry)
    return page(
        visit,
        "signup/company.html",
        status=422 if typed.wrong else 200,
        company=entry.company.name,
        step=name,
        step_template=f"signup/_{name}.html",
        action=visit.address("company", code),
        typed=typed,
        **context,
    )


def _entry(visit: Visit, code: str) -> Entry:
    """Codes that open nothing are counted, so that nobody tries many."""
    try:
        return entries.entry(organization=visit.organization, code=code, real_at=present_instant())
    except CompanyLinkUnknown:
        limits.company_code_tried(address=visit.client_address)
        accepted = _accepted(visit, code)
        if accepted is None:
            raise
        return accepted


def _accepted(visit: Visit, code: str) -> Entry | None:
    """An invitation that whoever is signed in has used up themselves: the page they come back to by it."""
    if visit.signed_in is None:
        return None
    found = entries.used(organization=visit.organization, code=code)
    if found is None or company_joining.present_in(visit.signed_in.customer, found, visit.at) is None:
        return None
    return found


def _step(visit: Visit, entry: Entry) -> tuple[str, dict[str, object]]:
    signed_in, name = visit.signed_in, {"company": entry.company.name}
    if signed_in is not None and company_joining.present_in(signed_in.customer, entry, visit.at) is not None:
        return "company_done", {"inherited": _inherited(visit, entry)}
    why = ""
    if signed_in is not None and signed_in.customer.status != CustomerStatus.ACTIVE:
        why = "banned" if signed_in.banned else "put_away"
    if why:
        heading, text = presenting.refusal(why, "", "")
        return "refused", {"why": why, "heading": heading, "text": text}
    if entry.company.status != CompanyStatus.ACTIVE:
        heading = gettext("Nobody can join %(company)s for now") % name
        return "refused", {"why": "archived", "heading": heading, "text": gettext("Ask at the desk.")}
    if signed_in is None:
        step = joining.signing_in(visit)
        return step.name, step.context
    if company_joining.way_in(entry, signed_in) is None:
        return "company_address", {"domains": [] if entry.invitation else entry.company.email_domains}
    if entry.invitation is None and company_joining.has_left(signed_in.customer, entry, visit.at):
        text = gettext("Whoever has left comes back by an invitation. Ask there for one.")
        heading = gettext("You have left %(company)s") % name
        return "refused", {"why": "left", "heading": heading, "text": text}
    customer = signed_in.customer
    return "company_join", {"nameless": not (customer.first_name or customer.display_name)}


def _join(visit: Visit, entry: Entry) -> Typed:
    post, signed_in = visit.request.POST, visit.signed_in
    typed = Typed({name: post.get(name, "")[:1_000] for name in _FIELDS if name in post})
    if signed_in is None:
        return typed
    if "first_name" in typed.values and not typed.values["first_name"].strip():
        typed.errors["first_name"] = gettext("Your first name is needed.")
        return typed
    told: CustomerDetails = {}
    if "first_name" in typed.values and not (signed_in.customer.first_name or signed_in.customer.display_name):
        told = {"first_name": typed.values["first_name"], "last_name": typed.values.get("last_name", "")}

    def run() -> None:
        with db.transaction():
            company_joining.join(
                entry=entry, signed_in=signed_in, at=visit.at, real_at=present_instant(), actor=visit.actor
            )
            if told:
                people.update_customer(customer=signed_in.customer, at=visit.at, actor=visit.actor, **told)

    try:
        db.retrying_deadlocks(run)
    except TesseraError as refusal:
        typed.refuse(refusal, _refused(refusal), fields=_FIELDS)
    return typed


def _inherited(visit: Visit, entry: Entry) -> list[Inherited]:
    assert visit.signed_in is not None
    views = memberships.held_by_customer(
        organization=visit.organization, customer=visit.signed_in.customer, at=visit.at
    )
    found = []
    for view in views:
        mine = view.inherited_from is not None and view.inherited_from.id == entry.company.pk
        if not mine or view.status is Status.EXPIRED:
            continue
        if view.seated is False:
            says = gettext("Its seats are taken: you have it as soon as one is free.")
        elif view.status is Status.ACTIVE:
            says = gettext("You have it now.")
        else:
            says = gettext("You have it as soon as it runs.")
        grants = view.permission_names if view.seated is not False else ()
        found.append(Inherited(view.plan.name, says, grants))
    return found


def _refused(refusal: TesseraError) -> str:
    return {
        "company_invitation_unknown": gettext("This invitation was answered or withdrawn. Ask for another one."),
        "company_archived": gettext("Nobody can join it for now: ask at the desk."),
        "already_affiliated": gettext("You are to join it later anyway: there is nothing to do."),
    }.get(refusal.code, sentence(refusal.detail))

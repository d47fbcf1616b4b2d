"""The page of a plan: one address, which shows the step that its visitor is at."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from django.http import HttpResponse
from django.utils import translation

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.http import problems
from tessera.memberships import capacity, granting
from tessera.memberships import queries as memberships
from tessera.memberships.types import EndedReason, Status
from tessera.memberships.views import MembershipView
from tessera.organizations.time import zone
from tessera.people.types import CustomerStatus, Source
from tessera.signup import missing, offers, speaking
from tessera.signup.pages import plans, presenting, steps
from tessera.signup.pages.plans import Found
from tessera.signup.pages.typed import Typed, asked
from tessera.signup.pages.visit import Visit, again, page

_JUST_NOW: Final = timedelta(minutes=30)
_UNWELCOME: Final = {CustomerStatus.BANNED: "banned", CustomerStatus.ARCHIVED: "put_away"}
_RENEWABLE: Final = (EndedReason.LAPSED, EndedReason.CANCELED)


@dataclass(frozen=True, slots=True)
class Step:
    """Where a visitor is: the name, which a host is told too, and what its part of the page needs."""

    name: str
    context: dict[str, Any]


def plan(visit: Visit, ref: str) -> HttpResponse:
    """Show the plan and the step, after doing what was sent."""
    found = plans.found(visit.organization, ref)
    typed = Typed({"address": visit.request.GET.get("email", "")[:254]})
    if price := visit.request.GET.get("price", ""):
        visit.flow = replace(visit.flow, price=price[:40])
    if visit.request.method == "POST":
        try:
            typed = steps.done(visit, found)
        except steps.TokenRefused as token:
            return problems.refusal(visit.request, token.refusal)
        # In a frame the page may be all that there is to remember by: it is answered, not led on.
        if not (typed.wrong or visit.framed or visit.candidates):
            return again(visit, visit.address("plan", ref))
    with translation.override(speaking.spoken(visit.locale)):
        return _shown(visit, found, typed)


def _shown(visit: Visit, found: Found, typed: Typed) -> HttpResponse:
    step = _step(visit, found, typed)
    return page(
        visit,
        "signup/plan.html",
        status=422 if typed.wrong else 200,
        plan=plans.shown(visit, [found])[0],
        step=step.name,
        step_template=f"signup/_{step.name}.html",
        action=visit.address("plan", found.ref),
        typed=typed,
        **step.context,
    )


def _step(visit: Visit, found: Found, typed: Typed) -> Step:
    signed_in = visit.signed_in
    held = _held(visit, found) if signed_in is not None else []
    current = next((each for each in held if each.status is not Status.EXPIRED), None)
    if current is not None:
        return _done(visit, current)
    why = plans.obstacle(found, visit.settings)
    if not why and signed_in is not None:
        why = _UNWELCOME.get(CustomerStatus(signed_in.customer.status), "")
    if not why and capacity.full_plans([found.row], visit.at):
        why = "full"
    if why:
        heading, text = presenting.refusal(why, found.row.name, visit.settings.closed_sentence)
        return Step("refused", {"why": why, "heading": heading, "text": text})
    if signed_in is None:
        return signing_in(visit)
    wanted = missing.missing(visit.organization, signed_in.customer, found.row, visit.settings)
    if wanted:
        return Step("details", {"wanted": wanted, "questions": [asked(each, typed) for each in wanted.questions]})
    return _review(visit, found, typed, held)


def signing_in(visit: Visit) -> Step:
    """Return which step of signing in a visitor is at, whom nobody knows yet."""
    if not visit.flow.waiting:
        return Step("address", {})
    if visit.candidates or steps.proof(visit) is not None:
        return Step("who", {"candidates": visit.candidates, "address": visit.flow.address})
    return Step("code", {"address": visit.flow.address, "resend_in": visit.flow.resend_in})


def _review(visit: Visit, found: Found, typed: Typed, held: list[MembershipView]) -> Step:
    assert visit.signed_in is not None
    row, formats = found.row, visit.formats
    trials = any(offers.has_trial(each) for each in found.prices)
    trial = trials and not granting.had_trial(visit.signed_in.customer, row)
    wanted = typed.values.get("price") or visit.flow.price
    refs = [ids.to_text(Prefix.PRICE, each.pk) for each in found.prices]
    chosen = wanted if wanted in refs else refs[0]
    comes_to = [
        offers.offer(row, each, at=visit.at, zone=zone(visit.organization), trial=trial) for each in found.prices
    ]
    choices = [
        presenting.choice(row, each, offer, formats, at=visit.at, chosen=ref == chosen)
        for each, offer, ref in zip(found.prices, comes_to, refs, strict=True)
    ]
    ended = next((each for each in held if each.ended_reason in _RENEWABLE), None)
    renewable = ended if ended is not None and ended.price.amount_minor == 0 else None
    return Step(
        "review",
        {
            "choices": choices,
            "pays": any(each.pay_first for each in comes_to),
            "trial": all(each.trial for each in comes_to),
            "dated": any(each.first_payment is not None for each in comes_to),
            "renewable": ids.to_text(Prefix.MEMBERSHIP, renewable.id) if renewable is not None else "",
            "was_member": ended is not None,
        },
    )


def _done(visit: Visit, view: MembershipView) -> Step:
    assert visit.signed_in is not None
    customer = visit.signed_in.customer
    new = view.source is Source.SIGNUP and view.created_at > visit.at - _JUST_NOW
    shown = presenting.membership(
        view, visit.formats, name=customer.first_name or customer.display_name, new=new, at=visit.at
    )
    return Step("done", {"membership": shown, "new": new, "welcome": visit.settings.welcome if new else ""})


def _held(visit: Visit, found: Found) -> list[MembershipView]:
    """The visitor's own memberships of the plan, or that become it; what runs first."""
    assert visit.signed_in is not None
    views = memberships.held_by_customer(
        organization=visit.organization, customer=visit.signed_in.customer, at=visit.at
    )
    own = [each for each in views if each.inherited_from is None]
    return [each for each in own if found.row.pk in (each.plan.id, each.next_plan.id if each.next_plan else None)]

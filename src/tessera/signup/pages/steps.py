"""What is done on the page of a plan: each step is one POST with `do`, and may be sent twice."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from django.utils.translation import gettext, ngettext

from tessera import db
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.http.errors import TooManyRequests
from tessera.identity import codes, injection, signing_in
from tessera.identity.errors import CodeWrong, InjectionRefused, PersonAmbiguous, ProofNeeded
from tessera.identity.types import Asked, Injected, Proven
from tessera.organizations.formatting import sentence
from tessera.signup import missing, services, speaking, tokens
from tessera.signup.pages.plans import Found
from tessera.signup.pages.typed import Typed, details_of
from tessera.signup.pages.visit import Visit

_LONGEST_TOKEN: Final = 20_000
Step = Callable[[Visit, Found], Typed]


class TokenRefused(Exception):
    """A site's token signs nobody in: the frame's script is told why, and the page stays as it is."""

    def __init__(self, refusal: TesseraError) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


def done(visit: Visit, plan: Found) -> Typed:
    """Do what the form asks for; return what was typed, with what is wrong with it. Unknown steps do nothing."""
    post = visit.request.POST
    step = STEPS.get(post.get("do", "token" if "token" in post else ""))
    return Typed() if step is None else step(visit, plan)


def _ask(visit: Visit, plan: Found | None) -> Typed:
    """Send a code to the address."""
    address = visit.request.POST.get("address", "")[:1_100]
    typed = Typed({"address": address})
    before = codes.on_its_way(organization=visit.organization, browser=visit.flow.nonce)
    if before is not None and before.address == address.strip():
        _wait_for(visit, before)  # sent twice, or loaded anew
        return typed
    return _send(visit, typed, address)


def _again(visit: Visit, plan: Found | None) -> Typed:
    """Send another code to the same address."""
    if not visit.flow.address:
        return Typed()
    return _send(visit, Typed({"address": visit.flow.address}), visit.flow.address)


def _send(visit: Visit, typed: Typed, address: str) -> Typed:
    try:
        asked = db.retrying_deadlocks(
            lambda: codes.ask(
                organization=visit.organization,
                address=address,
                browser=visit.flow.nonce,
                surface=visit.surface,
                client_address=visit.client_address,
                locale=visit.locale,
            )
        )
    except TooManyRequests as refusal:
        typed.refuse(refusal, too_many(refusal), fields=("address",))
    except TesseraError as refusal:
        text = gettext("This is no e-mail address such as ada@example.org.") if refusal.code == "email_invalid" else ""
        typed.refuse(refusal, text, fields=("address",))
    else:
        _wait_for(visit, asked)
    return typed


def _wait_for(visit: Visit, asked: Asked) -> None:
    visit.flow = replace(
        visit.flow,
        attempt=asked.attempt,
        address=asked.address,
        resend_at=tokens.seconds(asked.resend_at),
        expires_at=tokens.seconds(asked.expires_at),
    )


def _other_address(visit: Visit, plan: Found | None) -> Typed:
    """Go back to the address, to write another one."""
    typed = Typed({"address": visit.flow.address})
    visit.flow = replace(visit.flow, attempt="", address="", resend_at=0, expires_at=0)
    return typed


def _enter(visit: Visit, plan: Found | None) -> Typed:
    """Enter the code that was sent."""
    given = visit.request.POST.get("code", "")[:40]
    typed = Typed({"code": given})
    if visit.signed_in is not None or not visit.flow.attempt:
        return typed
    try:
        proven = proven_by(visit, given)
        _begin(visit, proven=proven)
    except CodeWrong as refusal:
        typed.refuse(refusal, _wrong_code(refusal), fields=("code",))
    except PersonAmbiguous as several:
        visit.candidates = several.candidates  # the page asks which of them it is
    except TooManyRequests as refusal:
        typed.refuse(refusal, too_many(refusal), fields=("code",))
    except TesseraError as refusal:
        _start_over(visit, typed, refusal)
    return typed


def proven_by(visit: Visit, given: str) -> Proven:
    """Return what the code proves that was typed on a page of this flow. Raises as `codes.enter` does."""
    return codes.enter(
        organization=visit.organization,
        attempt=visit.flow.attempt,
        browser=visit.flow.nonce,
        code="".join(given.split()),
        client_address=visit.client_address,
    )


def _choose(visit: Visit, plan: Found | None) -> Typed:
    """Say which of several people with the address it is."""
    typed = Typed()
    proven = proof(visit)
    if visit.signed_in is not None or proven is None:
        return typed
    try:
        _begin(visit, proven=proven, choice=visit.request.POST.get("choice", "")[:80])
    except PersonAmbiguous as several:
        visit.candidates = several.candidates
        if "asked" in visit.request.POST:
            typed.errors["choice"] = gettext("Choose who you are.")
    except TesseraError as refusal:
        _start_over(visit, typed, refusal)
    return typed


def proof(visit: Visit) -> Proven | None:
    """Return what this browser has proved already without being signed in by it."""
    if not visit.flow.attempt:
        return None
    return codes.proven(organization=visit.organization, attempt=visit.flow.attempt, browser=visit.flow.nonce)


def _begin(visit: Visit, *, proven: Proven | None = None, injected: Injected | None = None, choice: str = "") -> None:
    if injected is None and visit.flow.carried:
        injected = injection.carried_back(visit.flow.carried, organization=visit.organization, nonce=visit.flow.nonce)
    begun = db.retrying_deadlocks(
        lambda: signing_in.begin(
            organization=visit.organization,
            proven=proven,
            injected=injected,
            surface=visit.surface,
            device=visit.device,
            client_address=visit.client_address,
            at=visit.at,
            choice=choice or None,
        )
    )
    visit.sign_in(begun)


def _inject(visit: Visit, plan: Found) -> Typed:
    """Take the word of the site that shows the frame for who its visitor is; else they are asked for a code."""
    typed = Typed()
    post = visit.request.POST
    if not visit.framed or visit.signed_in is not None:
        return typed
    try:
        injected = injection.inject(
            organization=visit.organization,
            token=post.get("token", "")[:_LONGEST_TOKEN],
            origin=post.get("origin", "")[:300],
            nonce=visit.flow.nonce,
            client_address=visit.client_address,
        )
    except (InjectionRefused, TooManyRequests) as refusal:
        raise TokenRefused(refusal) from refusal
    try:
        _begin(visit, injected=injected)
    except ProofNeeded as refusal:
        visit.flow = replace(
            visit.flow,
            carried=injection.carried(injected, organization=visit.organization, nonce=visit.flow.nonce),
        )
        typed.values["address"] = refusal.address
        typed.refuse(refusal, gettext("Show once that the address is yours; from then on the site signs you in."))
    except TesseraError as refusal:
        raise TokenRefused(refusal) from refusal
    return typed


def _tell(visit: Visit, plan: Found) -> Typed:
    """Take down what is asked of whoever joins."""
    signed_in = visit.signed_in
    if signed_in is None:
        return Typed()
    wanted = missing.missing(visit.organization, signed_in.customer, plan.row, visit.settings)
    typed, told = details_of(visit.request.POST, wanted, visit.organization)
    if typed.wrong:
        return typed
    try:
        db.retrying_deadlocks(
            lambda: services.tell(
                organization=visit.organization,
                customer=signed_in.customer,
                plan=plan.row,
                told=told,
                at=visit.at,
                actor=visit.actor,
            )
        )
    except TesseraError as refusal:
        typed.refuse(refusal, fields=tuple(typed.values))
    else:
        signed_in.customer.refresh_from_db()
    return typed


def _join(visit: Visit, plan: Found) -> Typed:
    """Join, or apply."""
    typed = Typed({"price": visit.request.POST.get("price", "")[:80]})
    signed_in = visit.signed_in
    if signed_in is None:
        return typed
    price = next((each for each in plan.prices if ids.to_text(Prefix.PRICE, each.pk) == typed.values["price"]), None)
    if price is None and len(plan.prices) > 1:
        typed.errors["price"] = gettext("Choose a price.")
        return typed
    terms = visit.request.POST.get("terms", "")
    shown = visit.settings.terms
    try:
        db.retrying_deadlocks(
            lambda: services.join(
                organization=visit.organization,
                customer=signed_in.customer,
                plan=plan.row,
                price=price,
                terms_id=shown.id if shown is not None and terms == str(shown.number) else None,
                at=visit.at,
                actor=visit.actor,
            )
        )
    except TesseraError as refusal:
        typed.refuse(refusal, _join_refused(refusal))
    return typed


def _renew(visit: Visit, plan: Found) -> Typed:
    """Renew a membership that has ended and costs nothing."""
    typed = Typed()
    key = ids.from_text(Prefix.MEMBERSHIP, visit.request.POST.get("membership", ""))
    signed_in = visit.signed_in
    if signed_in is None or key is None:
        return typed
    try:
        db.retrying_deadlocks(
            lambda: services.renew(
                organization=visit.organization,
                customer=signed_in.customer,
                membership_id=key,
                at=visit.at,
                actor=visit.actor,
            )
        )
    except TesseraError as refusal:
        typed.refuse(refusal, _join_refused(refusal))
    return typed


def _leave(visit: Visit, plan: Found | None) -> Typed:
    """Be somebody else: sign out here."""
    visit.sign_out()
    return Typed()


def _speak(visit: Visit, plan: Found | None) -> Typed:
    """Go on in another language; what was typed so far comes along."""
    wanted = speaking.known(visit.request.POST.get("language", ""))
    if wanted:
        visit.flow = replace(visit.flow, locale=wanted)
        visit.locale = wanted
    return Typed()


# What is done before it matters which plan it is: the portal and companies' pages begin with the same steps.
SIGNING_IN: Final[dict[str, Callable[[Visit, Found | None], Typed]]] = {
    "address": _ask,
    "again": _again,
    "other-address": _other_address,
    "code": _enter,
    "choose": _choose,
    "leave": _leave,
    "language": _speak,
}
STEPS: Final[dict[str, Step]] = {
    **SIGNING_IN,
    "token": _inject,
    "details": _tell,
    "join": _join,
    "renew": _renew,
}


def _start_over(visit: Visit, typed: Typed, refusal: TesseraError) -> None:
    """The code counts no more: back to the address, which is kept."""
    typed.values["address"] = visit.flow.address
    visit.flow = replace(visit.flow, attempt="", resend_at=0, expires_at=0)
    typed.refuse(refusal, said_of(refusal))


def said_of(refusal: TesseraError) -> str:
    """Return what a refused code says to whoever entered it."""
    if isinstance(refusal, CodeWrong):
        return _wrong_code(refusal)
    if isinstance(refusal, TooManyRequests):
        return too_many(refusal)
    said = {
        "email_code_expired": gettext("The code was good for ten minutes, and they are over. Have another one sent."),
        "email_code_void": gettext("This code counts no more. Have another one sent."),
    }
    return said.get(refusal.code) or sentence(refusal.detail)


def _wrong_code(refusal: CodeWrong) -> str:
    if refusal.tries_left < 1:
        return gettext("That is not the code, and it was the last try. Have another one sent.")
    return ngettext(
        "That is not the code. %(count)d try is left.",
        "That is not the code. %(count)d tries are left.",
        refusal.tries_left,
    ) % {"count": refusal.tries_left}


def too_many(refusal: TooManyRequests) -> str:
    """Return when it can be tried again."""
    wait = refusal.retry_after
    if wait < 90:
        return ngettext(
            "That was too often. Try again in %(count)d second.",
            "That was too often. Try again in %(count)d seconds.",
            wait,
        ) % {"count": wait}
    minutes = -(-wait // 60)
    return ngettext(
        "That was too often. Try again in %(count)d minute.",
        "That was too often. Try again in %(count)d minutes.",
        minutes,
    ) % {"count": minutes}


def _join_refused(refusal: TesseraError) -> str:
    return {
        "terms_changed": gettext("The terms have just been changed. Read them again, then join."),
        "plan_full": gettext("The last place has just been taken."),
        "price_inactive": gettext("This price is not offered any more. Choose again."),
        "signup_details_missing": gettext("Something is not known yet. Fill it in first."),
        "signup_closed": gettext("Nobody can join here for now."),
    }.get(refusal.code, "")

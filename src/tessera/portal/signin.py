"""Signing in to the portal, by the same steps as joining; and out."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse

from tessera.identity import passkeys
from tessera.organizations.adapters import passkey_domain
from tessera.portal.access import Member, member_may, open_to_all, page_asked_for
from tessera.signup import speaking
from tessera.signup.pages import joining, steps
from tessera.signup.pages.typed import Typed
from tessera.signup.pages.visit import Visit, again, page


@open_to_all
def sign_in(visit: Visit) -> HttpResponse:
    """Ask for an address and the code that is sent there; then on to the page that was asked for."""
    onward = page_asked_for(visit, visit.request.GET.get("next", ""))
    typed = Typed()
    if visit.request.method == "POST":
        step = steps.SIGNING_IN.get(visit.request.POST.get("do", ""))
        typed = step(visit, None) if step is not None else typed
    if visit.signed_in is not None:
        return again(visit, onward)
    here = _here(visit, onward)
    if visit.request.method == "POST" and not (typed.wrong or visit.candidates):
        return again(visit, here)
    return _shown(visit, typed, here)


@member_may
def sign_out(member: Member) -> HttpResponse:
    """End this very session. A page that is only looked at ends nothing."""
    visit = member.visit
    if visit.request.method == "POST":
        visit.sign_out()
        return again(visit, reverse("portal:sign_in", args=[visit.organization.slug]))
    return again(visit, member.address("home"))


def _shown(visit: Visit, typed: Typed, here: str) -> HttpResponse:
    step = joining.signing_in(visit)
    domain = passkey_domain(visit.request) if step.name == "address" else None
    return page(
        visit,
        "portal/sign_in.html",
        status=422 if typed.wrong else 200,
        step=step.name,
        step_template=f"signup/_{step.name}.html",
        action=here,
        typed=typed,
        question=passkeys.question(domain=domain, browser=visit.flow.nonce) if domain else None,
        passkey_url=here.replace("/sign-in?", "/sign-in/passkey?", 1),
        **step.context,
    )


def _here(visit: Visit, onward: str) -> str:
    asked = {"next": onward, "locale": speaking.asked_for(visit.request)}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{reverse('portal:sign_in', args=[visit.organization.slug])}?{query}"

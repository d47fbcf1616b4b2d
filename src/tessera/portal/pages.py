"""What every page of the portal is made of: the frame around it, and what it says after something was done."""

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from tessera import db
from tessera.core.errors import TesseraError
from tessera.identity.types import Surface
from tessera.portal.access import Member
from tessera.signup.pages.visit import again, shell

# What a page says on top after something was done, by the word in its address: nothing else is ever shown from there.
DONE: Final = {
    "canceled": _("It is canceled."),
    "withdrawn": _("It is taken back."),
    "undone": _("The cancelling is taken back. Everything goes on as before."),
    "paused": _("The pause is set."),
    "resumed": _("The pause is over."),
    "pause-dropped": _("The pause is taken back."),
    "renewed": _("It is renewed."),
    "changed": _("The change is made."),
    "change-booked": _("The change is booked."),
    "change-dropped": _("The change is taken back."),
    "saved": _("Saved."),
    "address": _("Your e-mail address is changed."),
    "address-removed": _("The address is removed."),
    "signed-out": _("Signed out there."),
    "unlinked": _("The site signs you in no more."),
    "deletion": _("Your wish is put down. Staff will see to it."),
    "deletion-withdrawn": _("Your wish is taken back. Nothing is deleted."),
    "invited": _("The invitation is on its way."),
    "invitation-withdrawn": _("The invitation is withdrawn."),
    "link-made": _("There is a new address. The one before opens nothing any more."),
    "link-revoked": _("The address opens nothing any more."),
    "removed": _("The seat is free."),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the portal that one can go to."""

    name: str
    text: object
    address: str
    current: bool


_PLACES: Final = (
    ("home", _("Memberships")),
    ("details", _("Details")),
    ("sessions", _("Signing in")),
    ("own_data", _("Your data")),
)


def page(member: Member, template: str, *, place: str, status: int = 200, **context: object) -> HttpResponse:
    """Return a page of the portal. `place` is where it stands in the navigation."""
    return render(member.request, template, {**_frame(member, place), **context}, status=status)


def done(member: Member, address: str) -> HttpResponse:
    """Lead on after something was done, so that loading the page anew does nothing twice."""
    return again(member.visit, address)


def refusal_of(run: Any) -> TesseraError | None:
    """Carry something out; return the refusal if there is one. A lock that two waited for is tried again."""
    try:
        db.retrying_deadlocks(run)
    except TesseraError as refusal:
        return refusal
    return None


def _frame(member: Member, place: str) -> dict[str, Any]:
    return {
        **shell(member.visit),
        "member": member,
        "customer": member.customer,
        "places": [Place(name, text, member.address(name), name == place) for name, text in _PLACES],
        "home_url": member.address("home"),
        "sign_out_url": member.address("sign_out"),
        "said": DONE.get(member.request.GET.get("done", ""), ""),
        "surface": Surface.PORTAL,
    }

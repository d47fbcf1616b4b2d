"""Taking back what was just done: a button in the message that says it, for ten minutes, for who did it.

What can be undone is listed here, each with the right that doing it needs. The button carries what is to be undone,
signed: nothing is stored, and nothing can be asked for that was not offered.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from tessera.console import answers
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.core.errors import Forbidden, TesseraError
from tessera.memberships import inheritance
from tessera.organizations.formatting import sentence
from tessera.organizations.rights import Right
from tessera.people import notes
from tessera.people import queries as people
from tessera.people.models import Company, Customer

_SALT: Final = "console.undo"
_SECONDS: Final = 600
MARK: Final = "undo "  # begins the tags of a message that can be undone


@dataclass(frozen=True, slots=True)
class Undoing:
    """One thing that can be undone: who may, and what does it; `run` returns what is said then."""

    right: Right
    run: Callable[[Member, Mapping[str, Any]], str]


def done(request: StaffRequest, address: str, message: str, *, what: str, **told: object) -> HttpResponse:
    """As `answers.done`, with the offer to undo `what`, whose `told` are JSON values."""
    staff = request.staff
    token = signing.dumps({"what": what, "staff": str(staff.row.pk), "back": address, **told}, salt=_SALT)
    messages.success(request, message, extra_tags=MARK + token)
    return answers.go(request, address)


@staff_may(Right.CUSTOMERS_READ)
@require_POST
def undo(request: StaffRequest) -> HttpResponse:
    """Undo what a message offered to whoever it was shown to. Late, or done already, it says so and changes nothing."""
    staff = request.staff
    start = reverse("console:customers", args=[staff.organization.slug])
    try:
        told = signing.loads(request.POST.get("token", ""), salt=_SALT, max_age=_SECONDS)
    except signing.BadSignature:
        messages.error(request, gettext("It is too late to undo this here. Nothing was changed."))
        return redirect(start)
    undoing = UNDOINGS.get(told["what"])
    if undoing is None or told["staff"] != str(staff.row.pk) or undoing.right not in staff.rights:
        raise Forbidden(gettext("Only whoever did this can undo it here, while they have the right to."))
    try:
        message = answers.carried_out(lambda: undoing.run(staff, told))
    except TesseraError as refusal:
        messages.error(request, sentence(refusal.detail))
    else:
        messages.success(request, message)
    return redirect(told["back"])


def _put_back_note(staff: Member, told: Mapping[str, Any]) -> str:
    about: Customer | Company = (
        people.customer_by_ref(staff.organization, told["about"])
        if told["about"].startswith("cus_")
        else people.company_by_ref(staff.organization, told["about"])
    )
    note = notes.note_by_id(about, told["note"])
    notes.put_back_note(note=note, at=staff.at, actor=staff.actor)
    return gettext("The note is back.")


def _link_again(staff: Member, told: Mapping[str, Any]) -> str:
    company = people.company_by_ref(staff.organization, told["company"])
    ends = {UUID(key): datetime.fromisoformat(end) if end else None for key, end in told["ends"].items()}
    left_at = datetime.fromisoformat(told["left_at"])
    many = inheritance.rejoin(company=company, ends=ends, left_at=left_at, at=staff.at, actor=staff.actor)
    if not many:
        return gettext("There was nothing to undo any more.")
    return ngettext(
        "%(count)d person belongs to %(company)s as before.", "%(count)d people belong to %(company)s as before.", many
    ) % {"count": many, "company": company.name}


UNDOINGS: Final[Mapping[str, Undoing]] = {
    "note": Undoing(Right.CUSTOMERS_READ, _put_back_note),
    "unlink": Undoing(Right.COMPANIES_WRITE, _link_again),
}

"""Notes about a customer or a company: written, changed by their author, pinned, deleted and put back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from tessera.console import answers, undo
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.conflicts import VersionedForm
from tessera.console.once import once
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.organizations.formatting import sentence
from tessera.organizations.rights import Right
from tessera.people import notes, queries
from tessera.people.models import Company, Customer
from tessera.people.notes import NoteFacts

_KINDS: Final[dict[str, tuple[Prefix, Right]]] = {
    "customer": (Prefix.CUSTOMER, Right.CUSTOMERS_WRITE),
    "company": (Prefix.COMPANY, Right.COMPANIES_WRITE),
}
_FIRST_LINES: Final = 60


@dataclass(frozen=True, slots=True)
class Shown:
    """A note as it is shown: with where what can be done with it is done. Empty: it cannot."""

    note: NoteFacts
    edit_url: str
    pin_url: str
    delete_url: str


class NoteForm(VersionedForm):
    text = forms.CharField(
        label=_("Note"), max_length=notes.LONGEST, strip=True, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("For staff only. It stays in this record and in no log."),
    )  # fmt: skip


def shown(about: Customer | Company, staff: Member) -> list[Shown]:
    """Return the notes about somebody, with what the member may do with each. One query."""
    kind = _kind(about)
    found = notes.notes_of(about)
    may = _KINDS[kind][1] in staff.rights
    args = [staff.organization.slug, _reference(about)]
    return [
        Shown(
            each,
            _address(kind, "edit", [*args, note]) if may and each.author == str(staff.actor) else "",
            _address(kind, "pin", [*args, note]) if may else "",
            _address(kind, "delete", [*args, note]) if may else "",
        )
        for each in found
        for note in [ids.to_text(Prefix.NOTE, each.id)]
    ]


def views(kind: str) -> dict[str, Callable[..., HttpResponse]]:
    """Return the views of notes about customers, or about companies: `write`, `edit`, `pin`, `delete`."""
    right = _KINDS[kind][1]
    return {
        "write": staff_may(right)(require_http_methods(["GET", "HEAD", "POST"])(_writing(kind))),
        "edit": staff_may(right)(require_http_methods(["GET", "HEAD", "POST"])(_editing(kind))),
        "pin": staff_may(right)(require_POST(_pinning(kind))),
        "delete": staff_may(right)(require_http_methods(["GET", "HEAD", "POST"])(_deleting(kind))),
    }


def _writing(kind: str) -> Callable[[StaffRequest, str], HttpResponse]:
    def write(request: StaffRequest, ref: str) -> HttpResponse:
        """Write a note."""
        staff, about = request.staff, _about(request.staff, kind, ref)
        form = NoteForm(answers.sent(request))
        if request.method == "POST" and form.is_valid():

            def make() -> str:
                notes.write_note(about=about, text=form.cleaned_data["text"], at=staff.at, actor=staff.actor)
                return _back(staff, about)

            try:
                address = answers.carried_out(lambda: once(request, make))
            except TesseraError as refusal:
                answers.refuse(form, refusal)
            else:
                return answers.done(request, address, gettext("Note written."))
        title = gettext("Note about %(name)s") % {"name": about.name}
        return _form(request, about, form, title=title, button=gettext("Write the note"))

    return write


def _editing(kind: str) -> Callable[[StaffRequest, str, str], HttpResponse]:
    def edit(request: StaffRequest, ref: str, note_ref: str) -> HttpResponse:
        """Change one's own note; refused if it has been changed or deleted meanwhile."""
        staff, about = request.staff, _about(request.staff, kind, ref)
        note = notes.note_by_id(about, note_ref)
        form = NoteForm(answers.sent(request), initial={"text": note.text, "version": note.version})
        if request.method == "POST" and form.is_valid():
            told = form.cleaned_data
            try:
                answers.carried_out(
                    lambda: notes.edit_note(
                        note=note, text=told["text"], version=told["version"], at=staff.at, actor=staff.actor
                    )
                )
            except TesseraError as refusal:
                answers.refuse(form, refusal, present=lambda: _now(about, note_ref))
            else:
                return answers.done(request, _back(staff, about), gettext("Note changed."))
        return _form(request, about, form, title=gettext("Change the note"), button=gettext("Save the note"))

    return edit


def _now(about: Customer | Company, note_ref: str) -> dict[str, Any]:
    note = notes.note_by_id(about, note_ref)
    return {"text": note.text, "version": note.version}


def _pinning(kind: str) -> Callable[[StaffRequest, str, str], HttpResponse]:
    def pin(request: StaffRequest, ref: str, note_ref: str) -> HttpResponse:
        """Keep a note on top, or no longer."""
        staff, about = request.staff, _about(request.staff, kind, ref)
        note, pinned = notes.note_by_id(about, note_ref), request.POST.get("pinned") == "yes"
        answers.carried_out(lambda: notes.pin_note(note=note, pinned=pinned, at=staff.at, actor=staff.actor))
        said = gettext("The note stays on top.") if pinned else gettext("The note lies among the others.")
        return answers.done(request, _back(staff, about), said)

    return pin


def _deleting(kind: str) -> Callable[[StaffRequest, str, str], HttpResponse]:
    def delete(request: StaffRequest, ref: str, note_ref: str) -> HttpResponse:
        """Delete a note, and offer to undo that."""
        staff, about = request.staff, _about(request.staff, kind, ref)
        note = notes.note_by_id(about, note_ref)
        problem = ""
        if request.method == "POST":
            try:
                answers.carried_out(lambda: notes.delete_note(note=note, at=staff.at, actor=staff.actor))
            except TesseraError as refusal:
                problem = sentence(refusal.detail)
            else:
                told: dict[str, Any] = {"about": _reference(about), "note": note_ref}
                return undo.done(request, _back(staff, about), gettext("Note deleted."), what="note", **told)
        first = note.text.splitlines()[0]
        quoted = first if len(first) <= _FIRST_LINES else f"{first[:_FIRST_LINES]}…"
        return answers.drawer(
            request,
            "console/plans/confirm.html",
            section=_SECTIONS[kind],
            status=422 if problem else 200,
            title=gettext("Delete this note"),
            sentences=[f"“{quoted}”", gettext("It can be put back for ten minutes. Then its text is gone.")],
            button=gettext("Delete the note"),
            hidden={},
            problem=problem,
            hurts=True,
            action=request.path,
            back=_back(staff, about),
        )

    return delete


def _form(request: StaffRequest, about: Customer | Company, form: NoteForm, *, title: str, button: str) -> HttpResponse:
    return answers.drawer(
        request,
        "console/notes/form.html",
        section=_SECTIONS[_kind(about)],
        status=422 if request.method == "POST" else 200,
        form=form,
        title=title,
        button=button,
        action=request.path,
        back=_back(request.staff, about),
    )


_SECTIONS: Final = {"customer": "customers", "company": "companies"}


def _kind(about: Customer | Company) -> str:
    return "customer" if isinstance(about, Customer) else "company"


def _about(staff: Member, kind: str, ref: str) -> Customer | Company:
    if kind == "customer":
        return queries.customer_by_ref(staff.organization, ref)
    return queries.company_by_ref(staff.organization, ref)


def _reference(about: Customer | Company) -> str:
    return ids.to_text(_KINDS[_kind(about)][0], about.pk)


def _address(kind: str, what: str, args: list[str]) -> str:
    return reverse(f"console:{kind}_note_{what}", args=args)


def _back(staff: Member, about: Customer | Company) -> str:
    return reverse(f"console:{_kind(about)}", args=[staff.organization.slug, _reference(about)])

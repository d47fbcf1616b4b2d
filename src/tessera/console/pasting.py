"""Linking many people to a company by a pasted list of e-mail addresses: read, said line by line, then done once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from tessera.console import answers
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.affiliations import address
from tessera.console.once import once
from tessera.core.errors import TesseraError
from tessera.memberships import joining, seats
from tessera.memberships import queries as memberships
from tessera.memberships.joining import WELCOME, Fate, Placed
from tessera.memberships.types import Status
from tessera.organizations.rights import Right
from tessera.people import address_lists, queries
from tessera.people.models import Company
from tessera.people.types import CompanyStatus


class ListForm(forms.Form):
    text = forms.CharField(
        label=_("E-mail addresses"),
        max_length=address_lists.LONGEST,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("One a line, or as they come out of a mail or a table: Ada Lovelace <ada@acme.example>"),
    )

    def clean_text(self) -> list[address_lists.Entry]:
        found = address_lists.parsed(self.cleaned_data["text"])
        if len(found) > address_lists.MOST:
            told = {"most": address_lists.MOST, "many": len(found)}
            raise forms.ValidationError(gettext("At most %(most)d at once, and these are %(many)d.") % told)
        if not any(each.key for each in found):
            raise forms.ValidationError(gettext("There is no e-mail address in this. One looks like ada@acme.example."))
        return found


@dataclass(frozen=True, slots=True)
class Foretold:
    """What a list comes to: each line, the sums in words, and what becomes of the seats."""

    rows: list[Placed]
    sums: list[tuple[str, str]]
    sentences: list[str]
    welcome: int


@staff_may(Right.COMPANIES_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: StaffRequest, ref: str) -> HttpResponse:
    """Ask for a list, say what becomes of each line, and do it when told so: with `do`, what was said before."""
    staff = request.staff
    company = queries.company_by_ref(staff.organization, ref)
    form = ListForm(answers.sent(request))
    foretold = None
    problem = gettext("This company is archived. Restore it first.") if company.status == CompanyStatus.ARCHIVED else ""
    if request.method == "POST" and form.is_valid() and not problem:
        entries = form.cleaned_data["text"]
        if request.POST.get("do") == "link":
            done: list[Placed] = []

            def make() -> str:
                done.extend(joining.join_list(company=company, entries=entries, at=staff.at, actor=staff.actor))
                return address(staff, company)

            try:
                where = answers.carried_out(lambda: once(request, make))
            except TesseraError as refusal:
                answers.refuse(form, refusal, {"list": "text"})
            else:
                # The same form again finds its work done: it says nothing, and leads to where the first one went.
                return answers.done(request, where, _said(company, done)) if done else answers.go(request, where)
        foretold = _foretold(staff, company, joining.placed(company, entries, staff.at))
    return answers.page(
        request,
        "console/companies/paste.html",
        section="companies",
        status=422 if request.method == "POST" and (form.errors or problem) else 200,
        company=company,
        form=form,
        foretold=foretold,
        problem=problem,
        action=request.path,
        back=address(staff, company),
    )


def _foretold(staff: Member, company: Company, rows: list[Placed]) -> Foretold:
    counts = Counter(row.fate for row in rows)
    welcome = sum(counts[fate] for fate in WELCOME)
    sums = [(fate.value, _COUNTED[fate](counts[fate])) for fate in Fate if counts[fate]]
    return Foretold(rows, sums, _seats(staff, company, welcome), welcome)


def _seats(staff: Member, company: Company, joining_many: int) -> list[str]:
    """What becomes of the seats when so many join: they come last in the order, so it is they who may find none."""
    views = memberships.held_by_company(organization=staff.organization, company=company, at=staff.at)
    running = [each for each in views if each.status is Status.ACTIVE]
    if not running:
        return [gettext("%(company)s holds nothing now, so nobody inherits anything yet.") % {"company": company.name}]
    many, _last = seats.boundaries(company.pk, (), staff.at)
    said = []
    for view in running:
        if view.seats is None:
            continue
        over = max(0, many + joining_many - view.seats)
        new = min(over, joining_many)
        told = {"plan": view.plan.name, "seats": view.seats, "taken": min(many, view.seats), "over": new}
        if new:
            said.append(
                ngettext(
                    "%(over)d person will be over the limit: %(plan)s has %(seats)d seats, %(taken)d of them taken.",
                    "%(over)d people will be over the limit: %(plan)s has %(seats)d seats, %(taken)d of them taken.",
                    new,
                )
                % told
            )
        else:
            said.append(gettext("Everybody finds a seat in %(plan)s.") % told)
    return said or [gettext("They all inherit what %(company)s holds, from now on.") % {"company": company.name}]


def _said(company: Company, done: Sequence[Placed]) -> str:
    many = sum(row.fate in WELCOME for row in done)
    told = {"count": many, "company": company.name}
    if not many:
        return gettext("Nobody new was linked to %(company)s.") % told
    said = ngettext("%(count)d person linked to %(company)s.", "%(count)d people linked to %(company)s.", many) % told
    new = sum(row.fate is Fate.NEW for row in done)
    if new:
        said += " " + ngettext("%(count)d of them is new here.", "%(count)d of them are new here.", new) % {
            "count": new
        }
    return said


_COUNTED: Final = {
    Fate.LINKS: lambda many: (
        ngettext("%(count)d known, will be linked", "%(count)d known, will be linked", many) % {"count": many}
    ),
    Fate.NEW: lambda many: ngettext("%(count)d new customer", "%(count)d new customers", many) % {"count": many},
    Fate.BELONGS: lambda many: ngettext("%(count)d linked already", "%(count)d linked already", many) % {"count": many},
    Fate.SEVERAL: lambda many: ngettext("%(count)d not clear", "%(count)d not clear", many) % {"count": many},
    Fate.BANNED: lambda many: ngettext("%(count)d banned", "%(count)d banned", many) % {"count": many},
    Fate.ARCHIVED: lambda many: ngettext("%(count)d archived", "%(count)d archived", many) % {"count": many},
    Fate.TWICE: lambda many: ngettext("%(count)d repeated", "%(count)d repeated", many) % {"count": many},
    Fate.UNREADABLE: lambda many: ngettext("%(count)d not readable", "%(count)d not readable", many) % {"count": many},
}

"""Two records of one person side by side: who they may be, what survives, what moves, what stands in the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from tessera.access.queries import effective_permissions
from tessera.console import answers
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.memberships import difference
from tessera.console.picking import customer_meant
from tessera.core import ids
from tessera.core.errors import Invalid, TesseraError
from tessera.core.ids import Prefix
from tessera.db.foreseeing import foresee
from tessera.lifecycle.merge import TAKEN, merge_customer
from tessera.memberships import queries as memberships
from tessera.memberships.views import MembershipView
from tessera.organizations.formatting import sentence
from tessera.organizations.rights import Right
from tessera.people import notes, queries
from tessera.people.duplicates import Likely, Likeness, likely_duplicates
from tessera.people.models import Affiliation, Customer
from tessera.people.queries import CustomerFacts

LIKENESSES: Final = {
    Likeness.EMAIL: _("same e-mail"),
    Likeness.PHONE: _("same phone"),
    Likeness.NAME_AND_BIRTHDAY: _("same name and birthday"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One field of both records. `taken`: the other's is to survive. Where they are alike nothing is to be chosen."""

    name: str
    label: str
    kept: str
    other: str
    taken: bool

    @property
    def differs(self) -> bool:
        return self.kept != self.other and bool(self.other)


@dataclass(frozen=True, slots=True)
class Settle:
    """Something to be settled first: both memberships of one plan, or a ban on one."""

    text: str
    memberships: tuple[MembershipView, ...] = ()
    banned: CustomerFacts | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What merging comes to: sentences, or what is to be settled before."""

    sentences: list[str]
    settle: list[Settle]
    problem: str = ""


@staff_may(Right.CUSTOMERS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: StaffRequest, ref: str) -> HttpResponse:
    """Choose another record of this customer, compare both, and merge them. This one survives."""
    staff = request.staff
    row = queries.customer_by_ref(staff.organization, ref)
    given = request.POST if request.method == "POST" else request.GET
    q = given.get("with", "").strip()[:300]
    problem = ""
    if q:
        try:
            other = _other(staff, row, q)
        except TesseraError as refusal:
            problem = sentence(refusal.detail)
        else:
            return _compared(request, row, other, [name for name in TAKEN if given.get(f"field-{name}") == "other"])
    return answers.page(
        request,
        "console/customers/duplicates.html",
        section="customers",
        status=422 if problem else 200,
        customer=row,
        reference=_reference(row),
        likely=[_likely(each) for each in likely_duplicates(row)],
        q=q,
        problem=problem,
        back=_address(staff, row),
    )


def _compared(request: StaffRequest, row: Customer, other: Customer, take: Sequence[str]) -> HttpResponse:
    staff = request.staff
    version = f"{row.version}.{other.version}"
    problem = ""
    if request.method == "POST":
        if request.POST.get("version") != version:
            problem = gettext(
                "One of the two has been changed meanwhile. Look at both again: this is how they are now."
            )
        else:
            try:
                answers.carried_out(
                    lambda: merge_customer(customer=other, into=row, at=staff.at, actor=staff.actor, take=take)
                )
            except TesseraError as refusal:
                problem = sentence(refusal.detail)
            else:
                told = {"other": other.name, "number": other.number, "name": row.name}
                message = gettext("%(other)s (%(number)s) is now part of %(name)s.") % told
                return answers.done(request, _address(staff, row), message)
    kept, lost = queries.customer_facts([row, other])
    return answers.page(
        request,
        "console/customers/merge.html",
        section="customers",
        status=422 if problem else 200,
        customer=kept,
        other=lost,
        reference=_reference(row),
        other_reference=_reference(other),
        choices=_choices(staff, kept, lost, take),
        outcome=_outcome(staff, row, other, take),
        version=version,
        problem=problem,
        action=reverse("console:customer_merge", args=[staff.organization.slug, _reference(row)]),
        back=_address(staff, row),
    )


def _other(staff: Member, row: Customer, q: str) -> Customer:
    other = customer_meant(staff.organization, q)
    if other.pk == row.pk:
        raise Invalid(gettext("That is this record itself. Name the other one of the same person."))
    return other


def _choices(staff: Member, kept: CustomerFacts, lost: CustomerFacts, take: Sequence[str]) -> list[Choice]:
    formats = staff.formats
    yes, no = gettext("Agreed to"), gettext("Not agreed to")

    def texts(facts: CustomerFacts) -> dict[str, str]:
        return {
            "first_name": facts.first_name,
            "last_name": facts.last_name,
            "display_name": facts.display_name,
            "emails": facts.emails[0].address if facts.emails else "",
            "phones": facts.phones[0] if facts.phones else "",
            "birthday": formats.day(facts.birthday) if facts.birthday else "",
            "locale": facts.locale,
            "external_id": facts.external_id or "",
            "marketing_consent": yes if facts.marketing_consent else no,
        }

    mine, theirs = texts(kept), texts(lost)
    return [
        Choice(name, str(label), mine[name], theirs[name], name in take or (not mine[name] and bool(theirs[name])))
        for name, label in _FIELDS.items()
        if mine[name] or theirs[name]
    ]


def _outcome(staff: Member, row: Customer, other: Customer, take: Sequence[str]) -> Outcome:
    before = {each.pk: _may_use(staff, each) for each in (row, other)}
    try:
        after = foresee(
            lambda: merge_customer(customer=other, into=row, at=staff.at, actor=staff.actor, take=take),
            lambda into: _may_use(staff, into),
        )
    except TesseraError as refusal:
        settle = _to_settle(staff, refusal, row, other)
        return Outcome([], settle, "" if settle else sentence(refusal.detail))
    names = {"name": row.name, "other": other.name, "number": other.number}
    said = [*_moves(staff, row, other), *difference(row.name, before[row.pk], after)]
    said.append(gettext("%(number)s goes on working, and leads to %(name)s.") % names)
    return Outcome(said, [])


def _moves(staff: Member, row: Customer, other: Customer) -> list[str]:
    """Return in words what moves from the other record."""
    held = other.memberships.count()
    companies = Affiliation.objects.filter(organization=staff.organization, customer=other).count()
    written = len(notes.notes_of(other))
    parts = [
        text
        for many, text in (
            (held, ngettext("%(count)d membership", "%(count)d memberships", held) % {"count": held}),
            (companies, ngettext("%(count)d company", "%(count)d companies", companies) % {"count": companies}),
            (written, ngettext("%(count)d note", "%(count)d notes", written) % {"count": written}),
        )
        if many
    ]
    told = {"number": other.number, "number_kept": row.number, "what": ", ".join(parts)}
    everything = (
        gettext("All addresses, phone numbers and what happened move from %(number)s to %(number_kept)s.") % told
    )
    return [everything, gettext("With them: %(what)s.") % told] if parts else [everything]


def _to_settle(staff: Member, refusal: TesseraError, row: Customer, other: Customer) -> list[Settle]:
    if refusal.code != "merge_unsettled":
        return []
    pairs = refusal.extra.get("memberships")
    if not isinstance(pairs, list):
        banned = next(each for each in (row, other) if each.status == "banned")
        return [Settle(sentence(refusal.detail), banned=queries.customer(banned))]
    keys = {key for pair in pairs for text in pair if (key := ids.from_text(Prefix.MEMBERSHIP, text)) is not None}
    views = {
        each.id: each
        for each in memberships.memberships_named(organization=staff.organization, membership_ids=keys, at=staff.at)
    }
    found = []
    for pair in pairs:
        both = tuple(views[key] for text in pair if (key := ids.from_text(Prefix.MEMBERSHIP, text)) in views)
        told = {"plan": both[0].plan.name}
        found.append(Settle(gettext("Both have %(plan)s running. End one of the two first.") % told, both))
    return found


def _may_use(staff: Member, customer: Customer) -> list[str]:
    return [each.name for each in effective_permissions(staff.organization, customer.pk, staff.at)]


def _likely(each: Likely) -> dict[str, Any]:
    return {
        "customer": each.customer,
        "reference": ids.to_text(Prefix.CUSTOMER, each.customer.id),
        "why": [str(LIKENESSES[likeness]) for likeness in each.likenesses],
    }


def _reference(row: Customer) -> str:
    return ids.to_text(Prefix.CUSTOMER, row.pk)


def _address(staff: Member, row: Customer) -> str:
    return reverse("console:customer", args=[staff.organization.slug, _reference(row)])


_FIELDS: Final = {
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "display_name": _("Called"),
    "emails": _("Written to at"),
    "phones": _("Called at"),
    "birthday": _("Birthday"),
    "locale": _("Language"),
    "external_id": _("Your own id"),
    "marketing_consent": _("News"),
}

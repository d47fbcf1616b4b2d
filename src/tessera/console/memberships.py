"""Doing something with a membership: a drawer that says what will happen, and then lets it happen."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.forms import Form
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods

from tessera import db
from tessera.access.queries import effective_permissions
from tessera.console import answers
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.verbs import FIRST, VERBS, AskForm, Seen, Verb
from tessera.core import ids
from tessera.core.errors import NotFound, TesseraError
from tessera.core.ids import Prefix
from tessera.db.foreseeing import foresee
from tessera.memberships import queries, seats
from tessera.memberships.models import Membership
from tessera.memberships.types import Status
from tessera.memberships.views import MembershipView
from tessera.organizations.errors import VersionStale
from tessera.organizations.formatting import joined, sentence

_BACK: Final = "back"
_OWN_PAGE: Final = "membership"
_QUEUE: Final = "approvals"


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would happen, as sentences; or why it would be refused."""

    sentences: list[str]
    button: str
    refusal: TesseraError | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A verb that a membership is ready for."""

    name: str
    label: str
    hurts: bool
    address: str


@dataclass(frozen=True, slots=True)
class Held:
    """A membership on somebody's page, with what can be done: the next thing to do, and the rest."""

    view: MembershipView
    first: Offer | None
    others: list[Offer]


def held(views: Collection[MembershipView], member: Member, *, on_its_page: bool = False) -> list[Held]:
    """Return memberships with the verbs that each is ready for and the member has the right to.

    What is inherited is followed to its company, not changed. When a verb is done, it leads back to where it was
    offered: to the holder's page, or `on_its_page` to the membership's own.
    """
    asked_on = f"?{_BACK}={_OWN_PAGE}" if on_its_page else ""
    found = []
    for view in views:
        offers = [] if view.inherited_from else [
            Offer(verb.name, str(verb.label), verb.hurts, _address(member, view.id, verb) + asked_on)
            for verb in VERBS
            if verb.right in member.rights
            and verb.offered(view)
            and (verb.name != "pause" or view.pausable)
        ]  # fmt: skip
        first = next((offer for name in FIRST for offer in offers if offer.name == name and _now(view, name)), None)
        found.append(Held(view, first, [offer for offer in offers if offer is not first]))
    return found


def _now(view: MembershipView, name: str) -> bool:
    """Whether what is offered is to be done next: a pause that is only planned can be taken back, but why should it; an
    end is moved where a renewal has not been paid and somebody brings the money."""
    if name == "extend":
        return view.in_grace
    return name != "resume" or view.status is Status.PAUSED


def _address(member: Member, membership_id: UUID, verb: Verb) -> str:
    reference = ids.to_text(Prefix.MEMBERSHIP, membership_id)
    return reverse(f"console:membership_{verb.name}", args=[member.organization.slug, reference])


def own_address(member: Member, membership_id: UUID) -> str:
    """Return the page of a membership."""
    return reverse("console:membership", args=[member.organization.slug, ids.to_text(Prefix.MEMBERSHIP, membership_id)])


def page_of(verb: Verb) -> Callable[..., HttpResponse]:
    """Return the view of a verb: asked with GET it says what will happen, with POST it happens."""

    @staff_may(verb.right)
    @require_http_methods(["GET", "HEAD", "POST"])
    def view(request: StaffRequest, ref: str) -> HttpResponse:
        member = request.staff
        membership = queries.membership(organization=member.organization, membership_id=key_of(ref), at=member.at)
        form = verb.form(_told_of(request), member=member, membership=membership)
        if request.method == "POST" and form.is_valid():
            told = form.cleaned_data
            try:
                answers.carried_out(lambda: _unless_stale(told["version"], lambda: verb.run(member, membership, told)))
            except NotFound:
                raise
            except TesseraError as refusal:
                answers.refuse(form, refusal, {"ends_at": "last_day", "starts_at": "first_day", "plan": "price"})
            else:
                message = str(verb.done) % {"plan": membership.plan.name}
                return answers.done(request, _back(request, membership), message)
        return _asking(request, verb, membership, form)

    view.__name__ = f"membership_{verb.name.replace('-', '_')}"
    return view


def holder_address(member: Member, view: MembershipView) -> str:
    """Return the page of who holds a membership."""
    prefix, name = {"customer": (Prefix.CUSTOMER, "customer"), "company": (Prefix.COMPANY, "company")}[view.holder.type]
    return reverse(f"console:{name}", args=[member.organization.slug, ids.to_text(prefix, view.holder.id)])


def key_of(ref: str) -> UUID:
    """Return the key that is written `mem_…`. Raises NotFound if that is none."""
    key = ids.from_text(Prefix.MEMBERSHIP, ref)
    if key is None:
        raise NotFound("there is no such membership")
    return key


def _unless_stale(known: int | None, run: Callable[[], Membership]) -> Membership:
    """Return what the verb made of it; take it back if the membership was no longer the one that was looked at.

    The verb locks the membership, so what it changed is one version further than what was known, or was not known.
    """
    with db.transaction():
        changed = run()
        if known is not None and changed.version != known + 1:
            raise VersionStale("it has been changed meanwhile", version=changed.version - 1)
        return changed


def _asked_on(request: StaffRequest) -> str:
    given = request.POST if request.method == "POST" else request.GET
    return next((each for each in (_OWN_PAGE, _QUEUE) if given.get(_BACK) == each), "")


def _back(request: StaffRequest, membership: MembershipView) -> str:
    if _asked_on(request) == _QUEUE:
        return f"{reverse('console:approvals', args=[request.staff.organization.slug])}?decided=1"
    if _asked_on(request):
        return own_address(request.staff, membership.id)
    return holder_address(request.staff, membership)


def _told_of(request: StaffRequest) -> QueryDict | None:
    """Return what was told of the form's fields; on which page the question was asked is none of them."""
    told = answers.told(request)
    return None if request.method != "POST" and told is not None and set(told) == {_BACK} else told


def _asking(request: StaffRequest, verb: Verb, membership: MembershipView, form: AskForm) -> HttpResponse:
    member = request.staff
    refused = request.method == "POST"
    told = _told(form)
    outlook = None if told is None else _outlook(member, verb, membership, told)
    return answers.drawer(
        request,
        "console/memberships/verb.html",
        section="customers" if membership.holder.type == "customer" else "companies",
        status=422 if refused else 200,
        form=form,
        fields=[field for field in form if field.name != "version"],
        verb=verb,
        membership=membership,
        outlook=outlook,
        problem=sentence(outlook.refusal.detail) if outlook and outlook.refusal and not refused else "",
        back=_back(request, membership),
        back_to=_asked_on(request),
        action=_address(member, membership.id, verb),
    )


def _told(form: AskForm) -> dict[str, Any] | None:
    """Return what was told, or what the form first says; None if that is not enough to foresee anything."""
    if form.is_bound:
        return form.cleaned_data if form.is_valid() or _complete(form) else None
    first = type(form)(
        {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()},
        member=form.member,
        membership=form.membership,
    )
    return first.cleaned_data if first.is_valid() else None


def _complete(form: Form) -> bool:
    return hasattr(form, "cleaned_data") and form.fields.keys() <= form.cleaned_data.keys()


def _outlook(member: Member, verb: Verb, membership: MembershipView, told: dict[str, Any]) -> Outlook:
    organization, formats = member.organization, member.formats

    def look(_changed: Membership) -> tuple[Seen, list[str]]:
        after = queries.life(organization=organization, membership_id=membership.id, at=member.at)
        return Seen(membership, after.view, after.terms, formats), may_use(member, membership)

    before = may_use(member, membership)
    try:
        seen, after = foresee(lambda: verb.run(member, membership, told), look)
    except TesseraError as refusal:
        return Outlook([], str(verb.label), refusal)
    said = verb.tell(seen) + difference(membership.holder.name, before, after)
    return Outlook(said + _people(member, seen), verb.button(seen))


def may_use(member: Member, membership: MembershipView) -> list[str]:
    """Return the names of what the holder may use now: a customer by all sources, a company by what it holds."""
    organization, at = member.organization, member.at
    if membership.holder.type == "customer":
        return [each.name for each in effective_permissions(organization, membership.holder.id, at)]
    page, _more = queries.memberships(
        organization=organization,
        filters=queries.Filters(company_id=membership.holder.id, status=Status.ACTIVE),
        at=at,
        limit=50,
        cursor=None,
    )
    return sorted({name for each in page for name in each.permission_names})


def difference(name: str, before: list[str], after: list[str]) -> list[str]:
    """Return what somebody gains, loses and keeps as sentences."""
    gains, loses = [each for each in after if each not in before], [each for each in before if each not in after]
    keeps = [each for each in before if each in after]
    told = {"name": name, "gains": joined(gains), "loses": joined(loses), "keeps": joined(keeps)}
    said = []
    if gains:
        said.append(gettext("%(name)s gains %(gains)s at once.") % told)
    if loses:
        said.append(gettext("%(name)s loses %(loses)s at once.") % told)
        if keeps:
            said.append(gettext("What stays: %(keeps)s.") % told)
    return said


def _people(member: Member, seen: Seen) -> list[str]:
    """Return whom it concerns beside the holder: the people who inherit a company's membership."""
    if seen.before.holder.type != "company":
        return []
    many, _last = seats.boundaries(seen.before.holder.id, (), member.at)
    before, after = (_inheriting(view, many) for view in (seen.before, seen.after))
    if not before and not after:
        return [gettext("Nobody inherits it now.")]
    told = {"count": abs(after - before), "stay": after}
    if after > before:
        said = ngettext("%(count)d person comes to inherit it.", "%(count)d people come to inherit it.", told["count"])
    elif after and after < before:
        said = ngettext(
            "%(count)d person does not inherit it any more, who joined last; %(stay)d still do.",
            "%(count)d people do not inherit it any more, those who joined last; %(stay)d still do.",
            told["count"],
        )
    elif after < before:
        said = ngettext(
            "%(count)d person inherits it now and loses it with the company.",
            "%(count)d people inherit it now and lose it with the company.",
            told["count"],
        )
    else:
        said = ngettext(
            "%(stay)d person inherits it, and this is so for them, too.",
            "%(stay)d people inherit it, and this is so for them, too.",
            after,
        )
    return [said % told]


def _inheriting(view: MembershipView, many: int) -> int:
    if view.status is not Status.ACTIVE:
        return 0
    return many if view.seats is None else min(many, view.seats)

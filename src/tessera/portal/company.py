"""The page of a company admin: who belongs to the company and has a seat, whom to invite, how people join, leaving."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from tessera.core import ids
from tessera.core.errors import NotFound, TesseraError
from tessera.core.ids import Prefix
from tessera.http import limits
from tessera.http.errors import TooManyRequests
from tessera.identity.sessions import present_instant
from tessera.memberships import inheritance, seats
from tessera.memberships import queries as memberships
from tessera.memberships.types import Status
from tessera.memberships.views import MembershipView
from tessera.organizations.formatting import Formats, joined, sentence
from tessera.people import company_codes, company_joining, queries
from tessera.people.models import Affiliation, Customer
from tessera.people.queries import Affiliated
from tessera.people.types import Belonging, CustomerStatus
from tessera.portal import words
from tessera.portal.access import Admin, company_admin_may
from tessera.portal.pages import done, page, refusal_of
from tessera.signup.framing import own_origin
from tessera.signup.pages.steps import too_many

_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the company. `seat` says in words what they have of it; `seated` None: that is not asked."""

    ref: str
    name: str
    title: str
    since: str
    admin: bool
    seat: str
    seated: bool | None
    own: bool


@dataclass(frozen=True, slots=True)
class HeldByCompany:
    """What the company holds, with its seats: how many are taken, of how many (None: no limit), who has none."""

    shown: words.Shown
    taken: int
    seats: int | None
    over: str


@company_admin_may
def company(admin: Admin) -> HttpResponse:
    """Show the company's people, with what they have of it."""
    return _shown(admin)


@company_admin_may
def invite(admin: Admin) -> HttpResponse:
    """Ask somebody by mail to join the company; asked again, it is sent again."""
    if admin.member.request.method != "POST":
        return _back(admin)
    address = admin.member.request.POST.get("address", "")[:1_000]
    try:
        limits.company_invitation_asked_for(customer=admin.member.customer.pk)
    except TooManyRequests as spent:
        return _shown(admin, address=address, problem=too_many(spent))
    refusal = refusal_of(
        lambda: company_joining.invite(
            company=admin.company,
            address=address,
            at=admin.member.at,
            sent_at=present_instant(),
            actor=admin.member.actor,
        )
    )
    if refusal is not None:
        return _shown(admin, address=address, problem=_invitation_refused(refusal))
    return _back(admin, "invited")


@company_admin_may
def withdraw(admin: Admin) -> HttpResponse:
    """Withdraw an invitation."""
    if admin.member.request.method != "POST":
        return _back(admin)
    ref = admin.member.request.POST.get("invitation", "")[:80]
    refusal = refusal_of(
        lambda: company_joining.withdraw_invitation(
            company=admin.company, ref=ref, at=admin.member.at, actor=admin.member.actor
        )
    )
    if refusal is not None:
        raise refusal
    return _back(admin, "invitation-withdrawn")


@company_admin_may
def link(admin: Admin) -> HttpResponse:
    """Make an address by which people join, make another one, or have none."""
    member, post = admin.member, admin.member.request.POST
    if member.request.method != "POST":
        return _back(admin)
    if post.get("do") == "revoke":
        run = lambda: company_joining.revoke_link(company=admin.company, at=member.at, actor=member.actor)  # noqa: E731
    else:
        anyone = post.get("who") == "anyone"
        run = lambda: company_joining.make_link(  # type: ignore[assignment]  # noqa: E731
            company=admin.company, for_anyone=anyone, at=member.at, actor=member.actor
        )
    refusal = refusal_of(run)
    if refusal is not None:
        return _shown(admin, problem=sentence(refusal.detail))
    return _back(admin, "link-revoked" if post.get("do") == "revoke" else "link-made")


@company_admin_may
def remove(admin: Admin, person: str) -> HttpResponse:
    """Have somebody leave the company, with what goes with it said first."""
    member = admin.member
    row = _person(admin, person)
    if row.customer_id == member.customer.pk:
        return _back(admin)
    if member.request.method == "POST":
        refusal = refusal_of(
            lambda: inheritance.leave_company(
                customer=row.customer, company=admin.company, at=member.at, actor=member.actor
            )
        )
        if refusal is None or refusal.code == "not_affiliated":
            return _back(admin, "removed")
        raise refusal
    names = {"name": row.customer.name, "company": admin.company.name}
    held = memberships.held_by_company(organization=member.organization, company=admin.company, at=member.at)
    grants = sorted({name for each in held if each.status is Status.ACTIVE for name in each.permission_names})
    says = [gettext("%(name)s does not belong to %(company)s any more, from now on. The seat is free.") % names]
    if grants:
        says.append(gettext("What goes with it: %(names)s.") % {"names": joined(grants)})
    says.append(gettext("What %(name)s has otherwise stays. An invitation lets them come back.") % names)
    return page(
        member,
        "portal/remove.html",
        place="home",
        company=admin.company,
        person=row.customer.name,
        says=says,
        action=member.address("company_remove", admin.reference, person),
        back=member.address("company", admin.reference),
    )


def _shown(admin: Admin, *, address: str = "", problem: str = "") -> HttpResponse:
    """Twelve queries, whoever belongs to the company."""
    member, row = admin.member, admin.company
    views = memberships.held_by_company(organization=member.organization, company=row, at=member.at)
    running = [each for each in views if each.status is Status.ACTIVE]
    limited = {each.seats for each in running if each.seats is not None}
    many, last = seats.boundaries(row.pk, limited, member.at)
    people = queries.people_of(
        row, at=member.at, belonging=Belonging.CURRENT, limit=_A_PAGE,
        cursor=member.request.GET.get("cursor") or None,
    )  # fmt: skip
    found = company_joining.link_of(row)
    held = [each for each in views if each.status is not Status.EXPIRED]
    onward = f"{member.address('company', admin.reference)}?cursor={people.next_cursor}" if people.next_cursor else ""
    return page(
        member,
        "portal/company.html",
        place="home",
        status=422 if problem else 200,
        company=row,
        reference=admin.reference,
        held=[_held(each, many, member.formats, member.at) for each in held],
        people=[_shown_person(each, admin, running, last) for each in people.data],
        many=many,
        next_url=onward,
        link=_link_address(admin, company_codes.of_link(found)) if found is not None else "",
        for_anyone=found.for_anyone if found is not None else False,
        domains=row.email_domains,
        waiting=company_joining.waiting_for(row, present_instant()),
        address=address,
        problem=problem,
    )


def _held(view: MembershipView, many: int, formats: Formats, at: datetime) -> HeldByCompany:
    shown = words.shown(view, formats, at)
    if view.seats is None:
        return HeldByCompany(shown, many, None, "")
    over = max(0, many - view.seats)
    text = ngettext(
        "%(over)d person has nothing of it: the seats are taken.",
        "%(over)d people have nothing of it: the seats are taken.",
        over,
    ) % {"over": over}
    return HeldByCompany(shown, min(many, view.seats), view.seats, text if over else "")


def _shown_person(
    each: Affiliated, admin: Admin, running: list[MembershipView], last: dict[int, tuple[datetime, UUID]]
) -> Person:
    seat, seated = "", None
    if each.customer_status != CustomerStatus.ACTIVE:
        seat = gettext("takes no seat")
    elif running:
        without = [
            view.plan.name for view in running if view.seats is not None and not _has_seat(each, view.seats, last)
        ]
        seated = not without
        limited = any(view.seats is not None for view in running)
        seat = gettext("has a seat") if limited and not without else ""
        seat = gettext("no seat in %(plans)s") % {"plans": joined(without)} if without else seat
    return Person(
        ref=ids.to_text(Prefix.CUSTOMER, each.customer_id),
        name=each.customer_name,
        title=each.title,
        since=_day(each.starts_at, admin),
        admin=each.company_admin,
        seat=seat,
        seated=seated,
        own=each.customer_id == admin.member.customer.pk,
    )


def _day(instant: datetime, admin: Admin) -> str:
    formats = admin.member.formats
    return formats.day(formats.local(instant).date(), near=admin.member.at)


def _has_seat(each: Affiliated, number: int, last: dict[int, tuple[datetime, UUID]]) -> bool:
    """A number that everybody fits into has no last place."""
    if number and number not in last:
        return True
    return number > 0 and (each.queue_at, each.id) <= last[number]


def _person(admin: Admin, ref: str) -> Affiliation:
    """Somebody who belongs to the company now, or is about to. Raises NotFound."""
    key = ids.from_text(Prefix.CUSTOMER, ref)
    rows = Affiliation.objects.filter(company=admin.company, customer=key).select_related("customer")
    row = rows.order_by("-starts_at").first() if key is not None else None
    if row is None or (row.ends_at is not None and row.ends_at <= admin.member.at):
        raise NotFound("there is nobody like that in the company")
    assert isinstance(row.customer, Customer)
    row.customer.organization = admin.member.organization
    return row


def _link_address(admin: Admin, code: str) -> str:
    return own_origin() + reverse("join:company", args=[admin.member.organization.slug, code])


def _back(admin: Admin, word: str = "") -> HttpResponse:
    return done(admin.member, admin.member.address("company", admin.reference, done=word))


def _invitation_refused(refusal: TesseraError) -> str:
    return {
        "email_invalid": gettext("This is no e-mail address such as ada@example.org."),
        "company_archived": gettext("Nobody can be invited for now: ask at the desk."),
    }.get(refusal.code, sentence(refusal.detail))

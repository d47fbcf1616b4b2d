"""One membership of a member: its life, what it grants, and what can be done with it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.memberships import queries as memberships
from tessera.memberships.errors import MembershipNotFound
from tessera.memberships.types import EndedReason, Status
from tessera.memberships.views import Life, MembershipView, PauseView, TermView
from tessera.organizations.formatting import Formats
from tessera.people.types import CustomerStatus
from tessera.plans.formatting import price_text
from tessera.plans.types import Billing
from tessera.portal import words
from tessera.portal.access import Member, member_may
from tessera.portal.pages import page

_RENEWABLE = (EndedReason.LAPSED, EndedReason.CANCELED)
_MOST_TERMS = 24


@dataclass(frozen=True, slots=True)
class Doing:
    """What a holder can do with a membership. `leave` is how: at the period's `end`, `now`, or not at all ("").

    `renew`: at once, as it costs nothing; `join_again`: where it is paid for. `drop_change`: a booked change.
    """

    leave: str = ""
    undo: bool = False
    pause: bool = False
    resume: bool = False
    renew: bool = False
    join_again: bool = False
    change: bool = False
    drop_change: bool = False


@dataclass(frozen=True, slots=True)
class TermShown:
    """A term in words. `when` is past, present or to come."""

    plan: str
    price: str
    span: str
    trial: bool
    when: str


@member_may
def membership(member: Member, ref: str) -> HttpResponse:
    """Show a membership. Whatever is done with it is asked on a page of its own, with what follows from it."""
    life = life_of(member, ref)
    view = life.view
    return page(
        member,
        "portal/membership.html",
        place="home",
        membership=words.shown(view, member.formats, member.at),
        rows=words.rows(view, member.formats, member.at),
        grants=view.permission_names,
        terms=[_term(each, member.formats, member.at) for each in life.terms[-_MOST_TERMS:]][::-1],
        pauses=[_pause(each, member.formats) for each in life.pauses][::-1],
        can=doing(view, member),
        join_url=join_url(member, view.plan.id),
        plan_missing=view.status is Status.PENDING,
    )


def life_of(member: Member, ref: str) -> Life:
    """Return a membership that is the member's own. Five queries. Raises MembershipNotFound for any other."""
    key = ids.from_text(Prefix.MEMBERSHIP, ref)
    if key is None or not member.organization.memberships.filter(pk=key, customer=member.customer).exists():
        raise MembershipNotFound("there is no such membership")
    return memberships.life(organization=member.organization, membership_id=key, at=member.at)


def own_views(member: Member) -> list[MembershipView]:
    """Return the memberships that are the member's own. Four queries."""
    return memberships.held_through(
        organization=member.organization, customer=member.customer, belonging=(), at=member.at
    )


def one_of(own: list[MembershipView], ref: str) -> MembershipView:
    """Return the one that is meant. Raises MembershipNotFound if it is not among them."""
    key = ids.from_text(Prefix.MEMBERSHIP, ref)
    found = next((each for each in own if each.id == key), None)
    if found is None:
        raise MembershipNotFound("there is no such membership")
    return found


def doing(view: MembershipView, member: Member) -> Doing:
    """Return what can be done with a membership now: never more than its verbs then allow."""
    welcome = member.customer.status == CustomerStatus.ACTIVE
    if view.status is Status.EXPIRED:
        again = welcome and view.ended_reason in _RENEWABLE and view.anchor is not None
        free = not view.price.amount_minor and view.next_plan is None
        return Doing(renew=again and free, join_again=again and not free)
    running = view.status is Status.ACTIVE and not view.in_grace
    booked = view.next_plan is not None and view.status is not Status.PENDING
    return Doing(
        leave=leaving(view),
        undo=welcome and view.cancel_at is not None,
        pause=running and view.pausable and view.pause is None,
        resume=welcome and view.pause is not None,
        change=welcome and running and view.cancel_at is None and not booked,
        drop_change=welcome and running and booked and view.cancel_at is None,
    )


def leaving(view: MembershipView) -> str:
    """Return how a holder leaves: at the `end` of the period, `now`, or "" if it ends by itself anyway, or has."""
    if view.status is Status.EXPIRED or view.cancel_at is not None:
        return ""
    if view.status is Status.PENDING or view.in_grace or view.price.billing == Billing.OPEN:
        return "now"
    return "end" if view.renews else ""


def join_url(member: Member, plan_id: UUID) -> str:
    """Return where a plan is joined."""
    return member.visit.address("plan", ids.to_text(Prefix.PLAN, plan_id))


def _term(term: TermView, formats: Formats, at: datetime) -> TermShown:
    start = formats.day(formats.local(term.starts_at).date())
    if term.ends_at is None:
        span = gettext("From %(start)s on") % {"start": start}
    else:
        span = gettext("From %(start)s until %(end)s") % {"start": start, "end": formats.end(term.ends_at)}
    over = term.ends_at is not None and term.ends_at <= at
    when = "past" if over else "coming" if term.starts_at > at else "present"
    return TermShown(term.plan.name, price_text(term.price, formats), span, term.trial, when)


def _pause(pause: PauseView, formats: Formats) -> str:
    start = formats.start(pause.starts_at)
    if pause.ends_at is None:
        return gettext("From %(start)s on") % {"start": start}
    return gettext("From %(start)s until %(end)s") % {"start": start, "end": formats.end(pause.ends_at)}

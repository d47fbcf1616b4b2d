"""The first page: what a member holds, what they may use through what and until when, what is paid next."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.utils.translation import gettext

from tessera.access.queries import Effective, HeldPermission, effective_sources
from tessera.access.types import Source
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.memberships import queries as memberships
from tessera.memberships import seats
from tessera.memberships.types import Status
from tessera.memberships.views import MembershipView
from tessera.organizations.formatting import Formats
from tessera.people import affiliations, own_data
from tessera.people.models import Affiliation
from tessera.people.types import CustomerStatus
from tessera.portal import words
from tessera.portal.access import Member, member_may
from tessera.portal.pages import page


@dataclass(frozen=True, slots=True)
class Benefit:
    """Something that a member may use. `through`: each source that grants it, the one that counts first."""

    name: str
    through: tuple[str, ...]
    until: str
    in_grace: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What a member holds and may use at one instant."""

    views: list[MembershipView]
    permissions: list[Effective]
    belonging: list[Affiliation]


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that comes next: for what, what it is and when."""

    plan: str
    text: str
    due: datetime | None


@member_may
def home(member: Member) -> HttpResponse:
    """Show where a member stands."""
    standing = standing_of(member)
    formats, at = member.formats, member.at
    shown = [words.shown(each, formats, at, url=_url(member, each)) for each in standing.views]
    running = [each for each in shown if each.view.status is not Status.EXPIRED]
    companies = [(each.company.name, _company_url(member, each)) for each in standing.belonging if each.company_admin]
    allowed = member.customer.status == CustomerStatus.ACTIVE
    return page(
        member,
        "portal/home.html",
        place="home",
        running=running,
        past=[each for each in shown if each.view.status is Status.EXPIRED],
        benefits=[_benefit(each, formats, at) for each in standing.permissions],
        payments=_payments(running, formats, at),
        belongs=[each.company.name for each in standing.belonging],
        companies=companies if allowed else [],
        banned=member.customer.status == CustomerStatus.BANNED,
        archived=member.customer.status == CustomerStatus.ARCHIVED,
        deletion_asked=own_data.asked_at(member.customer),
    )


def standing_of(member: Member) -> Standing:
    """Return what the member holds and may use. Six queries, and one or two for each company whose seats are taken."""
    organization, customer, at = member.organization, member.customer, member.at
    current = Affiliation.objects.filter(affiliations.covering(at), customer=customer).select_related("company")
    belonging = seats.with_ahead(current, at)
    views = memberships.held_through(organization=organization, customer=customer, belonging=belonging, at=at)
    permissions = effective_sources(
        organization,
        customer.pk,
        at,
        names={each.plan.id: dict(zip(each.permissions, each.permission_names, strict=True)) for each in views},
        ahead={each.pk: each.ahead for each in belonging},  # type: ignore[attr-defined]
    )
    return Standing(views, permissions, belonging)


def through(held: HeldPermission) -> str:
    """Return by what somebody has a permission: "Gold", "Corporate, through Acme Ltd"."""
    if held.source is Source.COMPANY:
        return gettext("%(plan)s, through %(company)s") % {"plan": held.plan_name, "company": held.company_name}
    return held.plan_name


def _benefit(each: Effective, formats: Formats, at: datetime) -> Benefit:
    end = each.held.valid_until
    until = gettext("until %(day)s") % {"day": formats.end(end, near=at)} if end is not None else ""
    return Benefit(each.held.name, tuple(through(one) for one in each.sources), until, each.held.in_grace)


def _payments(running: list[words.Shown], formats: Formats, at: datetime) -> list[Payment]:
    """What is to be paid for own memberships, what is due first on top."""
    found = []
    for each in running:
        text = words.next_payment(each.view, formats, at)
        if each.view.inherited_from is None and text != gettext("Nothing"):
            found.append(Payment(each.plan, text, each.view.ends_at))
    return sorted(found, key=lambda payment: (payment.due is not None, payment.due or at))


def _url(member: Member, view: MembershipView) -> str:
    if view.inherited_from is not None:
        return ""
    return member.address("membership", ids.to_text(Prefix.MEMBERSHIP, view.id))


def _company_url(member: Member, row: Affiliation) -> str:
    return member.address("company", ids.to_text(Prefix.COMPANY, row.company_id))

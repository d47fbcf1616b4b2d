"""Settings, staff: who works here, as what, and how they sign in; and what each role may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.organizations import sessions, team
from tessera.organizations.rights import RIGHTS, Right, Role

_RIGHTS_SAID: Final[Mapping[Right, object]] = {
    Right.ORGANIZATION_READ: _("See how the organization is set up"),
    Right.ORGANIZATION_WRITE: _("Change how it is set up"),
    Right.ORGANIZATION_DANGER: _("Change its address, revoke all keys, sign all staff out, delete it"),
    Right.STAFF_READ: _("See who works here and how they sign in"),
    Right.STAFF_WRITE: _("Invite staff, change roles, disable and enable people"),
    Right.KEYS_WRITE: _("Make and revoke API keys"),
    Right.PERMISSIONS_READ: _("See permissions"),
    Right.PERMISSIONS_WRITE: _("Make and change permissions"),
    Right.PLANS_READ: _("See plans and prices"),
    Right.PLANS_WRITE: _("Make and change plans and prices"),
    Right.CUSTOMERS_READ: _("See customers"),
    Right.CUSTOMERS_WRITE: _("Add and change customers"),
    Right.CUSTOMERS_BAN: _("Ban customers and lift bans"),
    Right.CUSTOMERS_ERASE: _("Erase customers for good"),
    Right.COMPANIES_READ: _("See companies and their people"),
    Right.COMPANIES_WRITE: _("Add and change companies, link and unlink people"),
    Right.MEMBERSHIPS_READ: _("See memberships"),
    Right.MEMBERSHIPS_WRITE: _("Grant, renew, extend, pause and cancel memberships"),
    Right.MEMBERSHIPS_REVOKE: _("Take a membership away"),
    Right.EVENTS_READ: _("Read what happened"),
    Right.ACCESS_READ: _("Ask whether a customer may use something"),
    Right.WEBHOOKS_READ: _("See webhooks and what was sent"),
    Right.WEBHOOKS_WRITE: _("Make and change webhooks, see their secrets once"),
    Right.IMPORTS_WRITE: _("Bring files and have their rows written"),
    Right.EXPORTS_WRITE: _("Take lists along as files"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """Whether a role has a right."""

    role: str
    has: bool


@dataclass(frozen=True, slots=True)
class RightLine:
    """One right, and who has it."""

    key: str
    said: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The rights about one thing."""

    noun: str
    lines: tuple[RightLine, ...]


@staff_may(Right.STAFF_READ)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """Everybody who works or worked here, and the invitations that wait."""
    club, at = request.staff.organization, sessions.present_instant()
    people = team.team_of(club)
    return answers.page(
        request,
        "console/staff/list.html",
        section="staff",
        people=people,
        waiting=team.waiting_for(club, at),
        policy=[Role(role).called for role in club.second_factor_roles],
        without=sum(each.needs_factor and not each.disabled for each in people),
    )


@staff_may(Right.STAFF_READ)
@require_safe
def rights(request: StaffRequest) -> HttpResponse:
    """What each role may do, as it is asked about everywhere."""
    return answers.page(
        request, "console/staff/rights.html", section="staff", groups=_groups(), roles=[role.called for role in Role]
    )


def said(right: Right) -> str:
    """Return what a right allows, in words."""
    return str(_RIGHTS_SAID[right])


def _groups() -> list[Group]:
    lines = [
        RightLine(right.value, said(right), tuple(Cell(role.called, right in RIGHTS[role]) for role in Role))
        for right in Right
    ]
    by_noun = groupby(lines, key=lambda line: line.key.partition(":")[0])
    return [Group(noun.replace("_", " ").capitalize(), tuple(found)) for noun, found in by_noun]

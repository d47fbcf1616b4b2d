"""Who works for an organization and how they sign in, as its owners see it; and who is yet to answer an invitation."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.db.models import Max

from tessera.core import ids
from tessera.core.errors import NotFound
from tessera.core.ids import Prefix
from tessera.organizations.factors import Factor, second_factors
from tessera.organizations.models import Invitation, Organization, Staff, User
from tessera.organizations.rights import Role


@dataclass(frozen=True, slots=True)
class TeamMember:
    """Somebody who works, or worked, here. `seen_at` is real time; None: not yet."""

    id: UUID
    user_id: UUID
    name: str
    email: str
    role: Role
    disabled: bool
    factors: frozenset[Factor]
    needs_factor: bool  # their role asks for a second factor, and they have none
    seen_at: datetime | None

    @property
    def app(self) -> bool:
        return Factor.APP in self.factors

    @property
    def passkey(self) -> bool:
        return Factor.PASSKEY in self.factors


@dataclass(frozen=True, slots=True)
class Waiting:
    """An invitation that was not answered. Instants are real time."""

    id: UUID
    name: str
    email: str
    role: Role
    invited_by: str  # empty: by the operator
    sent_at: datetime
    expires_at: datetime
    over: bool


def team_of(organization: Organization) -> list[TeamMember]:
    """Return everybody, who still works first, then by name. Three queries."""
    rows = list(Staff.objects.filter(organization=organization).select_related("user"))
    users = [row.user_id for row in rows]
    factors = second_factors(users)
    seen = dict(UserSession.objects.filter(user__in=users).values_list("user_id").annotate(seen_at=Max("last_seen_at")))
    team = [
        TeamMember(
            id=row.pk,
            user_id=row.user_id,
            name=row.user.name,
            email=row.user.email,
            role=Role(row.role),
            disabled=row.disabled_at is not None,
            factors=factors.get(row.user_id, frozenset()),
            needs_factor=row.role in organization.second_factor_roles and row.user_id not in factors,
            seen_at=max(filter(None, (seen.get(row.user_id), row.user.last_login)), default=None),
        )
        for row in rows
    ]
    return sorted(team, key=lambda each: (each.disabled, each.name.casefold(), each.id))


def waiting_for(organization: Organization, at: datetime) -> list[Waiting]:
    """Return the invitations that were not answered, as of `at` (real time), the latest first. One query."""
    rows = Invitation.objects.filter(organization=organization, accepted_at=None, withdrawn_at=None)
    return [
        Waiting(
            id=row.pk,
            name=row.name,
            email=row.email,
            role=Role(row.role),
            invited_by=row.invited_by.user.name if row.invited_by else "",
            sent_at=row.sent_at,
            expires_at=row.expires_at,
            over=row.expires_at <= at,
        )
        for row in rows.select_related("invited_by__user").order_by("-sent_at", "-pk")
    ]


def staff_by_reference(organization: Organization, reference: str) -> Staff:
    """Return somebody who works or worked for the organization, by their public id. Raises NotFound."""
    key = ids.from_text(Prefix.STAFF, reference)
    mine = Staff.objects.filter(organization=organization).select_related("user", "organization")
    row = mine.filter(pk=key).first() if key else None
    if row is None:
        raise NotFound("nobody of this id works for the organization")
    return row


def works_elsewhere(user: User, organization: Organization) -> bool:
    """Whether the person works for others too."""
    return Staff.objects.filter(user=user, disabled_at=None).exclude(organization=organization).exists()

"""What screens and APIs ask about an organization."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from tessera.core import clock
from tessera.core.errors import NotFound
from tessera.organizations.errors import NotATestOrganization
from tessera.organizations.models import ApiKey, ClockMove, Organization, Staff
from tessera.organizations.rights import Role


@dataclass(frozen=True, slots=True)
class StaffRow:
    """Somebody who works for the organization."""

    id: UUID
    name: str
    email: str
    role: Role
    disabled: bool


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key, as far as it may be shown. Instants are real time."""

    id: UUID
    name: str
    hint: str
    scopes: tuple[str, ...]
    made_by: str | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class TestClock:
    """Where a test organization's clock stands, whether it has arrived, and if not, where it goes."""

    now: datetime
    advancing: bool
    target: datetime | None = None


def organization_by_slug(slug: str) -> Organization:
    """Return the organization. Raises NotFound. For the operator and the console: the API starts from the key."""
    organization = Organization.objects.filter(slug=slug).first()
    if organization is None:
        raise NotFound("there is no such organization")
    return organization


def staff_of(organization: Organization) -> list[StaffRow]:
    """Return everybody who works or worked for the organization, by name."""
    rows = Staff.objects.filter(organization=organization).select_related("user").order_by("user__name", "pk")
    return [
        StaffRow(row.pk, row.user.name, row.user.email, Role(row.role), row.disabled_at is not None) for row in rows
    ]


def keys_of(organization: Organization) -> list[KeyRow]:
    """Return all keys, the newest first."""
    rows: QuerySet[ApiKey] = ApiKey.objects.filter(organization=organization)
    return [
        KeyRow(
            id=row.pk,
            name=row.name,
            hint=row.hint,
            scopes=tuple(row.scopes),
            made_by=row.made_by.user.name if row.made_by else None,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
        )
        for row in rows.select_related("made_by__user").order_by("-created_at", "-pk")
    ]


def test_clock(organization: Organization) -> TestClock:
    """Return the clock. Raises NotATestOrganization (404)."""
    present = Organization.objects.only("test_now").get(pk=organization.pk)
    if present.test_now is None:
        raise NotATestOrganization("only an organization made for tests has a clock of its own")
    move = ClockMove.objects.filter(organization=organization, leased_until__gt=clock.now()).first()
    return TestClock(present.test_now, move is not None, move.target if move is not None else None)

"""The one table of who may do what. Pages, actions, the API and keys all ask here. Documented in docs/rights.md."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tessera.http.scopes import Scope


class Role(StrEnum):
    """What a staff member is to the organization."""

    OWNER = "owner"
    MANAGER = "manager"
    FINANCE = "finance"
    FRONT_DESK = "front_desk"
    VIEWER = "viewer"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()

    @property
    def called(self) -> str:
        """What it is called in the language that is spoken."""
        return str(CALLED[self])


CALLED: Mapping[Role, Promise] = {
    Role.OWNER: _("Owner"),
    Role.MANAGER: _("Manager"),
    Role.FINANCE: _("Finance"),
    Role.FRONT_DESK: _("Front desk"),
    Role.VIEWER: _("Viewer"),
}


class Right(StrEnum):
    """One thing that a staff member may or may not do."""

    ORGANIZATION_READ = "organization:read"
    ORGANIZATION_WRITE = "organization:write"
    ORGANIZATION_DANGER = "organization:danger"
    STAFF_READ = "staff:read"
    STAFF_WRITE = "staff:write"
    KEYS_WRITE = "keys:write"
    PERMISSIONS_READ = "permissions:read"
    PERMISSIONS_WRITE = "permissions:write"
    PLANS_READ = "plans:read"
    PLANS_WRITE = "plans:write"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_WRITE = "customers:write"
    CUSTOMERS_BAN = "customers:ban"
    CUSTOMERS_ERASE = "customers:erase"
    COMPANIES_READ = "companies:read"
    COMPANIES_WRITE = "companies:write"
    MEMBERSHIPS_READ = "memberships:read"
    MEMBERSHIPS_WRITE = "memberships:write"
    MEMBERSHIPS_REVOKE = "memberships:revoke"
    EVENTS_READ = "events:read"
    ACCESS_READ = "access:read"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    IMPORTS_WRITE = "imports:write"
    EXPORTS_WRITE = "exports:write"


_READS = frozenset(
    {
        Right.ORGANIZATION_READ,
        Right.PERMISSIONS_READ,
        Right.PLANS_READ,
        Right.CUSTOMERS_READ,
        Right.COMPANIES_READ,
        Right.MEMBERSHIPS_READ,
        Right.EVENTS_READ,
        Right.ACCESS_READ,
    }
)
_DESK = _READS | {Right.CUSTOMERS_WRITE, Right.COMPANIES_WRITE, Right.MEMBERSHIPS_WRITE}

RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.MANAGER: frozenset(Right)
    - {Right.ORGANIZATION_WRITE, Right.ORGANIZATION_DANGER, Right.STAFF_WRITE, Right.KEYS_WRITE, Right.WEBHOOKS_WRITE},
    Role.FINANCE: _READS | {Right.PLANS_WRITE, Right.MEMBERSHIPS_WRITE},
    Role.FRONT_DESK: _DESK,
    Role.VIEWER: _READS,
}


def may(role: Role, right: Right) -> bool:
    """Whether a staff member of this role has this right."""
    return right in RIGHTS[role]


@cache
def scopes_of(role: Role) -> frozenset[Scope]:
    """The scopes a key made by a staff member of this role can have at most: a key never exceeds its maker."""
    return frozenset(scope for scope in Scope if Right(scope.value) in RIGHTS[role])

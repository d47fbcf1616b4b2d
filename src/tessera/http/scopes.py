"""What an API key may be allowed to do: each scope is the right of the same name. Documented in docs/scopes.md."""

from enum import StrEnum


class Scope(StrEnum):
    """`noun:read` looks, `noun:write` also changes nothing it cannot read: ask for both where both are needed."""

    ORGANIZATION_READ = "organization:read"
    ORGANIZATION_WRITE = "organization:write"
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

"""API keys: made, shown once, revoked. Only a hash is kept."""

import secrets
from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db.models import Q

from tessera import db
from tessera.core import clock, ids
from tessera.core.phrases import Phrase, said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.http.scopes import Scope
from tessera.organizations.errors import FieldInvalid, KeyUnknown, ScopesExceedMaker
from tessera.organizations.models import ApiKey, Organization, Staff
from tessera.organizations.rights import Role, scopes_of

_HINT = 12


def create_key(
    *,
    organization: Organization,
    name: str,
    scopes: Collection[Scope],
    made_by: Staff | None = None,
    expires_at: datetime | None = None,
    at: datetime,
    actor: Actor,
) -> tuple[ApiKey, str]:
    """Make a key and return it with its secret, which cannot be had again. `made_by` None: the operator made it.

    `expires_at` is real time. Raises FieldInvalid; ScopesExceedMaker if the maker's role has not all of `scopes`.
    """
    name = name.strip()
    if not 1 <= len(name) <= 100 or "\0" in name:
        raise FieldInvalid("a key's name should have 1 to 100 characters", pointer="/name")
    if not scopes:
        raise FieldInvalid("a key needs at least one scope", pointer="/scopes")
    made_at = clock.now()
    if expires_at is not None and expires_at <= made_at:
        raise FieldInvalid("a key should expire in the future", pointer="/expires_at")
    if made_by is not None and (beyond := set(scopes) - scopes_of(Role(made_by.role))):
        role, names = Role(made_by.role).label, ", ".join(sorted(beyond))
        raise ScopesExceedMaker(
            said("a {role} may not do: {names}", role=Phrase(role.lower(), role), names=names), pointer="/scopes"
        )
    secret = f"tk_{'test' if organization.is_test else 'live'}_{secrets.token_urlsafe(32)}"
    with db.transaction():
        key = ApiKey.objects.create(
            organization=organization,
            name=name,
            hint=secret[:_HINT],
            secret_hash=sha256(secret.encode()).hexdigest(),
            scopes=sorted(scope.value for scope in set(scopes)),
            made_by=made_by,
            expires_at=expires_at,
            created_at=made_at,
        )
        _record(EventType.API_KEY_CREATED, key, at, actor, scopes=key.scopes)
    return key, secret


def revoke_key(*, organization: Organization, key_id: UUID, at: datetime, actor: Actor) -> None:
    """Take a key away, at once and for good. Doing it again does nothing.

    Raises KeyUnknown if the organization has no such key.
    """
    with db.transaction():
        keys = ApiKey.objects.filter(organization=organization, pk=key_id)
        key = keys.first()
        if key is None:
            raise KeyUnknown("there is no such key")
        if keys.filter(revoked_at=None).update(revoked_at=clock.now()):
            _record(EventType.API_KEY_REVOKED, key, at, actor)


def organization_of_key(key_id: UUID) -> Organization:
    """Return whose key it is. For the operator, who may revoke any. Raises KeyUnknown."""
    organization = Organization.objects.filter(api_keys=key_id).first()
    if organization is None:
        raise KeyUnknown("there is no such key")
    return organization


def keys_of_who_left(organization: Organization) -> frozenset[UUID]:
    """Return the keys whose makers have been disabled: they open nothing until their makers are enabled again."""
    left = Q(made_by__disabled_at__isnull=False) | Q(made_by__user__is_active=False)
    return frozenset(ApiKey.objects.filter(left, organization=organization).values_list("pk", flat=True))


def _record(what: EventType, key: ApiKey, at: datetime, actor: Actor, **data: object) -> None:
    events.record(
        events.Happened(
            organization_id=key.organization_id,
            type=what,
            at=at,
            actor=actor,
            data={"key": ids.to_text(ids.Prefix.API_KEY, key.pk), **data},
        )
    )

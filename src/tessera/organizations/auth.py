"""Who is calling the API: a key of one organization. Verifying one costs one indexed read and writes nothing."""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import UUID

from django.http import HttpRequest
from ninja.security import HttpBearer

from tessera.core import clock
from tessera.events.types import Actor
from tessera.http.scopes import Scope
from tessera.organizations import last_use
from tessera.organizations.errors import KeyExpired, KeyInvalid, KeyMissing, KeyRevoked, ScopeMissing
from tessera.organizations.lookup import FoundKey, key_by_hash
from tessera.organizations.models import Organization
from tessera.organizations.rights import scopes_of

# 32 random bytes in URL-safe base 64, after what tells a reader, and a secret scanner, what it is.
GRAMMAR: Final = re.compile(r"tk_(?:live|test)_[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Caller:
    """A program, with a key of an organization. `scopes` is what the key has and its maker still may."""

    organization: Organization
    key_id: UUID
    scopes: frozenset[Scope]
    actor: Actor

    def must(self, scope: Scope) -> None:
        """Raise ScopeMissing if the key may not do this."""
        if scope not in self.scopes:
            raise ScopeMissing(f"the key does not have the scope {scope.value}", scope=scope.value)


class ApiRequest(HttpRequest):
    """A request whose caller is known."""

    auth: Caller


class ApiKeyAuth(HttpBearer):
    """Lets in who has a key with `scope`."""

    refusals: Final = (KeyMissing, KeyInvalid, KeyExpired, KeyRevoked, ScopeMissing)

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Caller:
        caller = self.caller(request)
        caller.must(self.scope)
        return caller

    def caller(self, request: HttpRequest) -> Caller:
        """Return whose key came with the request, whatever it may do. Raises as `authenticate` does."""
        known = getattr(request, "auth", None)
        return known if isinstance(known, Caller) else authenticate(request.headers.get("Authorization"))

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        """Not used: `__call__` reads the header itself, to tell a missing key from a wrong one."""
        raise NotImplementedError


def requires(scope: Scope) -> ApiKeyAuth:
    """Return what an operation's `auth=` takes: only callers with `scope` get in."""
    return ApiKeyAuth(scope)


def authenticate(header: str | None) -> Caller:
    """Return who calls with this `Authorization` header.

    Raises KeyMissing, KeyInvalid, KeyExpired or KeyRevoked (all 401). Keys live in real time, everywhere.
    """
    scheme, _, secret = (header or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise KeyMissing("send an API key: Authorization: Bearer tk_live_…")
    secret = secret.strip()
    if not GRAMMAR.fullmatch(secret):
        raise KeyInvalid("this is not an API key: it should be tk_live_ or tk_test_ and 43 more characters")
    # The lookup is by a hash of 256 random bits: how long it takes tells nothing that helps to guess another.
    key = key_by_hash(sha256(secret.encode()).hexdigest())
    if key is None:
        raise KeyInvalid("there is no such API key")
    at = clock.now()
    if key.revoked_at is not None and key.revoked_at <= at:
        raise KeyRevoked("this API key has been revoked")
    if key.expires_at is not None and key.expires_at <= at:
        raise KeyExpired("this API key has expired")
    last_use.note(key.id, at)
    return Caller(key.organization, key.id, _scopes(key), Actor.api_key(key.id))


def _scopes(key: FoundKey) -> frozenset[Scope]:
    if key.maker_left:
        return frozenset()
    scopes = frozenset(_KNOWN[scope] for scope in key.scopes if scope in _KNOWN)
    return scopes if key.maker is None else scopes & scopes_of(key.maker)


_KNOWN: Final = {scope.value: scope for scope in Scope}

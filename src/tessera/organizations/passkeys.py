"""Passkeys (WebAuthn): what a browser is asked, and whether its answer proves anything.

The challenge is kept in the session between the two and is worth one answer. allauth finds request and session by
itself (`AccountMiddleware`), so these are for views only.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.core.exceptions import ValidationError

from tessera import db
from tessera.organizations.errors import PasskeyRefused
from tessera.organizations.models import User

_BEGUN: Final = "passkey_begun"


def registration(user: User) -> str:
    """Return, as JSON, what the browser is asked to make: a passkey that can also be signed in with on its own."""
    options = auth.begin_registration(user, passwordless=True)
    # Kept apart: being asked for a proof in between begins a question of its own.
    session = context.request.session
    session[_BEGUN] = session.pop(auth.STATE_SESSION_KEY)
    return _as_json(options)


def registered(answer: str) -> Mapping[str, Any]:
    """Return the credential that the browser made for us just now, to be kept. Raises PasskeyRefused."""
    credential = _read(answer)
    session = context.request.session
    session[auth.STATE_SESSION_KEY] = session.pop(_BEGUN, None)
    try:
        auth.parse_registration_response(credential)
        made = auth.complete_registration(credential)
    except (ValidationError, ValueError, KeyError, TypeError) as reason:
        raise _refused() from reason
    if not made.is_user_verified():
        raise _refused()
    return credential


def question(user: User | None = None) -> str:
    """Return, as JSON, what the browser is asked to sign: by a passkey of `user`, or by any that names its owner."""
    return _as_json(auth.begin_authentication(user))


def answered(answer: str, *, user: User | None = None) -> User:
    """Return whose passkey has signed: of `user`, or of whom it names. Raises PasskeyRefused."""
    credential = _read(answer)
    try:
        auth.parse_authentication_response(credential)
        owner = user or auth.extract_user_from_response(credential)
        row = auth.complete_authentication(owner, credential)
    except (ValidationError, ValueError, KeyError, TypeError, AttributeError) as reason:
        raise _refused() from reason
    assert isinstance(owner, User) and isinstance(row, Authenticator)
    with db.transaction():
        row.record_usage()
    return owner


def _as_json(options: Mapping[str, Any]) -> str:
    return json.dumps(dict(options))


def _read(answer: str) -> dict[str, Any]:
    try:
        found = json.loads(answer)
    except ValueError as reason:
        raise _refused() from reason
    if not isinstance(found, dict):
        raise _refused()
    return found


def _refused() -> PasskeyRefused:
    return PasskeyRefused("that passkey could not be checked: try again, or choose another way", pointer="/passkey")

"""Tokens for first-party apps: a short access token (JWT), and a refresh token that is another after each use.

Of a family of refresh tokens one counts at a time (RFC 9700, 4.14.2). Whoever uses one a second time is either a thief
or was robbed: the family ends with its session. Only the honest repeat of a request whose answer was lost is let
through, for half a minute and to the same successor, which is derived from the token that was shown (decision 31).
Real time throughout.
"""

import base64
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from django.db.models import F
from django.utils.crypto import salted_hmac

from tessera import db
from tessera.core import clock, ids
from tessera.core.ids import Prefix, new_id
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.identity import sessions, signatures, signing_in
from tessera.identity.errors import RefreshTokenInvalid, RefreshTokenReused, TokenInvalid
from tessera.identity.models import AppGrant, CustomerSession
from tessera.identity.signatures import Kind, Verified
from tessera.identity.types import How, Proven, SignedIn, Surface
from tessera.organizations.models import Organization
from tessera.organizations.time import now
from tessera.people.types import CustomerStatus

ACCESS_LIVES: Final = timedelta(minutes=15)
REFRESH_LIVES: Final = timedelta(days=30)
REPEAT_WITHIN: Final = timedelta(seconds=30)
_BEGINS: Final = "rt_"
_FAMILY_BYTES, _SECRET_BYTES, _NUMBER_BYTES = 16, 32, 4
_LONGEST: Final = 73  # characters


@dataclass(frozen=True, slots=True)
class AppTokens:
    """What an app is given: it shows the one, and keeps the other to itself. `expires_in` is in seconds."""

    access_token: str
    expires_in: int
    refresh_token: str
    refresh_expires_at: datetime
    signed_in: SignedIn
    audience: str
    created: bool = False


@dataclass(frozen=True, slots=True)
class _Refresh:
    """A refresh token in its parts."""

    family: bytes
    secret: bytes
    number: int

    @property
    def text(self) -> str:
        """As apps have it. Nothing in it says anything to them."""
        raw = self.family + self.secret + self.number.to_bytes(_NUMBER_BYTES, "big")
        return _BEGINS + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    def successor(self) -> "_Refresh":
        """Return the one that follows. Always the same, and known to nobody who has only this one."""
        derived = salted_hmac("tessera.identity.refresh", self.family + self.secret, algorithm="sha256").digest()
        return _Refresh(self.family, derived, self.number + 1)


def sign_in(
    *,
    organization: Organization,
    proven: Proven,
    audience: str,
    device: str,
    client_address: str,
    choice: str | None = None,
) -> AppTokens:
    """Sign whoever proved an address in to the app that `audience` names, and return its first tokens.

    Raises FieldInvalid for an audience that is none; PersonAmbiguous (`proven` stays good), CodeVoid.
    """
    signatures.check_audience(audience)
    first = _Refresh(secrets.token_bytes(_FAMILY_BYTES), secrets.token_bytes(_SECRET_BYTES), 1)
    with db.transaction():
        begun = signing_in.begin(
            organization=organization,
            proven=proven,
            surface=Surface.APP,
            device=device,
            client_address=client_address,
            at=now(organization),
            choice=choice,
        )
        AppGrant.objects.create(
            session_id=begun.signed_in.session_id,
            audience=audience,
            family_hash=_hash(first.family),
            secret_hash=_hash(first.secret),
            renewed_at=clock.now(),
        )
    return _tokens(begun.signed_in, audience, first, at=clock.now(), created=begun.created)


def refresh(*, organization: Organization, token: str, audience: str) -> AppTokens:
    """Return new tokens for a refresh token, which counts no more. Its session goes on for another 30 days.

    Of two that use one at once, or of a request and its repeat within half a minute, both get the same refresh token.
    Raises RefreshTokenInvalid; RefreshTokenReused, and the session is over.
    """
    at, shown = clock.now(), _read(token)
    grant = _grant(organization, shown, audience, at)
    session = grant.session
    if session.customer.status == CustomerStatus.ARCHIVED or session.customer.merged_into_id is not None:
        sessions.end(customer=session.customer, session_id=session.pk, actor=Actor.system("app-tokens"))
        raise _invalid()
    following = shown.successor()
    if shown.number == grant.number and _same(shown.secret, grant.secret_hash):
        with db.transaction():
            renewed = AppGrant.objects.filter(pk=grant.pk, number=shown.number).update(
                number=F("number") + 1, secret_hash=_hash(following.secret), renewed_at=at
            )
            if renewed:
                session.expires_at = at + REFRESH_LIVES
                CustomerSession.objects.filter(pk=session.pk).update(seen_at=at, expires_at=session.expires_at)
        if renewed:
            return _tokens(_signed_in(session, organization), audience, following, at=at)
        grant = _grant(organization, shown, audience, at)  # somebody was faster with the same token
    if shown.number >= grant.number:
        raise _invalid()
    _let_repeat(grant, following, at)
    return _tokens(_signed_in(grant.session, organization), audience, following, at=at)


def revoke(*, organization: Organization, token: str) -> None:
    """End the session that a refresh token belongs to, an old one too. One that is none is let pass (RFC 7009, 2.2)."""
    try:
        shown = _read(token)
    except RefreshTokenInvalid:
        return
    rows = AppGrant.objects.filter(family_hash=_hash(shown.family), session__organization=organization)
    grant = rows.select_related("session__customer__organization").first()
    if grant is not None:
        sessions.end(customer=grant.session.customer, session_id=grant.session_id)


def recognised(*, organization: Organization, token: str, audience: str | None = None) -> tuple[SignedIn, Verified]:
    """Return who shows an access token of an app, whose session goes on, and what it says. Two queries.

    Raises TokenInvalid.
    """
    found = signatures.verified(token, kinds=(Kind.APP,), organization=organization, audience=audience, at=clock.now())
    session = _session(organization, found)
    if session is None:
        raise TokenInvalid("this token does not count: its session is over")
    return _signed_in(session, organization), found


def goes_on(organization: Organization, token: Verified) -> bool:
    """Whether the session that an app's token was given for has not ended meanwhile. One query."""
    return _session(organization, token) is not None


def _session(organization: Organization, token: Verified) -> CustomerSession | None:
    key = ids.from_text(Prefix.SESSION, str(token.claims.get("sid")))
    if key is None:
        return None
    rows = CustomerSession.objects.filter(
        organization=organization, pk=key, surface=Surface.APP, expires_at__gt=clock.now(), customer__merged_into=None
    )
    row = rows.select_related("customer").first()
    same = row is not None and ids.to_text(Prefix.CUSTOMER, row.customer_id) == token.customer
    return row if same else None


def _let_repeat(grant: AppGrant, following: _Refresh, at: datetime) -> None:
    """Let a repeat of the last use through; end the family at any other use of a token that was used."""
    repeats = following.number == grant.number and _same(following.secret, grant.secret_hash)
    if repeats and at - grant.renewed_at <= REPEAT_WITHIN:
        return
    session = grant.session
    with db.transaction():
        if sessions.end(customer=session.customer, session_id=session.pk, actor=Actor.system("app-tokens")):
            events.record(
                events.Happened(
                    organization_id=session.organization_id,
                    type=EventType.CUSTOMER_APP_TOKEN_REUSED,
                    at=now(session.customer.organization),
                    actor=Actor.system("app-tokens"),
                    customer_id=session.customer_id,
                    data={"session": ids.to_text(Prefix.SESSION, session.pk)},
                )
            )
    raise RefreshTokenReused("this refresh token was used before: the session is over, sign in again")


def _grant(organization: Organization, shown: _Refresh, audience: str, at: datetime) -> AppGrant:
    rows = AppGrant.objects.filter(
        family_hash=_hash(shown.family), session__organization=organization, session__expires_at__gt=at
    )
    grant = rows.select_related("session__customer__organization").first()
    if grant is None or grant.audience != audience:
        raise _invalid()
    return grant


def _tokens(
    signed_in: SignedIn, audience: str, refresh_token: _Refresh, *, at: datetime, created: bool = False
) -> AppTokens:
    expires_at = int((at + ACCESS_LIVES).timestamp())
    customer = signed_in.customer
    access_token = signatures.signed(
        Kind.APP,
        organization=signed_in.organization,
        audience=audience,
        subject=ids.to_text(Prefix.CUSTOMER, customer.pk),
        issued_at=at,
        expires_at=expires_at,
        claims={
            "jti": new_id().hex,
            "number": customer.number,
            "sid": ids.to_text(Prefix.SESSION, signed_in.session_id),
            "auth_time": int(signed_in.since.timestamp()),
        },
    )
    return AppTokens(
        access_token=access_token,
        expires_in=expires_at - int(at.timestamp()),
        refresh_token=refresh_token.text,
        refresh_expires_at=signed_in.expires_at,
        signed_in=signed_in,
        audience=audience,
        created=created,
    )


def _signed_in(row: CustomerSession, organization: Organization) -> SignedIn:
    row.customer.organization = organization
    return SignedIn(
        session_id=row.pk,
        organization=organization,
        customer=row.customer,
        surface=Surface.APP,
        how=How(row.how),
        address=row.address,
        since=row.created_at,
        expires_at=row.expires_at,
    )


def _read(token: str) -> _Refresh:
    if not token.startswith(_BEGINS) or len(token) > _LONGEST:
        raise _invalid()
    try:
        encoded = token.removeprefix(_BEGINS).encode("ascii")
        raw = base64.b64decode(encoded + b"=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except ValueError as reason:
        raise _invalid() from reason
    if len(raw) != _FAMILY_BYTES + _SECRET_BYTES + _NUMBER_BYTES:
        raise _invalid()
    family, rest = raw[:_FAMILY_BYTES], raw[_FAMILY_BYTES:]
    return _Refresh(family, rest[:_SECRET_BYTES], int.from_bytes(rest[_SECRET_BYTES:], "big"))


def _hash(secret: bytes) -> str:
    return sha256(secret).hexdigest()


def _same(secret: bytes, kept: str) -> bool:
    return hmac.compare_digest(_hash(secret), kept)


def _invalid() -> RefreshTokenInvalid:
    return RefreshTokenInvalid("this refresh token does not count: sign in again")

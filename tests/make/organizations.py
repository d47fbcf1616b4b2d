"""Organizations, who works for them and what acts for them."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tessera.core import clock
from tessera.http.scopes import Scope
from tessera.organizations import issuer_keys
from tessera.organizations.models import ApiKey, Invitation, Organization, Staff, TrustedIssuer, User
from tessera.organizations.rights import Role
from tests.make.basics import JAN_10, serials


def organization(
    name: str = "Strand House",
    *,
    slug: str | None = None,
    time_zone: str = "Europe/London",
    currency: str = "GBP",
    locale: str = "en-GB",
    grace_days: int = 7,
    reminder_days: int = 7,
    subject_types: Sequence[str] = (),
    test_now: datetime | None = None,
) -> Organization:
    """A live organization in London; with `test_now` a test organization whose clock stands there."""
    return Organization.objects.create(
        slug=slug or f"club-{next(serials)}",
        name=name,
        time_zone=time_zone,
        currency=currency,
        locale=locale,
        grace_days=grace_days,
        reminder_days=reminder_days,
        subject_types=list(subject_types),
        is_test=test_now is not None,
        test_now=test_now,
        created_at=JAN_10,
    )


def staff(
    club: Organization,
    role: Role = Role.OWNER,
    *,
    name: str = "Sam Steward",
    email: str | None = None,
    password: str | None = None,
    disabled_at: datetime | None = None,
) -> Staff:
    """Somebody who works for the organization; can sign in only if a password is given (hashing is slow)."""
    user = User(email=email or f"staff-{next(serials)}@club.example", name=name, created_at=JAN_10)
    if password is None:
        user.set_unusable_password()
    else:
        user.set_password(password)
    user.save()
    return Staff.objects.create(organization=club, user=user, role=role, disabled_at=disabled_at, created_at=JAN_10)


def invitation(
    club: Organization,
    role: Role = Role.FRONT_DESK,
    *,
    email: str | None = None,
    name: str = "",
    invited_by: Staff | None = None,
    sent_at: datetime | None = None,
) -> Invitation:
    """Somebody is asked to work for the organization, and has not answered; sent just now unless told."""
    sent = sent_at or clock.now()
    return Invitation.objects.create(
        organization=club,
        email=email or f"invited-{next(serials)}@club.example",
        name=name,
        role=role,
        invited_by=invited_by,
        sent_at=sent,
        expires_at=sent + timedelta(days=7),
        created_at=sent,
    )


def authenticator_app(user: User) -> str:
    """Let the person have an authenticator app; return its secret, of which `totp` makes codes."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return str(secret)


def totp(secret: str, *, steps: int = 0) -> str:
    """The code that the app shows now, or so many steps of 30 seconds later."""
    return str(format_hotp_value(hotp_value(secret, int(clock.now().timestamp()) // 30 + steps)))


def key(
    club: Organization,
    scopes: Iterable[Scope] = tuple(Scope),
    *,
    name: str = "Tests",
    made_by: Staff | None = None,
    expires_at: datetime | None = None,
    revoked_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """An API key with all scopes unless told, and its secret."""
    secret = f"tk_{'test' if club.is_test else 'live'}_{secrets.token_urlsafe(32)}"
    row = ApiKey.objects.create(
        organization=club,
        name=name,
        hint=secret[:12],
        secret_hash=hashlib.sha256(secret.encode()).hexdigest(),
        scopes=[str(scope) for scope in scopes],
        made_by=made_by,
        expires_at=expires_at,
        revoked_at=revoked_at,
        created_at=JAN_10,
    )
    return row, secret


def trusted_issuer(club: Organization, issuer: str = "", *, active: bool = True) -> TrustedIssuer:
    """A site that signs with a key of its own."""
    site = issuer or f"https://site-{next(serials)}.example"
    key = Ed25519PrivateKey.generate().public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return TrustedIssuer.objects.create(
        organization=club, name="Website", issuer=site, keys=issuer_keys.read(pem), active=active, created_at=JAN_10
    )

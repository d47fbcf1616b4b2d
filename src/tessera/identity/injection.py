"""Tokens of trusted sites, each signing one visitor in, in one frame, once. Real time."""

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from django.core import signing
from django.db import IntegrityError
from django.db.models import Count

from tessera import db
from tessera.core import clock
from tessera.http import limits, outbound
from tessera.identity import published_keys, site_tokens
from tessera.identity.errors import InjectionRefused
from tessera.identity.models import Injection, UsedToken
from tessera.identity.published_keys import Ask
from tessera.identity.site_tokens import Judged, Unverified
from tessera.identity.types import Injected, Refusal
from tessera.organizations import issuers
from tessera.organizations.models import Organization, TrustedIssuer

KEPT: Final = timedelta(days=30)
MOST_KEPT: Final = 1_000  # of one organization
CARRIED_FOR: Final = timedelta(minutes=30)
_LONGEST_DETAIL: Final = 300
_LONGEST_SAID: Final = 200
_LONGEST_CARRIED: Final = 8_192
_SPARE: Final = timedelta(minutes=1)


@dataclass(slots=True)
class _Tried:
    """What is known of a token by the time it is refused, or taken."""

    organization: Organization
    origin: str
    said_issuer: str = ""
    issuer: TrustedIssuer | None = None


def inject(
    *,
    organization: Organization,
    token: str,
    origin: str,
    nonce: str,
    client_address: str,
    ask: Ask = outbound.request,
) -> Injected:
    """Return who the site says its visitor is; the token is used up. What was tried is put down, whatever came of it.

    `origin` is of the window that sent the token, `nonce` of the frame. Outside a transaction: a site may have to be
    asked for its keys. Raises InjectionRefused with one of `Refusal` as its code; TooManyRequests.
    """
    limits.token_injected(address=client_address)
    tried = _Tried(organization, origin)
    try:
        judged = _judged(tried, token, nonce, ask)
        with db.transaction():
            _use_up(tried, judged)
            _put_down(tried)
    except InjectionRefused as refusal:
        with db.transaction():
            _put_down(tried, refusal)
        raise
    return judged.injected


def carried(injected: Injected, *, organization: Organization, nonce: str) -> str:
    """Return what a site said as text that only we can make, to be carried by the page until a code is entered."""
    told = {name: value for name, value in asdict(injected).items() if value}
    return signing.dumps(told | {"issuer": injected.issuer.hex}, salt=_salt(organization, nonce), compress=True)


def carried_back(text: str, *, organization: Organization, nonce: str) -> Injected | None:
    """Return what `carried` made, for this organization and frame, within half an hour; None for anything else."""
    if len(text) > _LONGEST_CARRIED or not nonce:
        return None
    try:
        told: dict[str, Any] = signing.loads(text, salt=_salt(organization, nonce), max_age=CARRIED_FOR)
        return Injected(**{**told, "issuer": UUID(hex=told["issuer"])})
    except (signing.BadSignature, ValueError, TypeError, KeyError):
        return None


def forget_old() -> None:
    """Delete tries that are long over, and tokens that would be too old by now."""
    at = clock.now()
    with db.transaction():
        UsedToken.objects.filter(expires_at__lte=at).delete()
        Injection.objects.filter(at__lt=at - KEPT).delete()
    many = Injection.objects.values("organization").annotate(tries=Count("id")).filter(tries__gt=MOST_KEPT)
    for organization_id in many.values_list("organization", flat=True):
        rows = Injection.objects.filter(organization=organization_id).order_by("-id")
        oldest = rows.values_list("id", flat=True)[MOST_KEPT - 1]
        with db.transaction():
            rows.filter(id__lt=oldest).delete()


def _judged(tried: _Tried, token: str, nonce: str, ask: Ask) -> Judged:
    organization = tried.organization
    if tried.origin not in organization.allowed_origins:
        raise InjectionRefused(Refusal.ORIGIN_NOT_ALLOWED, "this origin is not one of the organization's sites")
    read = site_tokens.read(token)
    tried.said_issuer = read.issuer
    issuer = tried.issuer = _issuer(organization, read)
    site_tokens.check_signature(read, published_keys.keys_of(issuer, read.key_id, clock.now(), ask=ask))
    return site_tokens.judge(
        read, issuer=issuer.pk, audience=issuers.audience(organization), nonce=nonce, at=clock.now()
    )


def _issuer(organization: Organization, read: Unverified) -> TrustedIssuer:
    """Who it says it is from, if the organization trusts them; nobody else's issuer is looked at."""
    row = None
    if read.issuer.isprintable():
        row = TrustedIssuer.objects.filter(organization=organization, issuer=read.issuer).first()
    if row is None:
        raise InjectionRefused(Refusal.ISSUER_UNKNOWN, "iss is none of the issuers that the organization trusts")
    if not row.active:
        raise InjectionRefused(Refusal.ISSUER_OFF, f"{row.name} is switched off")
    return row


def _use_up(tried: _Tried, judged: Judged) -> None:
    told = json.dumps([tried.said_issuer, judged.token_id])
    try:
        with db.transaction():
            UsedToken(
                organization=tried.organization,
                token_hash=sha256(told.encode()).hexdigest(),
                expires_at=judged.expires_at + _SPARE,
            ).save(force_insert=True)
    except IntegrityError as reason:
        raise InjectionRefused(Refusal.TOKEN_REPLAYED, "this token was used before: each is good once") from reason


def _put_down(tried: _Tried, refusal: InjectionRefused | None = None) -> None:
    Injection(
        organization=tried.organization,
        issuer=tried.issuer,
        said_issuer=_printable(tried.said_issuer),
        origin=_printable(tried.origin),
        refusal=refusal.code if refusal is not None else "",
        detail=_printable(refusal.detail, _LONGEST_DETAIL) if refusal is not None else "",
        at=clock.now(),
    ).save(force_insert=True)


def _printable(text: str, longest: int = _LONGEST_SAID) -> str:
    return "".join(each if each.isprintable() else "\ufffd" for each in text[:longest])


def _salt(organization: Organization, nonce: str) -> str:
    return f"tessera.identity.injection:{organization.pk}:{nonce}"

"""Tokens that we sign (JWT, RFC 7519): how they are written, and what is asked of one that comes back.

Each kind has a `typ` of its own, so that none can stand for another (RFC 8725, 3.11). Real time: a token lives as long
as it says whatever an organization's clock says.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import jwt
from django.conf import settings
from jwt.exceptions import PyJWTError
from jwt.types import Options

from tessera.core import clock, ids
from tessera.identity import signing_keys
from tessera.identity.errors import TokenInvalid
from tessera.organizations.errors import FieldInvalid
from tessera.organizations.models import Organization

LONGEST: Final = 16_000  # characters of a token
LEEWAY: Final = 30  # seconds by which `iat` may be ahead of us
_AUDIENCE: Final = re.compile(r"[\x21-\x7e]{1,255}")


class Kind(StrEnum):
    """What a token is, by its `typ`."""

    ACCESS = "tessera-access+jwt"  # what a customer may do
    APP = "tessera-app+jwt"  # that a customer is signed in to a first-party app


@dataclass(frozen=True, slots=True)
class Verified:
    """A token of ours that counts now. `claims` are all that it says."""

    kind: Kind
    customer: str  # `cus_…`
    claims: Mapping[str, Any]


def present_instant() -> datetime:
    """Return what time it is, for whoever hands out or takes tokens: they live in real time."""
    return clock.now()


def issuer(organization: Organization) -> str:
    """Return `iss` of every token signed for the organization: its name as an address. Nothing need answer there."""
    return f"{settings.BASE_URL}/organizations/{ids.to_text(ids.Prefix.ORGANIZATION, organization.pk)}"


def check_audience(audience: str, *, pointer: str = "/audience") -> str:
    """Return what a token is to be for. Raises FieldInvalid unless it is 1 to 255 printable characters, no spaces."""
    if not _AUDIENCE.fullmatch(audience):
        raise FieldInvalid(
            "an audience should be 1 to 255 printable ASCII characters without spaces, such as https://club.example",
            pointer=pointer,
        )
    return audience


def signed(
    kind: Kind,
    *,
    organization: Organization,
    audience: str,
    subject: str,
    issued_at: datetime,
    expires_at: int,
    claims: Mapping[str, object],
) -> str:
    """Return a token that says this. `expires_at` is in seconds since 1970, and within an hour.

    One of a test organization says so (`test`): whoever takes it for real must have been told to.
    """
    issued = int(issued_at.timestamp())
    if expires_at - issued > signing_keys.LONGEST_TOKEN.total_seconds():
        raise ValueError("its key would be gone before it")
    key = signing_keys.signer(issued_at)
    said: dict[str, object] = {
        "iss": issuer(organization),
        "aud": audience,
        "sub": subject,
        "iat": issued,
        "exp": expires_at,
        **claims,
    }
    if organization.is_test:
        said["test"] = True
    return jwt.encode(said, key.private, algorithm=signing_keys.ALGORITHM, headers={"typ": kind.value, "kid": key.kid})


def verified(
    token: str, *, kinds: Collection[Kind], organization: Organization, audience: str | None, at: datetime
) -> Verified:
    """Return what a token of ours says, if it is one of these kinds, of this organization, and counts at `at`.

    `audience` None: it may be for anybody. One read. Raises TokenInvalid, which says too little to help a forger.
    """
    kind, kid = _header(token, kinds)
    key = signing_keys.public_key(kid)
    if key is None:
        raise _invalid("it is signed by no key of ours")
    try:
        claims = jwt.decode_complete(token, key, algorithms=[signing_keys.ALGORITHM], options=_BY_HAND)["payload"]
    except (PyJWTError, ValueError, RecursionError) as reason:
        raise _invalid("its signature is wrong") from reason
    if claims.get("iss") != issuer(organization):
        raise _invalid("it is of another organization")
    told = claims.get("aud")
    if not isinstance(told, str) or (audience is not None and told != audience):
        raise _invalid("it is for somebody else")
    _in_time(claims, at)
    customer = claims.get("sub")
    if not isinstance(customer, str):
        raise _invalid("it is about nobody")
    return Verified(kind, customer, claims)


def _header(token: str, kinds: Collection[Kind]) -> tuple[Kind, str]:
    if len(token) > LONGEST or not token.isascii():
        raise _invalid("it is no token")
    try:
        header = jwt.get_unverified_header(token)
    except (PyJWTError, ValueError, RecursionError) as reason:
        raise _invalid("it is no token") from reason
    if header.get("alg") != signing_keys.ALGORITHM or "crit" in header or not isinstance(header.get("kid"), str):
        raise _invalid("it is not signed as ours are")
    kind = next((each for each in kinds if each.value == header.get("typ")), None)
    if kind is None:
        raise _invalid("it is of another kind")
    return kind, header["kid"]


def _in_time(claims: Mapping[str, Any], at: datetime) -> None:
    now, issued, expires = at.timestamp(), claims.get("iat"), claims.get("exp")
    if type(issued) is not int or type(expires) is not int or issued > now + LEEWAY:
        raise _invalid("its instants are wrong")
    if expires <= now:
        raise _invalid("it is over")


def _invalid(why: str) -> TokenInvalid:
    return TokenInvalid(f"this token does not count: {why}")


# Only the signature is left to the library: what has to be there, and be how, is said above.
_BY_HAND: Final[Options] = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}

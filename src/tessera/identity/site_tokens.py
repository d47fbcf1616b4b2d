"""Tokens of trusted sites, read and judged to the letter (RFC 7519, RFC 8725). Reads no clock and no record.

Nothing in a token says how it is to be judged: keys and their algorithms come from the issuer's settings, and what a
header names (`jwk`, `jku`, `x5u`, `x5c`) is passed over. docs/identity.md says what a token holds.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any, Final
from uuid import UUID

from jwt import PyJWK
from jwt.exceptions import PyJWTError

from tessera.core.errors import TesseraError
from tessera.identity.errors import InjectionRefused
from tessera.identity.types import Injected, Refusal
from tessera.organizations.issuer_keys import Jwk
from tessera.people import details
from tessera.people.errors import LocaleInvalid

TYPE: Final = "tessera-visitor+jwt"
LONGEST: Final = 8192
LONGEST_LIFE: Final = 300
LEEWAY: Final = 30
_ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")
_PART: Final = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_TEXT: Final = 200
_LAST_SECOND: Final = 253_402_300_799  # of the year 9999: what comes after is no date here


@dataclass(frozen=True, slots=True)
class Unverified:
    """A token taken apart, of which nothing is known yet."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes

    @property
    def issuer(self) -> str:
        """Who it says it is from; empty if it does not."""
        said = self.claims.get("iss")
        return said if isinstance(said, str) else ""

    @property
    def key_id(self) -> str | None:
        """The key that it says it is signed with; None if it does not say."""
        said = self.header.get("kid")
        return said if isinstance(said, str) else None


@dataclass(frozen=True, slots=True)
class Judged:
    """What a good token says: of whom, by which name it is used once, and from when on it is too old anyway."""

    injected: Injected
    token_id: str
    expires_at: datetime


def read(token: str) -> Unverified:
    """Take a token apart, and refuse what is none of ours by its form. Its size is looked at before anything else."""
    if len(token) > LONGEST:
        raise InjectionRefused(Refusal.TOKEN_TOO_LARGE, f"a token has at most {LONGEST} characters, not {len(token)}")
    parts = token.split(".")
    if len(parts) != 3:
        raise _malformed(f"it should have three parts with dots between them, not {len(parts)}")
    header, claims = _object(parts[0], "header"), _object(parts[1], "claims")
    signature = _bytes(parts[2], "signature")
    _check_header(header)
    return Unverified(header, claims, f"{parts[0]}.{parts[1]}".encode(), signature)


def check_signature(token: Unverified, keys: Sequence[Jwk]) -> None:
    """Refuse what none of the issuer's keys has signed. The algorithm is the key's; the token may only agree."""
    key = _key(token, keys)
    if token.header["alg"] != key["alg"]:
        raise InjectionRefused(
            Refusal.ALGORITHM_WRONG,
            f"the key {_said(key['kid'])} signs {key['alg']}; the token says {_said(token.header['alg'])}",
        )
    try:
        public = PyJWK(dict(key), algorithm=key["alg"])
        right = public.Algorithm.verify(token.signed, public.key, token.signature)
    except (PyJWTError, ValueError, TypeError):
        right = False
    if not right:
        raise InjectionRefused(Refusal.SIGNATURE_WRONG, f"it is not signed with the key {_said(key['kid'])}")


def judge(token: Unverified, *, issuer: UUID, audience: str, nonce: str, at: datetime) -> Judged:
    """Return what a token says whose signature is right; `at` is real time. Raises InjectionRefused."""
    claims = token.claims
    if claims.get("aud") != audience or not isinstance(claims.get("aud"), str):
        raise InjectionRefused(
            Refusal.AUDIENCE_WRONG, f"aud should be exactly the text {audience}, and is {_said(claims.get('aud'))}"
        )
    expires_at = _check_time(claims, at.timestamp())
    said_nonce = claims.get("nonce")
    if not isinstance(said_nonce, str) or not nonce or not _same(said_nonce, nonce):
        raise InjectionRefused(Refusal.NONCE_WRONG, "nonce should be what this frame said in its message ready")
    token_id, subject = claims.get("jti"), claims.get("sub")
    if not _is_text(token_id):
        raise InjectionRefused(Refusal.ID_MISSING, "jti should be 1 to 200 printable characters")
    if not _is_text(subject):
        raise InjectionRefused(Refusal.SUBJECT_MISSING, "sub should be 1 to 200 printable characters")
    return Judged(_injected(claims, issuer, str(subject)), str(token_id), expires_at)


def _check_header(header: Mapping[str, Any]) -> None:
    said = header.get("typ")
    if not isinstance(said, str) or said.lower().removeprefix("application/") != TYPE:
        raise InjectionRefused(Refusal.TYPE_WRONG, f"typ should be {TYPE}, and is {_said(said)}")
    if "crit" in header:
        raise InjectionRefused(Refusal.CRITICAL_UNKNOWN, "crit names what has to be understood; nothing of it is here")
    if header.get("alg") not in _ALGORITHMS:  # a tuple: what is said may be anything
        raise InjectionRefused(
            Refusal.ALGORITHM_WRONG, f"alg should be RS256, ES256 or EdDSA, and is {_said(header.get('alg'))}"
        )
    if "kid" in header and not _is_text(header["kid"]):
        raise InjectionRefused(Refusal.KEY_UNKNOWN, "kid should be 1 to 200 printable characters, or left out")


def _key(token: Unverified, keys: Sequence[Jwk]) -> Jwk:
    if token.key_id is None:
        if len(keys) != 1:
            raise InjectionRefused(Refusal.KEY_UNKNOWN, "kid is missing, and the issuer has not just one key")
        return keys[0]
    for key in keys:
        if key["kid"] == token.key_id:
            return key
    known = ", ".join(_said(key["kid"]) for key in keys[:3])
    raise InjectionRefused(Refusal.KEY_UNKNOWN, f"the issuer has no key {_said(token.key_id)}; it has {known}")


def _check_time(claims: Mapping[str, Any], now: float) -> datetime:
    issued, expires, begins = (_second(claims, name) for name in ("iat", "exp", "nbf"))
    if issued is None or expires is None:
        raise InjectionRefused(Refusal.LIFETIME_MISSING, "iat and exp should both say a second, as numbers")
    if not 0 < expires - issued <= LONGEST_LIFE:
        raise InjectionRefused(
            Refusal.LIFETIME_TOO_LONG,
            f"exp should come after iat, by at most {LONGEST_LIFE} s; here it is {expires - issued:.0f} s",
        )
    if max(issued, begins if begins is not None else issued) > now + LEEWAY:
        raise InjectionRefused(
            Refusal.NOT_YET_VALID,
            f"it begins {max(issued, begins or 0) - now:.0f} s from now: look at the site's clock",
        )
    if expires <= now:
        raise InjectionRefused(Refusal.TOKEN_EXPIRED, f"it expired {now - expires:.0f} s ago")
    return datetime.fromtimestamp(expires, UTC)


def _second(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_SECOND:
        raise InjectionRefused(Refusal.LIFETIME_MISSING, f"{name} should be a number of seconds since 1970")
    return float(value)


def _injected(claims: Mapping[str, Any], issuer: UUID, subject: str) -> Injected:
    address = _text(claims, "email")
    return Injected(
        issuer=issuer,
        subject=subject,
        address=_or_refused("email", lambda: details.email(address, pointer="/email")) if address else "",
        verified=bool(address) and claims.get("email_verified") is True,
        first_name=_name(claims, "given_name"),
        last_name=_name(claims, "family_name"),
        locale=_locale(_text(claims, "locale")),
        external_id=_external_id(claims),
    )


def _name(claims: Mapping[str, Any], name: str) -> str:
    given = _text(claims, name)
    return _or_refused(name, lambda: details.text(given, pointer=f"/{name}"))


def _external_id(claims: Mapping[str, Any]) -> str:
    given = _text(claims, "external_id")
    return _or_refused("external_id", lambda: details.external_id(given) or "") if given else ""


def _text(claims: Mapping[str, Any], name: str) -> str:
    given = claims.get(name)
    if given is None:
        return ""
    if not isinstance(given, str):
        raise InjectionRefused(Refusal.CLAIM_INVALID, f"{name} should be a text")
    return given


def _or_refused(name: str, kept: Callable[[], str]) -> str:
    try:
        return kept()
    except TesseraError as reason:
        # What it was stays out of the text: it is the visitor's.
        raise InjectionRefused(Refusal.CLAIM_INVALID, f"{name} is not as it should be ({reason.code})") from reason


def _locale(given: str) -> str:
    """The language, if it is one: nobody is kept out for want of it."""
    try:
        return details.locale(given.replace("_", "-")) if given else ""
    except LocaleInvalid:
        return ""


def _object(part: str, what: str) -> dict[str, Any]:
    try:
        read = json.loads(
            _bytes(part, what).decode(), object_pairs_hook=_once_each, parse_constant=_no_number
        )  # fmt: skip
    except (ValueError, RecursionError) as reason:
        raise _malformed(f"its {what} should be a JSON object with each name once") from reason
    if not isinstance(read, dict):
        raise _malformed(f"its {what} should be a JSON object")
    return read


def _bytes(part: str, what: str) -> bytes:
    try:
        if not _PART.fullmatch(part):
            raise _malformed(f"its {what} should be base64url without padding")
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error as reason:
        raise _malformed(f"its {what} should be base64url") from reason


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _no_number(said: str) -> float:
    raise ValueError(f"{said} is not JSON")


def _same(said: str, known: str) -> bool:
    """Whether both are one text, in a time that does not tell how much of it is; JSON may hold halves of characters."""
    return compare_digest(said.encode(errors="surrogatepass"), known.encode(errors="surrogatepass"))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= _LONGEST_TEXT and value.isprintable() and bool(value.strip())


def _said(value: object) -> str:
    """A value of a token, short and on one line, for whoever looks for the fault."""
    text = json.dumps(value, ensure_ascii=True, default=str) if value is not None else "missing"
    return text if len(text) <= 80 else f"{text[:79]}…"


def _malformed(detail: str) -> InjectionRefused:
    return InjectionRefused(Refusal.TOKEN_MALFORMED, detail)

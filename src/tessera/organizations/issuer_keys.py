"""Public keys of trusted issuers: read as people paste them, and kept as JWKs that say what they may be used for.

The algorithm belongs to the key, never to the token (RFC 8725, 3.1): RSA signs RS256, P-256 signs ES256, Ed25519
signs EdDSA, and nothing else is taken. Pure.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import PyJWK
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from jwt.exceptions import PyJWTError

from tessera.core.phrases import said
from tessera.organizations.errors import IssuerKeyInvalid

MOST: Final = 10
LONGEST: Final = 20_000  # characters of all keys together
_FEWEST_BITS, _MOST_BITS = 2048, 8192
_PEM: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
# What RFC 7638 takes the thumbprint of.
_ESSENTIAL: Final = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}
_KEY_ID: Final = re.compile(r"[\x21-\x7e]{1,200}")

Jwk = dict[str, str]
PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey


def read(text: str, *, pointer: str = "/keys") -> list[Jwk]:
    """Return the public keys in `text`: PEM blocks one after the other, one JWK, or a JWK set.

    Each has `kty`, `alg`, `use`, `kid` (its own, else its thumbprint by RFC 7638) and its parts.
    Raises IssuerKeyInvalid, saying which key is wrong and what would be right.
    """
    text = text.strip()
    if not text:
        raise IssuerKeyInvalid("paste a public key, or give the address where the site publishes them", pointer=pointer)
    if len(text) > LONGEST:
        raise IssuerKeyInvalid(
            said("the keys have more than {longest} characters together", longest=LONGEST), pointer=pointer
        )
    keys = _from_json(text, pointer) if text.startswith(("{", "[")) else _from_pem(text, pointer)
    if len(keys) > MOST:
        raise IssuerKeyInvalid(said("at most {most} keys can be trusted at once", most=MOST), pointer=pointer)
    if len({key["kid"] for key in keys}) != len(keys):
        raise IssuerKeyInvalid("two of the keys have the same key id (kid)", pointer=pointer)
    return keys


def from_set(document: object, *, pointer: str = "/keys") -> list[Jwk]:
    """Return the keys of a JWK set that can sign for us; those of other kinds are passed over, as RFC 7517 (5) asks.

    Raises IssuerKeyInvalid if there is none, or it is no JWK set.
    """
    listed = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise IssuerKeyInvalid('this is not a JWK set: it should be {"keys": […]}', pointer=pointer)
    found, why = [], None
    for jwk in listed[: 10 * MOST]:
        try:
            found.append(_from_jwk(jwk, pointer))
        except IssuerKeyInvalid as reason:
            why = why or reason
    if not found:
        raise why or IssuerKeyInvalid("the JWK set has no key in it", pointer=pointer)
    return found[:MOST]


def described(jwk: Mapping[str, str]) -> str:
    """Return what kind of key it is, as people call it."""
    if jwk["kty"] == "RSA":
        return f"RSA, {8 * len(base64.urlsafe_b64decode(jwk['n'] + '=='))} bits"
    return "P-256" if jwk["kty"] == "EC" else "Ed25519"


def _from_json(text: str, pointer: str) -> list[Jwk]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as reason:
        raise IssuerKeyInvalid(
            said("this begins like JSON and is none: {reason}", reason=reason), pointer=pointer
        ) from reason
    listed = document.get("keys") if isinstance(document, dict) and "keys" in document else [document]
    if not isinstance(listed, list) or not listed:
        raise IssuerKeyInvalid('a JWK set should be {"keys": […]} with a key in it', pointer=pointer)
    return [_from_jwk(jwk, pointer) for jwk in listed[: MOST + 1]]


def _from_pem(text: str, pointer: str) -> list[Jwk]:
    blocks = list(_PEM.finditer(text))
    if not blocks or _PEM.sub("", text).strip():
        raise IssuerKeyInvalid(
            "a key should be PEM, from -----BEGIN PUBLIC KEY----- to -----END PUBLIC KEY-----, or a JWK",
            pointer=pointer,
        )
    return [_from_pem_block(block[0], block[1], pointer) for block in blocks[: MOST + 1]]


def _from_pem_block(block: str, label: str, pointer: str) -> Jwk:
    if "PRIVATE" in label:
        raise IssuerKeyInvalid(
            "this is a private key: it must never leave the site. Make another pair, and paste the public one",
            pointer=pointer,
        )
    try:
        key = load_pem_public_key(block.encode())
    except (ValueError, UnsupportedAlgorithm) as reason:
        raise IssuerKeyInvalid(
            said("{label}: not a public key that can be read", label=label.lower()), pointer=pointer
        ) from reason
    return _kept(key, "", pointer)


def _from_jwk(jwk: object, pointer: str) -> Jwk:
    if not isinstance(jwk, dict) or not all(isinstance(name, str) for name in jwk):
        raise IssuerKeyInvalid("a JWK should be a JSON object", pointer=pointer)
    if _PRIVATE & jwk.keys():
        raise IssuerKeyInvalid(
            "this JWK holds a secret part: it must never leave the site. Make another pair, and paste the public one",
            pointer=pointer,
        )
    if jwk.get("use", "sig") != "sig":
        raise IssuerKeyInvalid("a key for encryption does not sign: its use should be sig", pointer=pointer)
    parts = {name: jwk[name] for name in ("kty", "crv", "n", "e", "x", "y") if name in jwk}
    try:
        key = PyJWK(parts, algorithm=_algorithm(parts)).key
    except (PyJWTError, ValueError, TypeError, KeyError, UnsupportedAlgorithm) as reason:
        raise IssuerKeyInvalid(
            "a JWK should be RSA, EC on P-256, or Ed25519, with all its parts", pointer=pointer
        ) from reason
    kept = _kept(key, jwk.get("kid", ""), pointer)
    if jwk.get("alg", kept["alg"]) != kept["alg"]:
        raise IssuerKeyInvalid(
            said(
                "a key of this kind signs {algorithm}, and its alg says {other!r}",
                algorithm=kept["alg"],
                other=str(jwk["alg"])[:20],
            ),
            pointer=pointer,
        )
    return kept


def _algorithm(parts: Mapping[str, object]) -> str:
    known = {("RSA", None): "RS256", ("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA"}
    kind = parts.get("kty"), parts.get("crv")
    return known[kind]  # type: ignore[index]  # what is not known is a KeyError, whatever it is made of


def _kept(key: object, kid: object, pointer: str) -> Jwk:
    parts: dict[str, Any]
    if isinstance(key, RSAPublicKey):
        if not _FEWEST_BITS <= key.key_size <= _MOST_BITS:
            raise IssuerKeyInvalid(
                said(
                    "an RSA key should have {least} to {most} bits; this one has {bits}",
                    least=_FEWEST_BITS,
                    most=_MOST_BITS,
                    bits=key.key_size,
                ),
                pointer=pointer,
            )
        parts, algorithm = RSAAlgorithm.to_jwk(key, as_dict=True), "RS256"
    elif isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        parts, algorithm = ECAlgorithm.to_jwk(key, as_dict=True), "ES256"
    elif isinstance(key, Ed25519PublicKey):
        parts, algorithm = OKPAlgorithm.to_jwk(key, as_dict=True), "EdDSA"
    else:
        raise IssuerKeyInvalid(
            "a key should be RSA, EC on the curve P-256, or Ed25519: others are not taken", pointer=pointer
        )
    essential: Jwk = {name: str(parts[name]) for name in _ESSENTIAL[parts["kty"]]}
    if kid and not (isinstance(kid, str) and _KEY_ID.fullmatch(kid)):
        raise IssuerKeyInvalid("a key id (kid) should be 1 to 200 printable characters", pointer=pointer)
    return {**essential, "alg": algorithm, "use": "sig", "kid": str(kid) or _thumbprint(essential)}


def _thumbprint(essential: Mapping[str, str]) -> str:
    written = json.dumps(essential, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(written).digest()).rstrip(b"=").decode()

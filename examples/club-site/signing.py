"""Telling Tessera who a visitor is: a token of the site's own, signed with a key that only the site has.

This is all that a site's back end needs, in any language; docs/embedding.md has it in PHP and Node too.
"""

import secrets
import time
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

TYPE = "tessera-visitor+jwt"  # what the token is for: it can stand for nothing else
LIFE_SECONDS = 60  # at most 300 are taken; it is used within a second


def key_in(file: Path) -> Ed25519PrivateKey:
    """Return the site's key; made the first time, in a file that only its owner reads."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_bytes(
            Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{file} holds no Ed25519 key")
    return key


def public_pem(key: Ed25519PrivateKey) -> str:
    """Return what is pasted into Tessera's console, under Settings, Embedding."""
    shown = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return shown.decode()


def visitor_token(
    key: Ed25519PrivateKey, *, issuer: str, audience: str, nonce: str, subject: str, email: str, first: str, last: str
) -> str:
    """Return a token that says who is signed in to this site: for one frame (`nonce`), once (`jti`), for a minute.

    `issuer` is this site's name as it was told to the club's staff, `audience` the text they were shown for it.
    """
    now = int(time.time())
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": subject,
        "iat": now,
        "exp": now + LIFE_SECONDS,
        "jti": secrets.token_urlsafe(16),
        "nonce": nonce,
        "email": email,
        "email_verified": True,  # this site has proved it: otherwise leave it out, and Tessera asks for a code
        "given_name": first,
        "family_name": last,
        "external_id": subject,
    }
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"typ": TYPE})

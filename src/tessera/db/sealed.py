"""Secrets that must be read again, sealed before they are stored (docs/decisions/0013-sealed-secrets.md).

A sealed text is `s1.<key id>.<nonce and ciphertext, base64url>`: AES-256-GCM (NIST SP 800-38D) with a random nonce.
What it was sealed for is part of what is authenticated: moved to another row, it does not open.
"""

import base64
import os
from functools import lru_cache
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from tessera.core.encryption_keys import BYTES, DERIVED, EncryptionKey, id_of

VERSION: Final = "s1"
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


class Unsealable(Exception):
    """No key that is configured opens it, or it was changed, or it was sealed for another row. Never holds the text."""


def bound_to(*, organization_id: UUID, table: str, row_id: UUID) -> str:
    """Return the context of a value that belongs to this row and must not open in any other."""
    return f"{organization_id}/{table}/{row_id}"


def seal(text: str, *, context: str) -> str:
    """Return `text` sealed under the first key, for `context` alone. Sealing it again gives another text."""
    key_id, cipher = next(iter(_ring().items()))
    nonce = os.urandom(_NONCE_BYTES)
    box = nonce + cipher.encrypt(nonce, text.encode(), _authenticated(key_id, context))
    return f"{VERSION}.{key_id}.{base64.urlsafe_b64encode(box).decode().rstrip('=')}"


def unseal(sealed: str, *, context: str) -> str:
    """Return the text that was sealed for `context`. Raises Unsealable."""
    version, _, rest = sealed.partition(".")
    key_id, _, encoded = rest.partition(".")
    if version != VERSION or not key_id or not encoded:
        raise Unsealable(f"not a text that was sealed (version {VERSION})")
    cipher = _ring().get(key_id)
    if cipher is None:
        raise Unsealable(f"it was sealed under the key {key_id[:40]!r}, which is not configured")
    try:
        box = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        if len(box) < _NONCE_BYTES + _TAG_BYTES:
            raise Unsealable("the sealed text is cut short")
        return cipher.decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], _authenticated(key_id, context)).decode()
    except (InvalidTag, ValueError) as reason:
        raise Unsealable(f"the key {key_id!r} does not open it: it was changed, or sealed for another row") from reason


def needs_resealing(sealed: str) -> bool:
    """Whether it is sealed under another key than the first, or in an older form: `tessera secrets rotate` is due."""
    return not sealed.startswith(sealed_under(first_key()))


def sealed_under(key_id: str) -> str:
    """Return how every text begins that is sealed under this key."""
    return f"{VERSION}.{key_id}."


def key_of(sealed: str) -> str | None:
    """Return the id of the key that a text was sealed under; None if it is not a sealed text."""
    version, _, rest = sealed.partition(".")
    key_id, dot, _ = rest.partition(".")
    return key_id if version == VERSION and key_id and dot else None


def first_key() -> str:
    """Return the id of the key that seals."""
    return next(iter(_ring()))


def key_ids() -> tuple[str, ...]:
    """Return the ids of all keys that open, the one that seals first."""
    return tuple(_ring())


def _ring() -> dict[str, AESGCM]:
    return _ring_of(settings.ENCRYPTION_KEYS, settings.SECRET_KEY)


@lru_cache(maxsize=4)
def _ring_of(own: tuple[EncryptionKey, ...], secret_key: str) -> dict[str, AESGCM]:
    """The ciphers by key id. The derived key comes last: it seals only where there is no other, and always opens."""
    return {key.id: AESGCM(key.secret) for key in (*own, _derived(secret_key))}


def _derived(secret_key: str) -> EncryptionKey:
    secret = HKDF(SHA256(), length=BYTES, salt=None, info=b"tessera sealed secrets 1").derive(secret_key.encode())
    return EncryptionKey(id_of(secret, kind=f"{DERIVED}-"), secret)


def _authenticated(key_id: str, context: str) -> bytes:
    return f"{VERSION}.{key_id}.{context}".encode()

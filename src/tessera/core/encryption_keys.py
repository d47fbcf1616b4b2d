"""The keys that secrets are sealed under, as operators write them in `TESSERA_ENCRYPTION_KEYS`."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Final

BYTES: Final = 32
DERIVED: Final = (
    "derived"  # how the id of a key begins that is made from the secret key; operators' keys are not so named
)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}", re.ASCII)
_NUMBERED: Final = "k"


class EncryptionKeyInvalid(ValueError):
    """Not a key. The text tells its place in the list and never what stands there."""


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """A key of AES-256. Sealed texts name its `id`, which is no secret and tells nothing of the key."""

    id: str
    secret: bytes = field(repr=False)


def read(text: str) -> tuple[EncryptionKey, ...]:
    """Return the keys in the order they are written: comma-separated, each `name:` and 32 bytes in base64.

    Without a name, the id is made from the key. Both alphabets of base64 will do (RFC 4648), padded or not.
    Raises EncryptionKeyInvalid; also if a name or a key is there twice.
    """
    keys = [_read_one(part.strip(), place) for place, part in enumerate(text.split(","), start=1) if part.strip()]
    for place, key in enumerate(keys, start=1):
        if any(key.id == other.id or key.secret == other.secret for other in keys[: place - 1]):
            raise EncryptionKeyInvalid(f"key {place} has the name of another, or is the same key")
    return tuple(keys)


def make(name: str = "") -> str:
    """Return a new key as it is written in the list. Raises EncryptionKeyInvalid if the name is none."""
    written = base64.urlsafe_b64encode(secrets.token_bytes(BYTES)).decode().rstrip("=")
    if not name:
        return written
    if not _names_a_key(name):
        raise EncryptionKeyInvalid(_RULE_OF_NAMES)
    return f"{name}:{written}"


def id_of(secret: bytes, *, kind: str = _NUMBERED) -> str:
    """Return the id of a key that has no name: `kind` and 48 bits of a hash. Two keys do not share one by accident."""
    return kind + hashlib.sha256(b"tessera key id\0" + secret).hexdigest()[:12]


_RULE_OF_NAMES = (
    f"a key's name is up to 32 of a-z, 0-9, - and _, begins with a letter or digit, and does not begin with {DERIVED!r}"
)


def _names_a_key(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and not name.startswith(DERIVED)


def _read_one(written: str, place: int) -> EncryptionKey:
    name, colon, encoded = written.rpartition(":")
    if colon and not _names_a_key(name):
        raise EncryptionKeyInvalid(f"key {place}: {_RULE_OF_NAMES}")
    standard = encoded.strip().rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        secret = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except ValueError:
        secret = b""
    if len(secret) != BYTES:
        # Said without its cause, which could quote it.
        raise EncryptionKeyInvalid(
            f"key {place} is not {BYTES} bytes in base64; `tessera secrets make` prints one"
        ) from None
    return EncryptionKey(name or id_of(secret), secret)

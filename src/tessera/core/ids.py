"""Keys: time-ordered UUIDs (version 7, RFC 9562) inside, prefixed text outside (`cus_01h2xcejqtf2nbrexx3vqjhp41`).

The text form is TypeID's: 26 characters of Crockford's base 32 in lower case. Ids are public and never a secret.
"""

from enum import StrEnum
from uuid import UUID

from uuid_utils import compat

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_LENGTH = 26


class Prefix(StrEnum):
    """The kinds of things that have an id of their own."""

    ORGANIZATION = "org"
    STAFF = "stf"
    API_KEY = "key"
    CUSTOMER = "cus"
    COMPANY = "com"
    AFFILIATION = "aff"
    PERMISSION = "per"
    PLAN = "pln"
    PRICE = "prc"
    MEMBERSHIP = "mem"
    TERM = "trm"
    PAUSE = "pau"
    EVENT = "evt"


def new_id() -> UUID:
    """Return a fresh key; keys made later sort later."""
    return compat.uuid7()


def to_text(prefix: Prefix, key: UUID) -> str:
    """Return the public form of `key`."""
    number = key.int
    digits = bytearray(_LENGTH)
    for position in range(_LENGTH - 1, -1, -1):
        digits[position] = ord(_ALPHABET[number & 31])
        number >>= 5
    return f"{prefix}_{digits.decode()}"


def from_text(prefix: Prefix, text: str) -> UUID | None:
    """Return the key behind `text`, or None if it is not the text form of an id of this kind."""
    kind, separator, digits = text.partition("_")
    if not separator or kind != prefix or len(digits) != _LENGTH or digits[0] > "7":
        return None
    number = 0
    for character in digits:
        value = _VALUES.get(character)
        if value is None:
            return None
        number = number << 5 | value
    return UUID(int=number)

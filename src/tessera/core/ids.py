"""Keys: time-ordered UUIDs (version 7, RFC 9562) inside, prefixed text outside (`cus_01h2xcejqtf2nbrexx3vqjhp41`).

The text form is TypeID's: 26 characters of Crockford's base 32 in lower case. Ids are public and never a secret.
"""

import re
from enum import StrEnum
from uuid import UUID

from uuid_utils import compat

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_DIGITS = re.compile(r"[0-7][0-9a-hjkmnp-tv-z]{25}", re.ASCII)  # 128 bits: the first of 26 digits has only three
# Two digits at a time, and the way back through Python's own base 32: ids are written and read with every answer.
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_SHIFTS = range(120, -1, -10)
_IN_BASE_32 = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")


class Prefix(StrEnum):
    """The kinds of things that have an id of their own."""

    ORGANIZATION = "org"
    STAFF = "stf"
    USER = "usr"
    API_KEY = "key"
    TRUSTED_ISSUER = "iss"
    PICTURE = "pic"
    INVITATION = "inv"
    FORMER_EMAIL = "fem"
    CUSTOMER = "cus"
    COMPANY = "com"
    AFFILIATION = "aff"
    NOTE = "nte"
    COMPANY_LINK = "cln"
    COMPANY_INVITATION = "civ"
    DELETION_REQUEST = "dlr"
    CODE_ATTEMPT = "cod"
    SESSION = "ses"
    PASSKEY = "psk"
    SITE_LINK = "lnk"
    INJECTION = "inj"
    PERMISSION = "per"
    PLAN = "pln"
    PRICE = "prc"
    MEMBERSHIP = "mem"
    TERM = "trm"
    PAUSE = "pau"
    EVENT = "evt"
    FEED_EPOCH = "fep"
    JOB = "job"
    WEBHOOK_ENDPOINT = "whe"
    DELIVERY = "dlv"
    NOTICE = "ntc"
    SAVED_VIEW = "svw"
    BULK_RUN = "blk"
    IMPORT = "imp"
    EXPORT = "exp"
    QUESTION = "que"


def new_id() -> UUID:
    """Return a fresh key; keys made later sort later."""
    return compat.uuid7()


def to_text(prefix: Prefix, key: UUID) -> str:
    """Return the public form of `key`."""
    number = key.int
    return f"{prefix}_{''.join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])}"


def from_text(prefix: Prefix, text: str) -> UUID | None:
    """Return the key behind `text`, or None if it is not the text form of an id of this kind."""
    kind, _, digits = text.partition("_")
    if kind != prefix or not _DIGITS.fullmatch(digits):
        return None
    return UUID(int=int(digits.translate(_IN_BASE_32), 32))

"""What is told about people and companies: brought into the form it is kept in, or refused, saying why."""

import re
import unicodedata
from collections.abc import Callable, Hashable, Sequence
from datetime import date
from urllib.parse import urlsplit

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from tessera.core.phrases import said
from tessera.people.errors import (
    BirthdayInvalid,
    DomainInvalid,
    EmailInvalid,
    LocaleInvalid,
    PhoneInvalid,
    TextInvalid,
    TooMany,
    WebsiteInvalid,
)
from tessera.people.names import folded
from tessera.people.types import Email

MOST_EMAILS = MOST_PHONES = MOST_WEBSITES = 10
MOST_DOMAINS = MOST_TAGS = 50
LONGEST_TAG_KEY = 200
_MOST_DECOMPOSED = 4  # a letter with its accents, each written by itself: no letter of the composed form has more
_LONGEST_EMAIL = 254
_LONGEST_EMAIL_SENT = _LONGEST_EMAIL * _MOST_DECOMPOSED
_EARLIEST_BIRTHDAY = date(1900, 1, 1)
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def text(given: str, *, pointer: str, longest: int = 200) -> str:
    """Return one line of text, trimmed and in Unicode's composed form (NFC).

    Raises TextInvalid if it is longer than `longest` characters or holds control characters.
    """
    bare = given.strip()
    # Composing takes the square of the number of accents on a letter, so what is far too long is not composed at all.
    kept = unicodedata.normalize("NFC", bare) if len(bare) <= longest * _MOST_DECOMPOSED else bare
    if len(kept) > longest:
        raise TextInvalid(
            said("at most {longest} characters, not {many}", longest=longest, many=len(kept)), pointer=pointer
        )
    # What is printable holds none, and is told at once.
    if not kept.isprintable() and any(unicodedata.category(character) in ("Cc", "Cs") for character in kept):
        raise TextInvalid("one line of text, without control characters", pointer=pointer)
    return kept


def external_id(given: str | None, *, pointer: str = "/external_id") -> str | None:
    """Return the caller's own id as it is kept: compared exactly, 1 to 200 characters; None for none.

    Raises TextInvalid if it is empty, too long or holds control characters.
    """
    if given is None:
        return None
    kept = text(given, pointer=pointer)
    if not kept:
        raise TextInvalid("an external id cannot be empty; leave it out or send null", pointer=pointer)
    return kept


def email_key(address: str) -> str:
    """Return what an address is compared by: e-mail addresses do not care for capitals.

    At most 1,016 characters of it count; an address has 254 (RFC 5321).
    """
    return unicodedata.normalize("NFC", address.strip()[:_LONGEST_EMAIL_SENT]).casefold()


def email(given: str, *, pointer: str) -> str:
    """Return an e-mail address, at most 254 characters (RFC 5321). Raises EmailInvalid if it is none."""
    address = unicodedata.normalize("NFC", given.strip()[:_LONGEST_EMAIL_SENT])
    try:
        validate_email(address)
    except ValidationError as reason:
        raise EmailInvalid(
            said("{address!r} is not an e-mail address such as ada@example.org", address=address[:80]), pointer=pointer
        ) from reason
    if len(address) > _LONGEST_EMAIL or len(email_key(address)) > _LONGEST_EMAIL:
        raise EmailInvalid("an e-mail address has at most 254 characters", pointer=pointer)
    return address


def emails(given: Sequence[Email], *, pointer: str = "/emails") -> list[Email]:
    """Return a customer's addresses, at most ten, the first being the one that is written to.

    Raises EmailInvalid, or TooMany if there are more or one comes twice.
    """
    _few(given, MOST_EMAILS, pointer)
    kept = [
        Email(email(each.address, pointer=f"{pointer}/{place}/address"), each.verified)
        for place, each in enumerate(given)
    ]
    _once(kept, lambda each: email_key(each.address), pointer)
    return kept


def region_of(locale: str) -> str | None:
    """Return the region a locale names ("en-GB": GB), where numbers without a country code are dialled."""
    last = locale.replace("_", "-").rpartition("-")[2].upper()
    return last if "-" in locale.replace("_", "-") and last in phonenumbers.SUPPORTED_REGIONS else None


def phone(given: str, *, region: str | None, pointer: str) -> str:
    """Return a phone number in E.164 (+442079460000). Without "+" it is one of `region`.

    Raises PhoneInvalid if it cannot be a number there, or has an extension.
    """
    example = "+44 20 7946 0000"
    if not given.strip().startswith("+") and region is None:
        raise PhoneInvalid(said("begin with + and the country code, as in {example}", example=example), pointer=pointer)
    try:
        number = phonenumbers.parse(given.strip()[:40], region)
    except phonenumbers.NumberParseException as reason:
        raise PhoneInvalid(
            said("{given!r} is not a phone number such as {example}", given=given[:40], example=example),
            pointer=pointer,
        ) from reason
    if number.extension:
        raise PhoneInvalid("a phone number without an extension", pointer=pointer)
    if not phonenumbers.is_possible_number(number):
        raise PhoneInvalid(
            said(
                "{given!r} has too few or too many digits for a phone number there; an example is {example}",
                given=given[:40],
                example=example,
            ),
            pointer=pointer,
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phones(given: Sequence[str], *, region: str | None, pointer: str = "/phones") -> list[str]:
    """Return phone numbers in E.164, at most ten. Raises PhoneInvalid, or TooMany as `emails` does."""
    _few(given, MOST_PHONES, pointer)
    kept = [phone(each, region=region, pointer=f"{pointer}/{place}") for place, each in enumerate(given)]
    _once(kept, str, pointer)
    return kept


def birthday(given: date | None, *, today: date, pointer: str = "/birthday") -> date | None:
    """Return the birthday. Raises BirthdayInvalid if it is before 1900 or after `today`."""
    if given is not None and not _EARLIEST_BIRTHDAY <= given <= today:
        raise BirthdayInvalid(
            said("a day from {earliest} to today, {today}", earliest=_EARLIEST_BIRTHDAY, today=today), pointer=pointer
        )
    return given


def locale(given: str, *, pointer: str = "/locale") -> str:
    """Return a language tag (BCP 47) of at most 20 characters; empty: none. Raises LocaleInvalid."""
    if given and (len(given) > 20 or not _LOCALE.fullmatch(given)):
        raise LocaleInvalid(said("{given!r} is not a language such as en or en-GB", given=given[:20]), pointer=pointer)
    return given


def websites(given: Sequence[str], *, pointer: str = "/websites") -> list[str]:
    """Return websites' addresses, at most ten. Raises WebsiteInvalid, or TooMany as `emails` does."""
    _few(given, MOST_WEBSITES, pointer)
    kept = [_website(each, f"{pointer}/{place}") for place, each in enumerate(given)]
    _once(kept, str, pointer)
    return kept


def domains(given: Sequence[str], *, pointer: str = "/email_domains") -> list[str]:
    """Return e-mail domains in lower case, other scripts in their ASCII form (RFC 3490), at most fifty.

    Raises DomainInvalid, or TooMany as `emails` does.
    """
    _few(given, MOST_DOMAINS, pointer)
    kept = [_domain(each, f"{pointer}/{place}") for place, each in enumerate(given)]
    _once(kept, str, pointer)
    return kept


def tags(given: Sequence[str], *, pointer: str = "/tags") -> list[str]:
    """Return tags of 1 to 50 characters, at most fifty. Raises TextInvalid, or TooMany as `emails` does.

    Two that differ in case or accents only are the same one.
    """
    _few(given, MOST_TAGS, pointer)
    kept = [text(each, pointer=f"{pointer}/{place}", longest=50) for place, each in enumerate(given)]
    for place, each in enumerate(kept):
        if not tag_key(each):
            raise TextInvalid("a tag cannot be empty", pointer=f"{pointer}/{place}")
    _once(kept, tag_key, pointer)
    return kept


def tag_key(tag: str) -> str:
    """Return what a tag is compared by."""
    return folded(tag)[:LONGEST_TAG_KEY]


def _website(given: str, pointer: str) -> str:
    address = text(given, pointer=pointer, longest=500)
    try:
        parts = urlsplit(address)
        fits = parts.scheme in ("http", "https") and "." in (parts.hostname or "") and " " not in address
        fits = fits and parts.username is None and (parts.port is None or parts.port > 0)
    except ValueError:
        fits = False
    if not fits:
        raise WebsiteInvalid(
            said("{address!r} is not an address such as https://acme.example", address=address[:80]), pointer=pointer
        )
    return address


def _domain(given: str, pointer: str) -> str:
    name = given.strip().lower().removeprefix("@").rstrip(".")
    try:
        name = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError as reason:
        raise DomainInvalid(
            said("{given!r} is not a domain such as acme.example", given=given[:80]), pointer=pointer
        ) from reason
    labels = name.split(".")
    fits = len(name) <= 253 and len(labels) > 1 and not labels[-1].isdigit()
    if not fits or not all(_LABEL.fullmatch(label) for label in labels):
        raise DomainInvalid(said("{given!r} is not a domain such as acme.example", given=given[:80]), pointer=pointer)
    return name


def _few(given: Sequence[object], most: int, pointer: str) -> None:
    if len(given) > most:
        raise TooMany(said("at most {most}, not {many}", most=most, many=len(given)), pointer=pointer)


def _once(kept: Sequence[object], key: Callable[..., Hashable], pointer: str) -> None:
    seen: set[Hashable] = set()
    for place, each in enumerate(kept):
        if key(each) in seen:
            raise TooMany("the same one twice", pointer=f"{pointer}/{place}")
        seen.add(key(each))

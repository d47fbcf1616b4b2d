"""What the parts of an organization may look like. Pure."""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from tessera.core.currencies import UnknownCurrency, is_known
from tessera.core.local_time import UnknownTimeZone, zone_named
from tessera.core.phrases import Phrase, said
from tessera.organizations.errors import (
    FieldInvalid,
    LocaleInvalid,
    OriginInvalid,
    SlugInvalid,
)
from tessera.organizations.rights import Role

_SLUG: Final = re.compile(r"[a-z0-9](?:-?[a-z0-9])+")
_LOCALE: Final = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")  # as a browser writes it: an IDN is xn--…
_ACCENT: Final = re.compile(r"#[0-9a-f]{6}")
_SUBJECT_TYPE: Final = re.compile(r"[a-z][a-z0-9._-]{0,39}")
# What the access API means by these is settled, whatever an organization calls its own people.
_SETTLED_TYPES: Final = frozenset({"customer", "user", "card", "token", "permission"})
_MOST: Final = 20
_LONGEST_EMAIL: Final = 254  # RFC 5321


# Stand where the console's addresses have the slug.
_TAKEN_SLUGS: Final = frozenset(
    {"signin", "signout", "second-factor", "passkey", "account", "reset-password", "confirm-email", "invitation"}
)


def check_slug(slug: str) -> str:
    """Return the slug. Raises SlugInvalid."""
    if not 2 <= len(slug) <= 60 or not _SLUG.fullmatch(slug):
        raise SlugInvalid(
            "a slug should be 2 to 60 lower-case letters, digits and single hyphens, such as strand-house",
            pointer="/slug",
        )
    if slug in _TAKEN_SLUGS:
        raise SlugInvalid(said("{slug} is an address of the console; choose another slug", slug=slug), pointer="/slug")
    return slug


def check_name(name: str) -> str:
    """Return the name without spaces around it. Raises FieldInvalid."""
    name = name.strip()
    if not 1 <= len(name) <= 200 or "\0" in name:
        raise FieldInvalid("a name should have 1 to 200 characters", pointer="/name")
    return name


def check_time_zone(name: str) -> str:
    """Return the name. Raises UnknownTimeZone if the IANA database does not have it."""
    try:
        return zone_named(name).key
    except UnknownTimeZone as reason:
        raise UnknownTimeZone(reason.detail, pointer="/time_zone") from reason


def check_currency(code: str) -> str:
    """Return the code. Raises UnknownCurrency."""
    if not is_known(code):
        raise UnknownCurrency(said("{code!r} is not a currency such as GBP", code=code[:8]), pointer="/currency")
    return code


def check_locale(locale: str) -> str:
    """Return the locale. Raises LocaleInvalid."""
    if len(locale) > 20 or not _LOCALE.fullmatch(locale):
        raise LocaleInvalid("a locale should be a language and, perhaps, a region, such as en-GB", pointer="/locale")
    return locale


def check_accent(accent: str) -> str:
    """Return the colour in lower case. Raises FieldInvalid."""
    accent = accent.lower()
    if not _ACCENT.fullmatch(accent):
        raise FieldInvalid("a colour should be # and six hexadecimal digits, such as #1f5f4a", pointer="/accent")
    return accent


def check_contact_email(address: str) -> str:
    """Return the address without spaces around it; empty: there is none. Raises FieldInvalid."""
    address = address.strip()
    if address:
        try:
            validate_email(address)
        except ValidationError as reason:
            raise FieldInvalid(
                "should be an e-mail address, such as hello@club.example", pointer="/contact_email"
            ) from reason
    if len(address) > _LONGEST_EMAIL:
        raise FieldInvalid(
            said("should have at most {longest} characters", longest=_LONGEST_EMAIL), pointer="/contact_email"
        )
    return address


def check_grace_days(days: int) -> int:
    """Return the days. Raises FieldInvalid."""
    if not 0 <= days <= 365:
        raise FieldInvalid("grace should be 0 to 365 days", pointer="/grace_days")
    return days


def check_reminder_days(days: int) -> int:
    """Return the days. Raises FieldInvalid."""
    if not 0 <= days <= 60:
        raise FieldInvalid("reminders should come 0 to 60 days before the end; 0 for none", pointer="/reminder_days")
    return days


def check_roles(roles: list[str]) -> list[str]:
    """Return the roles in their own order, each once. Raises FieldInvalid."""
    if unknown := set(roles) - set(Role):
        raise FieldInvalid(said("there is no role {role!r}", role=min(unknown)[:20]), pointer="/second_factor_roles")
    return [str(role) for role in Role if role in roles]


def check_origins(origins: list[str]) -> list[str]:
    """Return the origins in lower case, each once. Raises OriginInvalid: https, or http on localhost; no path."""
    if len(origins) > _MOST:
        raise OriginInvalid(said("at most {most} sites can be allowed", most=_MOST), pointer="/allowed_origins")
    return list(dict.fromkeys(_origin(each, f"/allowed_origins/{n}") for n, each in enumerate(origins)))


def _origin(text: str, pointer: str) -> str:
    origin = text.lower()
    try:
        parts = urlsplit(origin)
        here = parts.hostname in ("localhost", "127.0.0.1")
        right = bool(_HOST.fullmatch(parts.hostname or "")) and (
            parts.scheme == "https" or (parts.scheme == "http" and here)
        )
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        right, port, parts = False, "", urlsplit("")
    if len(origin) > 200 or not right or origin != f"{parts.scheme}://{parts.hostname}{port}":
        raise OriginInvalid(
            said("{why}, such as https://club.example", why=_why_no_origin(origin[:80], parts)), pointer=pointer
        )
    return origin


def _why_no_origin(origin: str, parts: SplitResult) -> Phrase:
    """Return what would make an origin of what was typed."""
    if "*" in origin:
        return said("{it}: write each site by itself: a star would let in whoever gets an address there", it=origin)
    if not parts.scheme or "://" not in origin:
        return said("{it}: should begin with https://", it=origin)
    if parts.scheme == "http":
        return said("{it}: should begin with https://: what is loaded over http can be changed on the way", it=origin)
    if not origin.isascii():
        return said("{it}: write the host as browsers send it, with xn-- for letters of other alphabets", it=origin)
    if parts.username or parts.password:
        return said("{it}: leave out the name and password", it=origin)
    if parts.path or parts.query or parts.fragment:
        return said(
            "{it}: leave out what follows the host: an origin is the scheme, the host and perhaps a port", it=origin
        )
    return said("{it}: should be a site's origin", it=origin)


def check_subject_types(types: list[str]) -> list[str]:
    """Return the names, each once. Raises FieldInvalid."""
    for position, name in enumerate(types):
        if not _SUBJECT_TYPE.fullmatch(name) or name in _SETTLED_TYPES:
            raise FieldInvalid(
                "a subject type should be 1 to 40 of a-z, 0-9, '.', '_', '-', and none that is spoken for",
                pointer=f"/subject_types/{position}",
            )
    if len(types) > _MOST:
        raise FieldInvalid(said("at most {most} subject types", most=_MOST), pointer="/subject_types")
    return list(dict.fromkeys(types))

"""What an export is narrowed by, read from the texts of an address. What says nothing is refused, not passed over."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from tessera.core import ids, local_time
from tessera.core.ids import Prefix
from tessera.core.phrases import said
from tessera.events.types import EventType
from tessera.memberships.filters import CompanyFilter, CustomerFilter, MembershipFilter
from tessera.transfer.errors import ListUnknown

T = TypeVar("T")
F = TypeVar("F", CustomerFilter, CompanyFilter, MembershipFilter)


def understood(told: Mapping[str, str], kind: type[F]) -> F:
    """Return the filter. Raises ListUnknown if a part says nothing: a page shows everybody then, a file does not."""
    found = kind.parse(told)
    if unread := sorted(set(told) - set(found.address())):
        raise ListUnknown(
            said("{name} = {text!r} is nothing to narrow the list by", name=unread[0], text=told[unread[0]][:40]),
            pointer="/filters",
        )
    return found


def one_of(words: type[T], text: str | None) -> T | None:
    """Return the word that the text is; None if it is empty. Raises ListUnknown."""
    if not text:
        return None
    try:
        return words(text)  # type: ignore[call-arg]
    except ValueError as reason:
        raise ListUnknown(said("there is no {text!r} to narrow the list by", text=text[:40])) from reason


def types_of(text: str | None) -> list[EventType]:
    """Return the types that are named, or all of a noun (`membership.*`), parted by commas; none named: of all.

    Raises ListUnknown.
    """
    names = text.split(",") if text else []
    known = {f"{each.partition('.')[0]}.*" for each in EventType} | set(EventType)
    if unknown := [each for each in names if each not in known]:
        raise ListUnknown(said("there are no events {text!r} to narrow the list by", text=unknown[0][:40]))
    return [each for each in EventType if each in names or f"{each.partition('.')[0]}.*" in names]


def end_of(text: str | None, zone: ZoneInfo) -> datetime | None:
    """Return the end of a day that is written 2026-03-31; None if none is. Raises ListUnknown."""
    if not text:
        return None
    try:
        return local_time.day_start(date.fromisoformat(text) + timedelta(days=1), zone)
    except (ValueError, OverflowError) as reason:
        raise ListUnknown(said("{text!r} is no day to narrow the list by", text=text[:40])) from reason


def key_of(prefix: Prefix, text: str | None) -> UUID | None:
    """Return the key of a public id; None if it is empty. Raises ListUnknown."""
    if not text:
        return None
    key = ids.from_text(prefix, text)
    if key is None:
        raise ListUnknown(said("{text!r} is no id to narrow the list by", text=text[:40]))
    return key

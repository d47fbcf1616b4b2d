"""What cells hold: written so that no spreadsheet takes one for a formula, and read back as they were meant."""

import re
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from tessera.core import local_time
from tessera.core.phrases import said
from tessera.transfer.errors import CellInvalid
from tessera.transfer.types import DateOrder

# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV injection"), full-width forms too.
_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Numbers, and phone numbers as they are written here: they can compute nothing, and are worth nothing with a quote.
_HARMLESS: Final = re.compile(r"\+[0-9 ]{3,30}|-[0-9]+(\.[0-9]+)?")
_YES: Final = frozenset({"yes", "y", "true", "t", "1", "x", "ja", "j", "wahr", "oui", "o", "vrai", "✓"})
_NO: Final = frozenset({"no", "n", "false", "f", "0", "nein", "falsch", "non", "faux", "-"})
_PARTS: Final = re.compile(r"([0-9]{1,2})[./ -]+([0-9]{1,2})[./ -]+([0-9]{4})")
_EXAMPLES: Final = {DateOrder.ISO: "2026-03-31", DateOrder.DAY_FIRST: "31/03/2026", DateOrder.MONTH_FIRST: "03/31/2026"}
_SEVERAL: Final = re.compile(r"[;\n|]")
_BETWEEN: Final = "; "


def guarded(text: str) -> str:
    """Return a cell to write: one that a spreadsheet would compute begins with an apostrophe."""
    bare = text.lstrip(" \u00a0\u200b\ufeff")
    if bare.startswith(_BEGINS) or text.startswith(_BEGINS):
        return text if _HARMLESS.fullmatch(text) else f"'{text}"
    # What begins so itself would lose its apostrophe on the way back.
    return f"'{text}" if text.startswith("'") and text[1:].startswith((*_BEGINS, "'")) else text


def plain(cell: str) -> str:
    """Return what a cell means, trimmed: the apostrophe that `guarded` put before it is taken off."""
    text = cell.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith((*_BEGINS, "'")) else text


def several(text: str) -> list[str]:
    """Return what a cell lists, separated by `;`, `|` or line ends; what is there twice, once."""
    return list(dict.fromkeys(part for each in _SEVERAL.split(text) if (part := each.strip())))


def listed(parts: list[str] | tuple[str, ...]) -> str:
    """Return several as one cell, as `several` reads it."""
    return _BETWEEN.join(parts)


def yes_or_no(text: str, field: str) -> bool:
    """Return whether a cell says yes. Raises CellInvalid if it says neither yes nor no."""
    word = text.casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise CellInvalid(said("{text!r} is neither yes nor no", text=text[:40]), pointer=f"/{field}")


def day(text: str, order: DateOrder, field: str) -> date:
    """Return the day that a cell names, in the order chosen or as 2026-03-31. Raises CellInvalid."""
    try:
        if found := _PARTS.fullmatch(text):
            first, second, year = (int(each) for each in found.groups())
            if order is DateOrder.DAY_FIRST:
                return date(year, second, first)
            if order is DateOrder.MONTH_FIRST:
                return date(year, first, second)
        return date.fromisoformat(text)
    except ValueError as reason:
        raise CellInvalid(
            said("{text!r} is not a day such as {example}", text=text[:40], example=_EXAMPLES[order]),
            pointer=f"/{field}",
        ) from reason


def instant(text: str, order: DateOrder, zone: ZoneInfo, field: str) -> datetime:
    """Return the instant that a cell names; a day alone is its beginning in the organization. Raises CellInvalid."""
    if len(text) > len("2026-03-31") and text[4:5] == "-":
        try:
            at = datetime.fromisoformat(text)
            return local_time.first_instant(at, zone) if at.tzinfo is None else local_time.as_utc(at)
        except ValueError:
            pass
    return local_time.day_start(day(text, order, field), zone)


def likely_order(texts: list[str], *, month_first: bool) -> DateOrder:
    """Return the order in which these cells seem to be written; where they do not tell, `month_first` says."""
    parts = [found for text in texts if (found := _PARTS.fullmatch(text.strip()))]
    if not parts:
        return DateOrder.ISO
    if any(int(each[1]) > 12 for each in parts):
        return DateOrder.DAY_FIRST
    if any(int(each[2]) > 12 for each in parts):
        return DateOrder.MONTH_FIRST
    return DateOrder.MONTH_FIRST if month_first else DateOrder.DAY_FIRST

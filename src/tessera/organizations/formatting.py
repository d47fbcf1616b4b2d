"""Dates, money and names as people read them, in a language and the organization's zone (Babel, Unicode CLDR)."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from string import Formatter
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime, format_time
from babel.numbers import format_currency, format_decimal
from django.utils import timezone
from django.utils.translation import get_language, gettext, ngettext

from tessera.core import local_time
from tessera.core.currencies import minor_digits
from tessera.core.money import Money
from tessera.core.phrases import Phrase

_FALLBACK: Final = "en_GB"


class _Club(Protocol):
    @property
    def locale(self) -> str: ...
    @property
    def time_zone(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Formats:
    """How an organization writes to somebody: in a language, by its own zone. `wide`: with days in full, for prose."""

    locale: Locale
    zone: ZoneInfo
    wide: bool = False

    @classmethod
    def of(cls, organization: _Club, *, locale: str = "", wide: bool = False) -> "Formats":
        """Return how it writes in `locale`, such as de-AT; in its own if none is given or nothing is known of it."""
        known = _parsed(locale) or _parsed(organization.locale) or Locale.parse(_FALLBACK)
        return cls(known, ZoneInfo(organization.time_zone), wide)

    def day(self, day: date, *, near: datetime | None = None) -> str:
        """Return "Tue 31 Mar 2026"; without the year if it is that of the instant `near`."""
        same_year = near is not None and near.astimezone(self.zone).year == day.year
        return self._skeleton("MMMEd" if same_year else "yMMMEd", datetime.combine(day, time.min))

    def local(self, instant: datetime) -> datetime:
        return instant.astimezone(self.zone)

    def moment(self, instant: datetime, *, near: datetime | None = None) -> str:
        """Return "Tue 31 Mar 2026, 14:05"."""
        local = self.local(instant)
        return f"{self.day(local.date(), near=near)}, {self.clock(instant)}"

    def clock(self, instant: datetime) -> str:
        """Return "14:05"."""
        return format_time(self.local(instant), "short", locale=self.locale, tzinfo=self.zone)

    def month(self, day: date, *, year: bool) -> str:
        """Return "Mar 2026", or "Mar" without the year."""
        return self._skeleton("yMMM" if year else "MMM", datetime.combine(day, time.min))

    def short(self, day: date) -> str:
        """Return "31 Mar"."""
        return self._skeleton("MMMd", datetime.combine(day, time.min))

    def of_the_year(self, day: date) -> str:
        """Return "31 March": a day of any year."""
        return self._skeleton("MMMMd", datetime.combine(day, time.min))

    def weekday(self, day: date) -> str:
        """Return "Tuesday"."""
        return format_datetime(datetime.combine(day, time.min), "cccc", locale=self.locale)

    def wall_clock(self, time_of_day: time) -> str:
        """Return "14:05" of a wall-clock time."""
        return format_time(datetime.combine(date(2000, 1, 1), time_of_day), "short", locale=self.locale)

    def exact(self, instant: datetime) -> str:
        """Return the instant to the second with its zone, for whoever hovers over a day."""
        return format_datetime(self.local(instant), "d MMM y HH:mm:ss zzz", locale=self.locale, tzinfo=self.zone)

    def start(self, instant: datetime, *, near: datetime | None = None) -> str:
        """Return the day on which something starts; with the time unless that is midnight."""
        local = self.local(instant)
        return self.moment(instant, near=near) if _has_time(local) else self.day(local.date(), near=near)

    def end(self, instant: datetime, *, near: datetime | None = None) -> str:
        """Return the last day before an exclusive end; the end with its time unless that is midnight."""
        if _has_time(self.local(instant)):
            return self.moment(instant, near=near)
        return self.day(local_time.last_day(instant, self.zone), near=near)

    def money(self, amount_minor: int, currency: str) -> str:
        """Return "£35.00" for 3500 minor units of GBP."""
        digits = minor_digits(currency)
        pattern = self.locale.currency_formats["standard"].pattern
        fraction = f".{'0' * digits}" if digits else ""
        return format_currency(
            Decimal(amount_minor).scaleb(-digits),
            currency,
            pattern.replace(".00", fraction),
            locale=self.locale,
            currency_digits=False,
        )

    def number(self, many: float) -> str:
        """Return a number with its groups: 12,480."""
        return format_decimal(many, locale=self.locale)

    def _skeleton(self, skeleton: str, wall: datetime) -> str:
        pattern = self.locale.datetime_skeletons[skeleton].pattern
        if self.wide:
            pattern = re.sub(r"E+|c+", "EEEE", re.sub(r"MMM|LLL", "MMMM", pattern))
        text = format_datetime(wall, pattern, locale=self.locale)
        return text.replace(",", "") if self.locale.language == "en" else text


def initials(name: str) -> str:
    """Return the first letters of the first and last word of a name: "AO" for Ada Okonkwo."""
    words = [word for word in name.split() if word[:1].isalnum()]
    ends = [words[0], words[-1]] if len(words) > 1 else words
    return "".join(word[0] for word in ends).upper() or "?"


def spoken(text: str) -> str:
    """Return a phrase, or a text that is its own pattern, in the language that is spoken.

    What was put into it is put in anew: days, money and numbers as that language writes them, instants in the time
    zone that is active. What no catalogue has stays as it is.
    """
    if not isinstance(text, Phrase):
        return gettext(text) if text else text
    return _Spoken().vformat(_pattern(text), (), text.values) if text.values else _pattern(text)


def sentence(text: str) -> str:
    """Return a refusal as a sentence in the language that is spoken: a capital first and a full stop.

    A name that it begins with stays as it is written.
    """
    told = spoken(text).strip()
    if not told:
        return told
    first = told[0] if _begins_with_a_name(text) else told[0].upper()
    return first + told[1:] + ("" if told[-1] in ".!?" else ".")


def joined(words: list[str]) -> str:
    """Return words as a list in a sentence: "pool, gym and lounge"."""
    if len(words) < 2:
        return "".join(words)
    return gettext("%(most)s and %(last)s") % {"most": ", ".join(words[:-1]), "last": words[-1]}


class _Spoken(Formatter):
    """Fills in patterns. How English writes a value, by what stands behind its colon, counts in no language."""

    def format_field(self, value: object, format_spec: str) -> str:
        if isinstance(value, list | tuple):
            return ", ".join(self.format_field(each, "") for each in value)
        if isinstance(value, str):
            return spoken(value) if isinstance(value, Phrase) else value
        return _value(value)


def _value(value: object) -> str:
    language = get_language() or ""
    locale = None if language == "en" else _parsed(language)
    formats = Formats(locale or Locale.parse(_FALLBACK), timezone.get_current_timezone())
    if isinstance(value, datetime):
        return formats.moment(value)
    if isinstance(value, date):
        return formats.day(value)
    if isinstance(value, Money):
        return formats.money(value.amount, value.currency)
    return formats.number(value) if isinstance(value, int | float) else str(value)


def _pattern(text: Phrase) -> str:
    return ngettext(text.pattern, text.plural, text.number) if text.plural else gettext(text.pattern)


def _begins_with_a_name(text: str) -> bool:
    if not isinstance(text, Phrase) or not text.values:
        return False
    (before, field, *_), *_ = Formatter().parse(_pattern(text))
    value = text.values.get(field or "")
    return not before and (_begins_with_a_name(value) if isinstance(value, Phrase) else field is not None)


def _has_time(local: datetime) -> bool:
    return (local.hour, local.minute, local.second, local.microsecond) != (0, 0, 0, 0)


def _parsed(locale: str) -> Locale | None:
    try:
        return Locale.parse(locale, sep="-") if locale else None
    except (ValueError, UnknownLocaleError):
        return None

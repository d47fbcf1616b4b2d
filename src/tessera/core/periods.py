"""When terms begin and end: calendar arithmetic in an organization's time zone (2-domain, "Time").

Instants come in aware and go out aware in UTC; a naive one raises InvalidPeriod, and so does whatever lies
outside the calendar (years 1 to 9999). Nothing here reads a clock.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

from tessera.core.local_time import (
    MAX_DAYS,
    InvalidPeriod,
    as_utc,
    day_start,
    first_instant,
    local_wall,
    within_the_calendar,
)
from tessera.core.phrases import said

MAX_YEARS = 100
MAX_TERMS = 1_000

_ANCHOR = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T((?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]{6})?)")
_MONTH_AND_DAY = re.compile(r"([0-9]{2})-([0-9]{2})")


class Interval(StrEnum):
    """What a price's period is counted in. Each is a number of months or a number of days."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"

    @property
    def months(self) -> int:
        """Months in one interval; 0 for days and weeks."""
        return {Interval.MONTH: 1, Interval.YEAR: 12}.get(self, 0)

    @property
    def days(self) -> int:
        """Days in one interval; 0 for months and years."""
        return {Interval.DAY: 1, Interval.WEEK: 7}.get(self, 0)

    @property
    def max_count(self) -> int:
        """The most intervals a period may have: a hundred years of them."""
        return MAX_YEARS * 12 // self.months if self.months else MAX_DAYS // self.days


_COUNTED = {
    Interval.DAY: said("days"),
    Interval.WEEK: said("weeks"),
    Interval.MONTH: said("months"),
    Interval.YEAR: said("years"),
}


@dataclass(frozen=True, slots=True)
class Anchor:
    """A local day and wall-clock time from which all ends are stepped.

    The day may exceed the month: 31 with a start in February remembers that the 31st is meant.
    Raises InvalidPeriod if a part is out of bounds.
    """

    year: int
    month: int
    day: int
    time: time

    def __post_init__(self) -> None:
        if not (1 <= self.year <= 9999 and 1 <= self.month <= 12 and 1 <= self.day <= 31):
            raise InvalidPeriod(
                said(
                    "no anchor in year {year}, month {month}, on day {day}",
                    year=self.year,
                    month=self.month,
                    day=self.day,
                )
            )
        if self.time.tzinfo is not None or self.time.fold:
            raise InvalidPeriod("an anchor's time is a plain wall-clock time")

    @classmethod
    def on(cls, wall: datetime, *, day: int | None = None) -> Self:
        """Return the anchor at the naive wall-clock time `wall`; `day` is the day of the month to remember.

        Raises InvalidPeriod if `wall` is aware or not on `day`, clamped to the month's length.
        """
        if wall.tzinfo is not None:
            raise InvalidPeriod(said("{wall} is not a local wall-clock time", wall=wall.isoformat()))
        if day is None:
            day = wall.day
        elif not 1 <= day <= 31:
            raise InvalidPeriod(said("no anchor day {day}; it is a day of the month, 1 to 31", day=day))
        elif wall.day != _clamped(wall.year, wall.month, day):
            raise InvalidPeriod(said("a start on {start} is not on its anchor day {day}", start=wall.date(), day=day))
        return cls(wall.year, wall.month, day, wall.time().replace(fold=0))

    @classmethod
    def at(cls, instant: datetime, zone: ZoneInfo, *, day: int | None = None) -> Self:
        """Return the anchor at the local day and wall-clock time of `instant`; `day` as in `on`."""
        return cls.on(local_wall(instant, zone), day=day)

    @classmethod
    def midnight(cls, instant: datetime, zone: ZoneInfo) -> Self:
        """Return the anchor at 00:00 of the local day of `instant`: what starts "now" ends at midnight."""
        return cls.on(datetime.combine(local_wall(instant, zone).date(), time.min))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the anchor that `str` wrote as `text`. Raises InvalidPeriod if it did not."""
        try:
            if match := _ANCHOR.fullmatch(text):
                year, month, day, clock = match.groups()
                return cls(int(year), int(month), int(day), time.fromisoformat(clock))
        except ValueError:
            pass
        raise InvalidPeriod(said("{text!r} is not an anchor such as 2026-01-31T09:00:00", text=text[:40]))

    @property
    def wall(self) -> datetime:
        """The naive wall-clock time at which period 0 begins: the day clamped to the length of its month."""
        day = _clamped(self.year, self.month, self.day)
        return datetime.combine(date(self.year, self.month, day), self.time)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}-{self.day:02d}T{self.time.isoformat()}"


def boundary(anchor: Anchor, n: int, *, every: Interval, count: int, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) at which period `n` begins; period 0 begins at the anchor.

    Always stepped from the anchor's local day and wall-clock time, never from the period before, so that
    31 Jan gives 28 Feb and then 31 Mar. `count` intervals a period, 1 to `every.max_count`. Where a zone
    skipped a whole day (Apia, 30 Dec 2011), the period of that day begins with the next one and is empty.

    Raises InvalidPeriod if `n` is negative or `count` out of bounds.
    """
    _check_count(every, count)
    if n < 0:
        raise InvalidPeriod(said("no period {n}; the first is 0", n=n))
    with within_the_calendar():
        if every.months:
            year, month0 = divmod(anchor.year * 12 + anchor.month - 1 + n * count * every.months, 12)
            day = date(year, month0 + 1, _clamped(year, month0 + 1, anchor.day))
            wall = datetime.combine(day, anchor.time)
        else:
            wall = anchor.wall + timedelta(days=n * count * every.days)
    return first_instant(wall, zone)


def next_boundary(anchor: Anchor, after: datetime, *, every: Interval, count: int, zone: ZoneInfo) -> datetime:
    """Return the first boundary strictly later than `after`, from period 1 on: never the anchor itself.

    The period's number is computed, not searched for: old anchors cost the same as new ones.
    Raises as `boundary` does.
    """
    _check_count(every, count)
    after, local, start = as_utc(after), local_wall(after, zone), anchor.wall
    if every.months:
        months = (local.year - start.year) * 12 + local.month - start.month
        n = months // (count * every.months)
    else:
        n = (local.date() - start.date()).days // (count * every.days)
    n = max(n, 1)
    while (found := boundary(anchor, n, every=every, count=count, zone=zone)) <= after:
        n += 1
    return found


def rebased(anchor: Anchor, at: datetime, *, zone: ZoneInfo) -> Anchor:
    """Return the anchor moved to the local day of the boundary `at`, with the anchor's wall-clock time.

    The remembered day of the month is kept if `at` is on it, clamped to its month; a day that the zone
    skipped counts as met by the instant after it. Otherwise the day is that of `at`.
    """
    at, today = as_utc(at), local_wall(at, zone).date()
    days = [today] if today == date.min else [today, today - timedelta(days=1)]
    for day in days:
        moved = Anchor(day.year, day.month, anchor.day, anchor.time)
        if moved.wall.day == day.day and (day == today or first_instant(moved.wall, zone) == at):
            return moved
    return Anchor(today.year, today.month, today.day, anchor.time)


@dataclass(frozen=True, slots=True)
class FixedCycle:
    """A cycle that begins every year on a day at 00:00 local; joining from the rollover on adds a year.

    A rollover earlier in the calendar than the start is in the cycle's second calendar year; one on 29 Feb is
    28 Feb in common years; one on the start itself adds a year for everybody.

    Raises InvalidPeriod if a day does not exist, half a rollover is given, or the cycle starts on 29 Feb.
    """

    start_month: int
    start_day: int
    rollover_month: int | None = None
    rollover_day: int | None = None

    def __post_init__(self) -> None:
        _check_day_of_year(self.start_month, self.start_day)
        if (self.start_month, self.start_day) == (2, 29):
            raise InvalidPeriod("a cycle cannot start on 29 February; use 28 February or 1 March")
        if self.rollover_month is not None and self.rollover_day is not None:
            _check_day_of_year(self.rollover_month, self.rollover_day)
        elif self.rollover_month is not None or self.rollover_day is not None:
            raise InvalidPeriod("a rollover has a month and a day")

    @classmethod
    def parse(cls, start: str, rollover: str | None = None) -> Self:
        """Return the cycle written as "MM-DD" texts. Raises InvalidPeriod if they are not."""
        return cls(*_month_and_day(start), *((None, None) if rollover is None else _month_and_day(rollover)))

    def running_start(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return the instant (UTC) at which the cycle running at `at` began."""
        return self._starts(self._running_year(at, zone), zone)

    def first_end(self, joined_at: datetime, *, years: int, zone: ZoneInfo) -> datetime:
        """Return the end (UTC) of a first term: `years` (1 to 100) after the running cycle's start.

        It is one year later if joined on or after the rollover's first occurrence in that cycle.
        """
        _check_count(Interval.YEAR, years)
        running = self._running_year(joined_at, zone)
        rollover = self._rollover(running, zone)
        extra = 1 if rollover is not None and joined_at >= rollover else 0
        return self._starts(running + years + extra, zone)

    def renewed_end(self, starts_at: datetime, *, years: int, zone: ZoneInfo) -> datetime:
        """Return the end (UTC) of a renewal's term: `years` whole cycles from the running one's start."""
        _check_count(Interval.YEAR, years)
        return self._starts(self._running_year(starts_at, zone) + years, zone)

    def _running_year(self, at: datetime, zone: ZoneInfo) -> int:
        year = local_wall(at, zone).year
        return year if self._starts(year, zone) <= at else year - 1

    def _starts(self, year: int, zone: ZoneInfo) -> datetime:
        return _day_start_on(year, self.start_month, self.start_day, zone)

    def _rollover(self, running: int, zone: ZoneInfo) -> datetime | None:
        if self.rollover_month is None or self.rollover_day is None:
            return None
        in_first_year = (self.rollover_month, self.rollover_day) >= (self.start_month, self.start_day)
        year = running if in_first_year else running + 1
        return _day_start_on(year, self.rollover_month, self.rollover_day, zone)


def terms(
    anchor: Anchor,
    *,
    every: Interval,
    count: int,
    zone: ZoneInfo,
    take: int,
    starts_at: datetime | None = None,
    cycle: FixedCycle | None = None,
) -> list[tuple[datetime, datetime]]:
    """Return the first `take` (1 to 1,000) terms [starts_at, ends_at), in UTC, of what starts at the anchor.

    `starts_at` is the true start where it is later than the anchor (started "now", anchored at midnight).
    With a `cycle` the terms end as the cycle does: `every` is a year and `count` the years of a term.
    No term is empty. Raises InvalidPeriod if these do not fit together, and as `boundary` does.
    """
    if not 1 <= take <= MAX_TERMS:
        raise InvalidPeriod(said("cannot list {take} terms; from 1 to {most}", take=take, most=MAX_TERMS))
    begins = anchored_at = first_instant(anchor.wall, zone)
    if starts_at is not None and (begins := as_utc(starts_at)) < anchored_at:
        raise InvalidPeriod("a term cannot start before its anchor")
    if cycle is not None and every is not Interval.YEAR:
        raise InvalidPeriod(said("a fixed cycle is counted in years, not in {every}", every=_COUNTED[every]))
    if cycle is not None and anchor.day != anchor.wall.day:
        raise InvalidPeriod("a fixed cycle has no anchor day")
    listed: list[tuple[datetime, datetime]] = []
    while len(listed) < take:
        if cycle is None:
            ends = next_boundary(anchor, begins, every=every, count=count, zone=zone)
        elif listed:
            ends = cycle.renewed_end(begins, years=count, zone=zone)
        else:
            ends = cycle.first_end(begins, years=count, zone=zone)
        listed.append((begins, ends))
        begins = ends
    return listed


def _clamped(year: int, month: int, day: int) -> int:
    return min(day, calendar.monthrange(year, month)[1])


def _day_start_on(year: int, month: int, day: int, zone: ZoneInfo) -> datetime:
    with within_the_calendar():
        return day_start(date(year, month, _clamped(year, month, day)), zone)


def _check_count(every: Interval, count: int) -> None:
    if not 1 <= count <= every.max_count:
        raise InvalidPeriod(
            said(
                "a period of {count} {every}; it has from 1 to {most}",
                count=count,
                every=_COUNTED[every],
                most=every.max_count,
            )
        )


def _check_day_of_year(month: int, day: int) -> None:
    if not (1 <= month <= 12 and 1 <= day <= _clamped(2000, month, 31)):
        raise InvalidPeriod(said("no day {day} in month {month}", day=day, month=month))


def _month_and_day(text: str) -> tuple[int, int]:
    if match := _MONTH_AND_DAY.fullmatch(text):
        return int(match[1]), int(match[2])
    raise InvalidPeriod(said("{text!r} is not a month and day such as 04-01", text=text[:20]))

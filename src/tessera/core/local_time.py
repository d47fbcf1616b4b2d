"""Wall-clock time in an organization's zone: gaps, double hours, whole local days (2-domain, "Time").

Instants come in aware and go out aware in UTC; a naive one raises InvalidPeriod, and so does whatever lies
outside the calendar (years 1 to 9999). Nothing here reads a clock.
"""

import calendar
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tessera.core.errors import Invalid
from tessera.core.phrases import said

MAX_DAYS = 36_500

_ZONE_NAME = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
_NOT_ZONES = frozenset({"Factory", "localtime", "posix", "posixrules", "right"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class InvalidPeriod(Invalid):
    """No such day, period, cycle or instant; the text says which and why."""

    code = "invalid_period"


class UnknownTimeZone(InvalidPeriod):
    """Not the name of an IANA time zone."""

    code = "unknown_time_zone"


def zone_named(name: str) -> ZoneInfo:
    """Return the IANA time zone `name` ("Europe/London"); a machine's own "localtime" is not one.

    Raises UnknownTimeZone if there is none.
    """
    if _ZONE_NAME.fullmatch(name) and name.partition("/")[0] not in _NOT_ZONES:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise UnknownTimeZone(said("{name!r} is not a time zone; use an IANA name such as Europe/London", name=name[:64]))


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant (UTC) at which clocks in `zone` show `wall` or later; `wall` is naive.

    A wall-clock time that does not exist is the first instant after the gap, be it an hour or a skipped day;
    one that exists twice is the first.

    Raises InvalidPeriod if `wall` is aware.
    """
    if wall.tzinfo is not None:
        raise InvalidPeriod(said("{wall} is not a local wall-clock time", wall=wall.isoformat()))
    with within_the_calendar():
        instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if wall_at(instant, zone) == wall:
            return instant
        earlier = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return _end_of_gap(earlier, instant, wall, zone)


def _end_of_gap(before: datetime, after: datetime, wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant in (`before`, `after`] at which clocks show `wall` or later, to the second.

    Clocks are only ever changed on a whole second (RFC 9636), so the gap ends on one.
    """
    low, high = calendar.timegm(before.timetuple()), calendar.timegm(after.timetuple())
    while high - low > 1:
        middle = (low + high) // 2
        if wall_at(_EPOCH + timedelta(seconds=middle), zone) >= wall:
            high = middle
        else:
            low = middle
    return _EPOCH + timedelta(seconds=high)


def add_wall_clock(instant: datetime, delta: timedelta, zone: ZoneInfo) -> datetime:
    """Return `instant` (UTC) moved by wall-clock time, as an extending pause moves an end.

    A day more is the same time on the next day, be that 23, 24 or 25 hours away. Within an hour that exists
    twice, moving forward from the second pass stays in it.
    """
    begins, wall = as_utc(instant), local_wall(instant, zone)
    if not delta:
        return begins
    with within_the_calendar():
        target = wall + delta
    moved = first_instant(target, zone)
    if delta > timedelta() and moved <= begins:
        return target.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return moved


def wall_clock_between(start: datetime, end: datetime, zone: ZoneInfo) -> timedelta:
    """Return how far local clocks moved from `start` to `end`: the length of a pause. Never negative.

    Raises InvalidPeriod if `end` is before `start`.
    """
    if as_utc(end) < as_utc(start):
        raise InvalidPeriod("the end is before the start")
    return max(local_wall(end, zone) - local_wall(start, zone), timedelta())


def end_of_local_days(instant: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) `days` whole local days after `instant`, at the same wall-clock time.

    Raises InvalidPeriod if `days` is not from 0 to 36,500.
    """
    return add_wall_clock(instant, _whole_days(days), zone)


def local_days_before(instant: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) `days` whole local days before `instant`, at the same wall-clock time.

    Where a whole day was skipped, that can be `instant` itself. Raises InvalidPeriod if `days` is not from 0 to 36,500.
    """
    return add_wall_clock(instant, -_whole_days(days), zone)


def _whole_days(days: int) -> timedelta:
    if not 0 <= days <= MAX_DAYS:
        raise InvalidPeriod(said("{days} days is not from 0 to {most}", days=days, most=MAX_DAYS))
    return timedelta(days=days)


def last_day(ends_at: datetime, zone: ZoneInfo) -> date:
    """Return the last local day that a term ending at `ends_at` (exclusive) includes."""
    with within_the_calendar():
        return local_wall(as_utc(ends_at) - timedelta.resolution, zone).date()


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) at which a local day begins: 00:00, or the first instant after a gap there."""
    return first_instant(datetime.combine(day, time.min), zone)


def as_utc(instant: datetime) -> datetime:
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise InvalidPeriod(
            said("{instant} has no time zone; an instant needs one, such as Z", instant=instant.isoformat())
        )
    with within_the_calendar():
        return instant.astimezone(UTC)


def local_wall(instant: datetime, zone: ZoneInfo) -> datetime:
    with within_the_calendar():
        return wall_at(as_utc(instant), zone)


def wall_at(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return the naive wall-clock time that clocks in `zone` show at the aware `instant`."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


@contextmanager
def within_the_calendar() -> Iterator[None]:
    try:
        yield
    except (OverflowError, ValueError) as error:
        raise InvalidPeriod("that lies outside the calendar, years 1 to 9999") from error

"""When a message that did not arrive is tried again, and when an endpoint is left in peace. Pure; instants are real."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

# The gap before each attempt, after the one before it: ten attempts within a bit more than three days.
GAPS: Final[Sequence[timedelta]] = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
JITTER: Final = 0.1
LONGEST_WAIT: Final = timedelta(hours=24)  # of what a receiver may ask for
GIVEN_UP_AFTER: Final = timedelta(days=5)
# A single failure after a long silence is not days of failing: this message has been tried for half an hour.
GIVEN_UP_AT_ATTEMPT: Final = 4
_PATIENCE: Final = 3
_SHORTEST_REST: Final = timedelta(seconds=5)
_LONGEST_REST: Final = timedelta(minutes=5)


def next_try(attempts: int, *, at: datetime, chance: float, asked: timedelta | None = None) -> datetime | None:
    """Return when a message is tried again whose attempt number `attempts` failed at `at`; None: never.

    `chance`, from 0 to 1, lengthens the gap by up to a tenth, so that what failed together is not tried together.
    `asked`: how long the receiver wants to be left alone; the longer of the two counts.
    """
    if attempts >= len(GAPS):
        return None
    gap = GAPS[attempts] * (1 + JITTER * chance)
    return at + max(gap, asked or timedelta(0))


def asked_to_wait(header: str | None, *, at: datetime) -> timedelta | None:
    """Return how long `Retry-After` (RFC 9110, 10.2.3: seconds or an HTTP date) asks to wait, at most a day.

    None if there is no such header, or it says nothing.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        return min(timedelta(seconds=int(text[:9])), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
        wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - at
    except (ValueError, OverflowError):  # no date, or one that no calendar has
        return None
    return min(max(wait, timedelta(0)), LONGEST_WAIT)


def rest_after(failures: int) -> timedelta | None:
    """Return how long an endpoint is left in peace after so many failed attempts in a row, whatever they were of.

    None for the first few: one message that a receiver cannot take must not hold up the others.
    """
    if failures < _PATIENCE:
        return None
    doublings = min(failures - _PATIENCE, 10)
    return min(_SHORTEST_REST * (1 << doublings), _LONGEST_REST)


def is_given_up(*, failing_since: datetime, attempts: int, at: datetime) -> bool:
    """Whether an endpoint is disabled that has had no success since `failing_since`, nor this message's `attempts`."""
    return at - failing_since >= GIVEN_UP_AFTER and attempts >= GIVEN_UP_AT_ATTEMPT

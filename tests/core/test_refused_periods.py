"""What is refused, each with its reason: impossible instants, days, rules, cycles, texts and zones."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tessera.core.local_time import (
    InvalidPeriod,
    UnknownTimeZone,
    add_wall_clock,
    end_of_local_days,
    first_instant,
    last_day,
    wall_clock_between,
    zone_named,
)
from tessera.core.periods import Anchor, FixedCycle, Interval, boundary, next_boundary, rebased, terms

LONDON = ZoneInfo("Europe/London")
UTC_ZONE = ZoneInfo("UTC")


@pytest.mark.parametrize("name", ["Europe/London", "America/Argentina/Buenos_Aires", "UTC", "Etc/GMT+5"])
def test_iana_names_are_time_zones(name: str) -> None:
    assert zone_named(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            " ",
            ".",
            "..",
            "Europe",
            "Europe/",
            "../Europe/London",
            "Europe\\London",
            "Europe/London\n",
            "UTC\0",
        ),
        *("/etc/passwd", "/usr/share/zoneinfo/UTC", "leapseconds", "tzdata.zi", "posixrules", "Factory"),
        *(
            "localtime",
            "posix/UTC",
            "right/UTC",
            "Nowhere/Here",
            "UTC+2",
            "GMT+1:00",
            "Zürich",
            "\ud800",
            "x" * 5000,
        ),
    ],
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(UnknownTimeZone) as refusal:
        zone_named(name)
    assert (refusal.value.code, refusal.value.status) == ("unknown_time_zone", 422)


NAIVE = datetime.fromisoformat("2026-01-31T09:00")
AWARE = NAIVE.replace(tzinfo=UTC)
ANCHOR = Anchor.on(NAIVE)
CYCLE = FixedCycle(1, 1)
LAST = Anchor(9999, 12, 31, time(23))
TOKYO, HONOLULU = ZoneInfo("Asia/Tokyo"), ZoneInfo("Pacific/Honolulu")


def monthly(anchor: Anchor, n: int, count: int = 1, zone: ZoneInfo = UTC_ZONE) -> datetime:
    return boundary(anchor, n, every=Interval.MONTH, count=count, zone=zone)


def listed(
    anchor: Anchor = ANCHOR,
    *,
    every: Interval = Interval.YEAR,
    count: int = 1,
    take: int = 1,
    starts_at: datetime | None = None,
    cycle: FixedCycle | None = None,
) -> list[tuple[datetime, datetime]]:
    return terms(anchor, every=every, count=count, zone=UTC_ZONE, take=take, starts_at=starts_at, cycle=cycle)


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "naive start": (lambda: Anchor.at(NAIVE, LONDON), "has no time zone"),
    "naive now": (lambda: Anchor.midnight(NAIVE, LONDON), "has no time zone"),
    "naive after": (
        lambda: next_boundary(ANCHOR, NAIVE, every=Interval.DAY, count=1, zone=LONDON),
        "has no time zone",
    ),
    "naive boundary": (lambda: rebased(ANCHOR, NAIVE, zone=LONDON), "has no time zone"),
    "naive end": (lambda: last_day(NAIVE, LONDON), "has no time zone"),
    "naive shift": (lambda: add_wall_clock(NAIVE, timedelta(1), LONDON), "has no time zone"),
    "naive pause start": (lambda: wall_clock_between(NAIVE, AWARE, LONDON), "has no time zone"),
    "naive pause end": (lambda: wall_clock_between(AWARE, NAIVE, LONDON), "has no time zone"),
    "naive grace": (lambda: end_of_local_days(NAIVE, 1, LONDON), "has no time zone"),
    "naive joining": (lambda: CYCLE.first_end(NAIVE, years=1, zone=LONDON), "has no time zone"),
    "naive renewal": (lambda: CYCLE.renewed_end(NAIVE, years=1, zone=LONDON), "has no time zone"),
    "naive running": (lambda: CYCLE.running_start(NAIVE, LONDON), "has no time zone"),
    "naive first start": (lambda: listed(starts_at=NAIVE), "has no time zone"),
    "aware wall clock": (lambda: first_instant(AWARE, LONDON), "not a local wall-clock time"),
    "aware anchor": (lambda: Anchor.on(AWARE), "not a local wall-clock time"),
    "aware anchor time": (lambda: Anchor(2026, 1, 1, time(9, tzinfo=UTC)), "plain wall-clock time"),
    "folded anchor time": (lambda: Anchor(2026, 1, 1, time(9, fold=1)), "plain wall-clock time"),
    "day 0": (lambda: Anchor(2026, 1, 0, time(0)), "no anchor"),
    "day 32": (lambda: Anchor(2026, 1, 32, time(0)), "no anchor"),
    "month 13": (lambda: Anchor(2026, 13, 1, time(0)), "no anchor"),
    "year 0": (lambda: Anchor(0, 1, 1, time(0)), "no anchor"),
    "anchor day 0": (lambda: Anchor.on(NAIVE, day=0), "no anchor day 0"),
    "anchor day 32": (lambda: Anchor.on(NAIVE, day=32), "no anchor day 32"),
    "not its anchor day": (lambda: Anchor.on(NAIVE, day=30), "not on its anchor day 30"),
    "not its clamped day": (
        lambda: Anchor.on(datetime.fromisoformat("2026-02-27"), day=31),
        "not on its anchor day 31",
    ),
    "clamped in another month": (lambda: Anchor.at(datetime(2026, 3, 28, tzinfo=UTC), LONDON, day=31), "31"),
    "period -1": (lambda: monthly(ANCHOR, -1), "no period -1"),
    "count 0": (lambda: monthly(ANCHOR, 1, count=0), "from 1 to 1200"),
    "count too high": (lambda: monthly(ANCHOR, 1, count=1_201), "from 1 to 1200"),
    "count 0, next": (
        lambda: next_boundary(ANCHOR, AWARE, every=Interval.DAY, count=0, zone=LONDON),
        "from 1 to 36500",
    ),
    "after the calendar": (lambda: monthly(ANCHOR, 8_000 * 12), "outside the calendar"),
    "far after the calendar": (lambda: monthly(ANCHOR, 10**30), "outside the calendar"),
    "days after the calendar": (
        lambda: boundary(ANCHOR, 10**30, every=Interval.DAY, count=1, zone=LONDON),
        "outside the calendar",
    ),
    "beyond the last day": (lambda: monthly(LAST, 0, zone=HONOLULU), "outside the calendar"),
    "before the first day": (
        lambda: monthly(Anchor(1, 1, 1, time(0)), 0, zone=TOKYO),
        "outside the calendar",
    ),
    "no next": (
        lambda: next_boundary(LAST, AWARE, every=Interval.MONTH, count=1, zone=UTC_ZONE),
        "outside the calendar",
    ),
    "local day beyond": (lambda: Anchor.at(datetime.max.replace(tzinfo=UTC), TOKYO), "outside the calendar"),
    "shift beyond": (lambda: add_wall_clock(AWARE, timedelta.max, LONDON), "outside the calendar"),
    "shift before": (lambda: add_wall_clock(AWARE, timedelta.min, LONDON), "outside the calendar"),
    "no day before": (lambda: last_day(datetime.min.replace(tzinfo=UTC), UTC_ZONE), "outside the calendar"),
    "cycle beyond": (
        lambda: CYCLE.first_end(datetime(9999, 6, 1, tzinfo=UTC), years=1, zone=UTC_ZONE),
        "outside the calendar",
    ),
    "pause ends first": (
        lambda: wall_clock_between(AWARE, AWARE - timedelta(seconds=1), LONDON),
        "the end is before the start",
    ),
    "negative days": (lambda: end_of_local_days(AWARE, -1, LONDON), "not from 0 to 36500"),
    "too many days": (lambda: end_of_local_days(AWARE, 36_501, LONDON), "not from 0 to 36500"),
    "cycle on 29 Feb": (lambda: FixedCycle.parse("02-29"), "cannot start on 29 February"),
    "cycle on 31 Apr": (lambda: FixedCycle.parse("04-31"), "no day 31 in month 4"),
    "cycle in month 13": (lambda: FixedCycle.parse("13-01"), "no day 1 in month 13"),
    "cycle on day 0": (lambda: FixedCycle.parse("01-00"), "no day 0"),
    "rollover on 30 Feb": (lambda: FixedCycle.parse("01-01", "02-30"), "no day 30 in month 2"),
    "half a rollover": (lambda: FixedCycle(1, 1, rollover_month=3), "a month and a day"),
    "other half": (lambda: FixedCycle(1, 1, rollover_day=3), "a month and a day"),
    "cycle as words": (lambda: FixedCycle.parse("1 April"), "not a month and day"),
    "cycle as one digit": (lambda: FixedCycle.parse("4-1"), "not a month and day"),
    "rollover as nothing": (lambda: FixedCycle.parse("04-01", ""), "not a month and day"),
    "cycle in other digits": (lambda: FixedCycle.parse("\u0660\u0664-\u0660\u0661"), "not a month and day"),
    "no years": (lambda: CYCLE.first_end(AWARE, years=0, zone=LONDON), "from 1 to 100"),
    "too many years": (lambda: CYCLE.renewed_end(AWARE, years=101, zone=LONDON), "from 1 to 100"),
    "no terms": (lambda: listed(take=0), "cannot list 0 terms"),
    "too many terms": (lambda: listed(take=1_001), "cannot list 1001 terms"),
    "start before the anchor": (lambda: listed(starts_at=AWARE - timedelta(seconds=1)), "before its anchor"),
    "cycle by the month": (
        lambda: listed(every=Interval.MONTH, cycle=CYCLE),
        "counted in years, not in months",
    ),
    "cycle with an anchor day": (lambda: listed(Anchor(2026, 2, 31, time(0)), cycle=CYCLE), "no anchor day"),
    "terms beyond": (lambda: listed(count=100, take=90), "outside the calendar"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_nonsense_is_refused_with_its_reason(case: str) -> None:
    attempt, reason = REFUSED[case]
    with pytest.raises(InvalidPeriod, match=reason) as refusal:
        attempt()
    assert (refusal.value.code, refusal.value.status) == ("invalid_period", 422)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "2026-01-31",
            "2026-01-31T09:00",
            "2026-01-31 09:00:00",
            "2026-01-31T09:00:00Z",
            "2026-1-31T09:00:00",
        ),
        *("2026-00-31T09:00:00", "2026-13-01T09:00:00", "2026-01-32T09:00:00", "2026-01-00T09:00:00"),
        *("0000-01-01T09:00:00", "2026-01-31T24:00:00", "2026-01-31T09:60:00", "2026-01-31T09:00:00.5"),
        *("2026-01-31T09:00:00\n", "\u0662\u0660\u0662\u0666-01-31T09:00:00", "x" * 5000),
    ],
)
def test_other_texts_are_no_anchors(text: str) -> None:
    with pytest.raises(InvalidPeriod):
        Anchor.parse(text)

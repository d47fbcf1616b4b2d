"""Facts about terms that other systems publish, or that follow from 2-domain's rules."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from tessera.core.local_time import last_day, zone_named
from tessera.core.periods import Anchor, FixedCycle, Interval, terms

STRIPE, POLAR, LAGO = "Stripe, billing cycle anchors", "Polar, anchor day of a period", "Lago, billing dates"
CIVI, COBOT, RULE = "CiviCRM, membership types", "Cobot, billing day", "2-domain, Time"


@dataclass(frozen=True, slots=True)
class Rolling:
    """A start in local wall-clock time, a rule, and the local days on which the following terms start."""

    source: str
    start: str
    next_starts: list[str]
    every: Interval = Interval.MONTH
    count: int = 1
    anchor_day: int | None = None
    zone: str = "UTC"

    def __str__(self) -> str:
        remembered = f" meant as {self.anchor_day}" if self.anchor_day else ""
        return f"{self.start}{remembered}, every {self.count} {self.every}, {self.zone}"


ROLLING = [
    Rolling(STRIPE, "2026-01-31", ["2026-02-28", "2026-03-31", "2026-04-30"]),
    Rolling(STRIPE, "2028-01-31", ["2028-02-29", "2028-03-31", "2028-04-30"]),
    Rolling(STRIPE, "2025-09-02", ["2025-10-02", "2025-11-02", "2025-12-02", "2026-01-02"]),
    Rolling(STRIPE, "2022-06-03", ["2022-06-10", "2022-06-17"], Interval.WEEK),
    Rolling(POLAR, "2024-01-31", ["2024-02-29", "2024-03-31", "2024-04-30"]),
    Rolling(POLAR, "2026-02-28", ["2026-03-31", "2026-04-30"], anchor_day=31),
    Rolling(POLAR, "2024-02-29", ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"], Interval.YEAR),
    Rolling(
        LAGO,
        "2022-12-31",
        [
            "2023-01-31",
            "2023-02-28",
            "2023-03-31",
            "2023-04-30",
            "2023-05-31",
            "2023-06-30",
            "2023-07-31",
            "2023-08-31",
            "2023-09-30",
            "2023-10-31",
            "2023-11-30",
            "2023-12-31",
            "2024-01-31",
            "2024-02-29",
            "2024-03-31",
        ],
    ),
    Rolling(LAGO, "2022-12-31", ["2023-03-31", "2023-06-30", "2023-09-30", "2023-12-31"], count=3),
    Rolling(CIVI, "2009-01-21", ["2010-01-21"], Interval.YEAR),
    Rolling(COBOT, "2026-03-18", ["2026-04-18"]),
    Rolling(RULE, "2026-01-30", ["2026-02-28", "2026-03-30", "2026-04-30"]),
    Rolling(RULE, "2026-01-29", ["2026-02-28", "2026-03-29"]),
    Rolling(RULE, "2026-11-30", ["2027-02-28", "2027-05-30", "2027-08-30", "2027-11-30", "2028-02-29"], count=3),
    Rolling(RULE, "2026-02-28", ["2026-03-28", "2026-04-28"]),
    Rolling(RULE, "2026-02-28", ["2027-02-28", "2028-02-29", "2029-02-28"], Interval.YEAR, anchor_day=29),
    Rolling(RULE, "2026-04-30", ["2026-05-31", "2026-06-30"], anchor_day=31),
    Rolling(RULE, "2026-12-31", ["2027-06-30", "2027-12-31", "2028-06-30"], count=6),
    Rolling(RULE, "2096-02-29", ["2100-02-28", "2104-02-29"], Interval.YEAR, 4),
    Rolling(RULE, "2000-02-29", ["2001-02-28"], Interval.MONTH, 12),
    Rolling(RULE, "2024-02-28", ["2024-02-29", "2024-03-01"], Interval.DAY),
    Rolling(RULE, "2026-12-25", ["2027-01-08", "2027-01-22"], Interval.WEEK, 2),
    Rolling(RULE, "2026-01-31", ["2026-02-28", "2026-03-31"], zone="America/Los_Angeles"),
    Rolling(RULE, "2026-01-31", ["2026-02-28", "2026-03-31"], zone="Pacific/Kiritimati"),
]


@pytest.mark.parametrize("fact", ROLLING, ids=str)
def test_a_rolling_plan_begins_its_terms_on_these_days(fact: Rolling) -> None:
    zone = zone_named(fact.zone)
    anchor = Anchor.on(datetime.fromisoformat(fact.start), day=fact.anchor_day)

    listed = terms(anchor, every=fact.every, count=fact.count, zone=zone, take=len(fact.next_starts))

    assert [str(ends_at.astimezone(zone).date()) for _, ends_at in listed] == fact.next_starts


WRONG = [
    ("chained from the clamped day", "2026-01-31", ["2026-02-28", "2026-03-28", "2026-04-28"]),
    ("overflowed into the next month", "2023-01-31", ["2023-03-03"]),
]


@pytest.mark.parametrize(("why", "start", "wrong_next_starts"), WRONG)
def test_days_are_neither_chained_nor_overflow(why: str, start: str, wrong_next_starts: list[str]) -> None:
    anchor = Anchor.on(datetime.fromisoformat(start))

    listed = terms(anchor, every=Interval.MONTH, count=1, zone=zone_named("UTC"), take=len(wrong_next_starts))

    assert [str(ends_at.date()) for _, ends_at in listed] != wrong_next_starts, why


@dataclass(frozen=True, slots=True)
class Fixed:
    """A fixed cycle ("MM-DD"), a day of joining, and the last day of the first term."""

    source: str
    cycle_start: str
    rollover: str | None
    join: str
    last_day: str
    years: int = 1
    zone: str = "UTC"

    def __str__(self) -> str:
        return f"from {self.cycle_start}, rollover {self.rollover}, {self.years} years, joined {self.join}"


FIXED = [
    Fixed(CIVI, "01-01", "11-01", "2015-01-28", "2015-12-31"),
    Fixed(CIVI, "01-01", "09-01", "2014-08-31", "2014-12-31"),
    Fixed(CIVI, "01-01", "09-01", "2014-09-01", "2015-12-31"),
    Fixed(RULE, "04-01", "01-01", "2027-01-15", "2028-03-31"),
    Fixed(RULE, "03-01", None, "2027-06-10", "2028-02-29"),
    Fixed(RULE, "04-01", "01-01", "2026-12-31", "2027-03-31"),
    Fixed(RULE, "04-01", "01-01", "2027-04-01", "2028-03-31"),
    Fixed(RULE, "01-01", "11-01", "2026-12-31", "2027-12-31"),
    Fixed(RULE, "01-01", None, "2026-12-31", "2026-12-31"),
    Fixed(RULE, "01-01", "11-01", "2026-01-01", "2028-12-31", years=3),
    Fixed(RULE, "01-01", "11-01", "2026-11-01", "2029-12-31", years=3),
    Fixed(RULE, "01-01", "02-29", "2028-02-28", "2028-12-31"),
    Fixed(RULE, "01-01", "02-29", "2028-02-29", "2029-12-31"),
    Fixed(RULE, "01-01", "02-29", "2027-02-28", "2028-12-31"),
    Fixed(RULE, "03-01", "02-29", "2028-02-28", "2028-02-29"),
    Fixed(RULE, "03-01", "02-29", "2028-02-29", "2029-02-28"),
    Fixed(RULE, "01-01", "01-01", "2026-01-01", "2027-12-31"),
    Fixed(RULE, "09-01", "06-01", "2026-08-31", "2027-08-31", zone="Europe/London"),
    Fixed(RULE, "09-01", "06-01", "2026-05-31", "2026-08-31", zone="Europe/London"),
    Fixed(RULE, "11-04", "05-01", "2017-11-04", "2018-11-03", zone="America/Sao_Paulo"),
]


@pytest.mark.parametrize("fact", FIXED, ids=str)
def test_a_fixed_plan_first_ends_on_this_day(fact: Fixed) -> None:
    zone = zone_named(fact.zone)
    cycle = FixedCycle.parse(fact.cycle_start, fact.rollover)
    joined = Anchor.on(datetime.fromisoformat(fact.join))

    [(_, ends_at)] = terms(joined, every=Interval.YEAR, count=fact.years, zone=zone, take=1, cycle=cycle)

    assert last_day(ends_at, zone) == date.fromisoformat(fact.last_day)


@dataclass(frozen=True, slots=True)
class Zoned:
    """A start in local wall-clock time and the instants at which the following terms start."""

    why: str
    zone: str
    start: str
    next_starts_utc: list[str]
    every: Interval = Interval.MONTH
    count: int = 1
    anchor_day: int | None = None
    last_days: list[str] | None = None


ZONED = [
    Zoned(
        "a time in the gap is the first instant after it",
        "Europe/Berlin",
        "2026-02-28T02:30",
        ["2026-03-29T01:00Z", "2026-04-29T00:30Z"],
        anchor_day=29,
    ),
    Zoned("same wall-clock time", "Europe/London", "2026-03-15T09:00", ["2026-04-15T08:00Z"]),
    Zoned("the first of two", "Europe/Berlin", "2026-09-25T02:30", ["2026-10-25T00:30Z", "2026-11-25T01:30Z"]),
    Zoned(
        "midnights in summer are 23:00 UTC",
        "Europe/London",
        "2026-03-01",
        ["2026-03-31T23:00Z", "2026-04-30T23:00Z"],
        last_days=["2026-03-31", "2026-04-30"],
    ),
    Zoned("30 days are not 720 hours", "Europe/London", "2026-03-15", ["2026-04-13T23:00Z"], Interval.DAY, 30),
    Zoned(
        "the gap moves one end, not the next",
        "Europe/Berlin",
        "2026-03-22T02:30",
        ["2026-03-29T01:00Z", "2026-04-05T00:30Z"],
        Interval.WEEK,
    ),
    Zoned(
        "a start typed in the gap keeps its wall-clock time",
        "Europe/Berlin",
        "2026-03-29T02:30",
        ["2026-03-30T00:30Z", "2026-03-31T00:30Z"],
        Interval.DAY,
    ),
    Zoned(
        "a day that begins at 01:00",
        "America/Sao_Paulo",
        "2018-10-04",
        ["2018-11-04T03:00Z", "2018-12-04T02:00Z"],
        last_days=["2018-11-03", "2018-12-03"],
    ),
    Zoned(
        "a day that begins at 01:00, east of Greenwich",
        "Africa/Cairo",
        "2024-03-26",
        ["2024-04-25T22:00Z", "2024-05-25T21:00Z"],
        last_days=["2024-04-25", "2024-05-25"],
    ),
    Zoned(
        "the last day of March begins at 01:00",
        "Asia/Beirut",
        "2024-01-31",
        ["2024-02-28T22:00Z", "2024-03-30T22:00Z", "2024-04-29T21:00Z"],
        last_days=["2024-02-28", "2024-03-30", "2024-04-29"],
    ),
    Zoned(
        "a day that never was begins with the next one",
        "Pacific/Apia",
        "2011-11-30T09:00",
        ["2011-12-30T10:00Z", "2012-01-29T19:00Z"],
        last_days=["2011-12-29", "2012-01-30"],
    ),
    Zoned(
        "no empty term on a day that never was",
        "Pacific/Apia",
        "2011-12-28",
        ["2011-12-29T10:00Z", "2011-12-30T10:00Z", "2011-12-31T10:00Z"],
        Interval.DAY,
        last_days=["2011-12-28", "2011-12-29", "2011-12-31"],
    ),
    Zoned(
        "half an hour of gap",
        "Australia/Lord_Howe",
        "2025-10-04T02:15",
        ["2025-10-04T15:30Z", "2025-10-05T15:15Z"],
        Interval.DAY,
    ),
    Zoned("half an hour twice", "Australia/Lord_Howe", "2025-04-05T01:45", ["2025-04-05T14:45Z"], Interval.DAY),
    Zoned("half-hour offset", "America/St_Johns", "2026-02-08T02:30", ["2026-03-08T05:30Z"]),
    Zoned("west of Greenwich", "America/Los_Angeles", "2026-10-01T01:30", ["2026-11-01T08:30Z"]),
    Zoned("a gap over midnight", "Asia/Pyongyang", "2018-05-03T23:45", ["2018-05-04T15:00Z"], Interval.DAY),
    Zoned("two hours of gap", "Antarctica/Troll", "2026-03-28T02:30", ["2026-03-29T01:00Z"], Interval.DAY),
    Zoned("winter time in summer", "Europe/Dublin", "2026-03-28T01:30", ["2026-03-29T01:00Z"], Interval.DAY),
    Zoned("quarter-hour offset", "Asia/Kathmandu", "2026-01-01", ["2026-01-31T18:15Z"]),
]


@pytest.mark.parametrize("fact", ZONED, ids=lambda fact: f"{fact.zone}: {fact.why}")
def test_terms_keep_the_wall_clock_of_the_organization(fact: Zoned) -> None:
    zone = zone_named(fact.zone)
    anchor = Anchor.on(datetime.fromisoformat(fact.start), day=fact.anchor_day)

    listed = terms(anchor, every=fact.every, count=fact.count, zone=zone, take=len(fact.next_starts_utc))

    ends = [ends_at for _, ends_at in listed]
    assert ends == [datetime.fromisoformat(text) for text in fact.next_starts_utc]
    assert all(end.tzinfo is UTC for end in ends)
    if fact.last_days is not None:
        assert [str(last_day(end, zone)) for end in ends] == fact.last_days

"""Anchors, boundaries and terms: what holds for every start, rule and zone."""

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tessera.core.local_time import day_start, first_instant, last_day
from tessera.core.periods import Anchor, FixedCycle, Interval, boundary, next_boundary, rebased, terms
from tests.core.strategies import anchors, instants, rules, walls, zones, zones_with_a_lost_day

BERLIN = ZoneInfo("Europe/Berlin")
LONDON = ZoneInfo("Europe/London")
APIA = ZoneInfo("Pacific/Apia")
UTC_ZONE = ZoneInfo("UTC")


@given(anchors(), rules, zones, st.integers(0, 190))
def test_boundaries_strictly_increase(anchor: Anchor, rule: tuple[Interval, int], zone: ZoneInfo, n: int) -> None:
    every, count = rule
    assert boundary(anchor, n, every=every, count=count, zone=zone) < boundary(
        anchor, n + 1, every=every, count=count, zone=zone
    )


@given(anchors(), rules, zones_with_a_lost_day, st.integers(0, 190))
def test_the_boundary_after_a_boundary_is_the_next_one(
    anchor: Anchor, rule: tuple[Interval, int], zone: ZoneInfo, n: int
) -> None:
    every, count = rule
    this, following, later = (boundary(anchor, m, every=every, count=count, zone=zone) for m in (n, n + 1, n + 2))
    expected = following if following > this else later
    assert next_boundary(anchor, this, every=every, count=count, zone=zone) == expected
    if n:
        just_before = this - timedelta.resolution
        assert next_boundary(anchor, just_before, every=every, count=count, zone=zone) == this


@given(anchors(), instants, rules, zones_with_a_lost_day)
def test_the_next_boundary_is_the_first_later_one(
    anchor: Anchor, after: datetime, rule: tuple[Interval, int], zone: ZoneInfo
) -> None:
    every, count = rule
    a_century = range(1, every.max_count // count + 1)
    passed = bisect_right(a_century, after, key=lambda n: boundary(anchor, n, every=every, count=count, zone=zone))
    assert next_boundary(anchor, after, every=every, count=count, zone=zone) == boundary(
        anchor, a_century[passed], every=every, count=count, zone=zone
    )


@given(anchors(), rules, zones, st.integers(0, 60))
def test_a_boundary_does_not_depend_on_the_way_to_it(
    anchor: Anchor, rule: tuple[Interval, int], zone: ZoneInfo, n: int
) -> None:
    every, count = rule
    assert boundary(anchor, n, every=every, count=count, zone=zone) == boundary(
        anchor, n * count, every=every, count=1, zone=zone
    )


@given(anchors(), rules, zones, st.integers(0, 60), st.integers(0, 60))
def test_an_anchor_moved_to_one_of_its_boundaries_gives_the_same_later_ones(
    anchor: Anchor, rule: tuple[Interval, int], zone: ZoneInfo, moved_by: int, n: int
) -> None:
    every, count = rule
    moved = rebased(anchor, boundary(anchor, moved_by, every=every, count=count, zone=zone), zone=zone)
    assert moved.time == anchor.time
    assert boundary(moved, n, every=every, count=count, zone=zone) == boundary(
        anchor, moved_by + n, every=every, count=count, zone=zone
    )


@given(anchors(), rules, zones_with_a_lost_day, st.timedeltas(timedelta(), timedelta(hours=20)))
def test_terms_follow_each_other_without_a_gap_and_are_never_empty(
    anchor: Anchor, rule: tuple[Interval, int], zone: ZoneInfo, late: timedelta
) -> None:
    every, count = rule
    starts_at = first_instant(anchor.wall, zone) + late
    listed = terms(anchor, every=every, count=count, zone=zone, take=5, starts_at=starts_at)
    assert listed[0][0] == starts_at
    assert all(start < end for start, end in listed)
    assert [end for _, end in listed[:-1]] == [start for start, _ in listed[1:]]


@given(anchors())
def test_an_anchor_reads_back_what_it_wrote(anchor: Anchor) -> None:
    assert Anchor.parse(str(anchor)) == anchor


@given(st.lists(st.tuples(walls, st.integers(0, 999_999)), min_size=2, max_size=6))
def test_anchors_sort_as_text(starts: list[tuple[datetime, int]]) -> None:
    walls_in_order = sorted(wall.replace(microsecond=part) for wall, part in starts)
    texts = [str(Anchor.on(wall)) for wall in walls_in_order]
    assert texts == sorted(texts)


def test_an_anchor_is_written_as_day_and_time_with_its_remembered_day() -> None:
    assert str(Anchor(2026, 2, 31, time(9))) == "2026-02-31T09:00:00"
    assert str(Anchor(2026, 2, 31, time(9, 0, 0, 5))) == "2026-02-31T09:00:00.000005"


def test_what_starts_now_is_anchored_at_midnight_and_its_last_day_is_whole() -> None:
    now = datetime(2026, 3, 14, 16, 20, tzinfo=UTC)
    anchor = Anchor.midnight(now, LONDON)

    [(starts_at, ends_at)] = terms(anchor, every=Interval.MONTH, count=1, zone=LONDON, take=1, starts_at=now)

    assert (starts_at, ends_at) == (now, datetime(2026, 4, 13, 23, tzinfo=UTC))
    assert last_day(ends_at, LONDON) == date(2026, 4, 13)


def test_midnight_is_that_of_the_local_day() -> None:
    late_in_london = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    assert Anchor.midnight(late_in_london, LONDON) == Anchor(2026, 7, 1, time(0))
    assert Anchor.midnight(late_in_london, UTC_ZONE) == Anchor(2026, 6, 30, time(0))


def test_a_start_given_as_an_instant_keeps_its_wall_clock_time_and_remembered_day() -> None:
    instant = datetime(2026, 2, 28, 17, tzinfo=UTC)
    assert Anchor.at(instant, ZoneInfo("America/New_York")) == Anchor(2026, 2, 28, time(12))
    assert Anchor.at(instant, ZoneInfo("America/New_York"), day=31) == Anchor(2026, 2, 31, time(12))


def test_a_start_in_the_second_of_two_hours_still_ends_a_period_later() -> None:
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    anchor = Anchor.at(second, BERLIN)
    assert anchor == Anchor(2026, 10, 25, time(2, 30))
    listed = terms(anchor, every=Interval.DAY, count=1, zone=BERLIN, take=1, starts_at=second)
    assert listed == [(second, datetime(2026, 10, 26, 1, 30, tzinfo=UTC))]


def test_an_old_anchor_is_not_walked_from() -> None:
    anchor = Anchor(1900, 1, 31, time(0))
    found = next_boundary(anchor, datetime(9000, 2, 1, tzinfo=UTC), every=Interval.DAY, count=1, zone=UTC_ZONE)
    assert found == datetime(9000, 2, 2, tzinfo=UTC)


def test_moving_an_anchor_off_its_boundaries_takes_the_day_it_is_moved_to() -> None:
    anchor = Anchor(2026, 1, 31, time(9))
    assert rebased(anchor, datetime(2026, 5, 12, 8, tzinfo=UTC), zone=LONDON) == Anchor(2026, 5, 12, time(9))
    assert rebased(anchor, datetime(2026, 4, 30, 8, tzinfo=UTC), zone=LONDON) == Anchor(2026, 4, 31, time(9))


def test_a_skipped_day_is_remembered_when_the_anchor_moves_there() -> None:
    anchor = Anchor(2011, 11, 30, time(9))
    over_the_date_line = boundary(anchor, 1, every=Interval.MONTH, count=1, zone=APIA)
    assert rebased(anchor, over_the_date_line, zone=APIA) == Anchor(2011, 12, 30, time(9))


def test_fixed_terms_end_with_the_cycle_and_are_renewed_by_whole_cycles() -> None:
    cycle = FixedCycle.parse("04-01", "01-01")
    joined = Anchor.on(datetime.fromisoformat("2027-01-15"))

    listed = terms(joined, every=Interval.YEAR, count=1, zone=LONDON, take=3, cycle=cycle)

    assert [last_day(end, LONDON) for _, end in listed] == [date(year, 3, 31) for year in (2028, 2029, 2030)]
    assert [end for _, end in listed[:-1]] == [start for start, _ in listed[1:]]


def test_a_renewal_knows_no_rollover() -> None:
    cycle = FixedCycle.parse("01-01", "11-01")
    november = datetime(2026, 11, 20, tzinfo=UTC)
    assert cycle.renewed_end(november, years=1, zone=UTC_ZONE) == datetime(2027, 1, 1, tzinfo=UTC)
    assert cycle.first_end(november, years=1, zone=UTC_ZONE) == datetime(2028, 1, 1, tzinfo=UTC)


@given(instants, zones, st.integers(1, 12), st.integers(1, 28), st.integers(1, 5))
def test_the_running_cycle_covers_the_instant_and_is_one_year_long(
    at: datetime, zone: ZoneInfo, month: int, day: int, years: int
) -> None:
    cycle = FixedCycle(month, day)
    start, end = cycle.running_start(at, zone), cycle.renewed_end(at, years=1, zone=zone)
    assert start <= at < end
    assert end == day_start(start.astimezone(zone).date().replace(year=start.astimezone(zone).year + 1), zone)
    assert cycle.running_start(end, zone) == end
    assert cycle.first_end(at, years=years, zone=zone) == cycle.renewed_end(at, years=years, zone=zone)


def test_intervals_count_to_a_hundred_years() -> None:
    assert {every.value: every.max_count for every in Interval} == {
        "day": 36_500,
        "week": 5_214,
        "month": 1_200,
        "year": 100,
    }

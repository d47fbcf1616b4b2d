"""Instants and what clocks show: gaps, hours that come twice, whole local days, the length of a pause."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tessera.core.local_time import (
    add_wall_clock,
    day_start,
    end_of_local_days,
    first_instant,
    last_day,
    wall_clock_between,
)
from tests.core.strategies import instants, walls, zones, zones_with_a_lost_day

BERLIN = ZoneInfo("Europe/Berlin")
LONDON = ZoneInfo("Europe/London")
GAPS = [
    (BERLIN, datetime.fromisoformat("2026-03-29T02:00"), timedelta(hours=1)),
    (ZoneInfo("Australia/Lord_Howe"), datetime.fromisoformat("2025-10-05T02:00"), timedelta(minutes=30)),
    (ZoneInfo("America/Sao_Paulo"), datetime.fromisoformat("2018-11-04"), timedelta(hours=1)),
    (ZoneInfo("Pacific/Apia"), datetime.fromisoformat("2011-12-30"), timedelta(days=1)),
    (ZoneInfo("Africa/Monrovia"), datetime.fromisoformat("1972-01-07"), timedelta(minutes=44, seconds=30)),
]


@given(walls, zones_with_a_lost_day)
def test_a_wall_clock_time_is_the_first_instant_at_which_clocks_show_it_or_later(
    wall: datetime, zone: ZoneInfo
) -> None:
    found = first_instant(wall, zone)
    assert found.astimezone(zone).replace(tzinfo=None) >= wall
    steps = [found - timedelta(seconds=1), *(found - timedelta(minutes=15 * n) for n in range(1, 120))]
    assert all(step.astimezone(zone).replace(tzinfo=None) < wall for step in steps)


@given(st.sampled_from(GAPS), st.floats(0, 1, exclude_max=True))
def test_every_wall_clock_time_in_a_gap_is_the_instant_the_gap_ends(
    gap: tuple[ZoneInfo, datetime, timedelta], part: float
) -> None:
    zone, starts, length = gap
    before = (starts - timedelta(seconds=1)).replace(tzinfo=zone).astimezone(UTC)
    assert first_instant(starts + length * part, zone) == before + timedelta(seconds=1)


@given(instants, zones, st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_a_shift_by_wall_clock_and_back_is_where_it_began(at: datetime, zone: ZoneInfo, delta: timedelta) -> None:
    local = at.astimezone(zone)
    shifted = add_wall_clock(at, delta, zone)
    landed = shifted.astimezone(zone).replace(tzinfo=None)
    assume(not local.fold and landed == local.replace(tzinfo=None) + delta)
    assert add_wall_clock(shifted, -delta, zone) == at


@given(instants, zones, st.timedeltas(timedelta(), timedelta(days=400)))
def test_a_shift_forward_never_goes_back(at: datetime, zone: ZoneInfo, delta: timedelta) -> None:
    assert add_wall_clock(at, delta, zone) >= at


@given(instants, zones, st.timedeltas(timedelta(), timedelta(days=400)))
def test_an_end_moved_by_the_length_of_a_pause_shows_that_much_more_on_the_clock(
    start: datetime, zone: ZoneInfo, length: timedelta
) -> None:
    end = start + length
    between = wall_clock_between(start, end, zone)
    assert between >= timedelta()
    assume(not start.astimezone(zone).fold and not end.astimezone(zone).fold)
    assert add_wall_clock(start, between, zone) == end


def test_a_pause_over_the_change_to_summer_time_is_counted_in_days_not_hours() -> None:
    start, end = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 11, tzinfo=UTC)
    assert wall_clock_between(start, end, LONDON) == timedelta(days=1)
    assert add_wall_clock(datetime(2026, 10, 24, 23, tzinfo=UTC), timedelta(days=1), LONDON) == datetime(
        2026, 10, 26, 0, tzinfo=UTC
    )


def test_within_an_hour_that_comes_twice_time_moves_forward() -> None:
    second_half_past_two = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    moved = add_wall_clock(second_half_past_two, timedelta(minutes=10), BERLIN)
    assert moved == second_half_past_two + timedelta(minutes=10)
    assert add_wall_clock(second_half_past_two, timedelta(), BERLIN) == second_half_past_two
    first = second_half_past_two - timedelta(hours=1)
    assert wall_clock_between(first, second_half_past_two - timedelta(minutes=20), BERLIN) == timedelta()


@pytest.mark.parametrize(
    ("days", "ends"),
    [
        (0, "2026-03-27T02:30+01:00"),
        (1, "2026-03-28T02:30+01:00"),
        (2, "2026-03-29T03:00+02:00"),
        (3, "2026-03-30T02:30+02:00"),
    ],
)
def test_days_of_grace_are_whole_local_days(days: int, ends: str) -> None:
    end_of_term = datetime.fromisoformat("2026-03-27T02:30+01:00")
    assert end_of_local_days(end_of_term, days, BERLIN) == datetime.fromisoformat(ends)


@given(instants, zones)
def test_the_last_day_is_that_of_the_instant_before_the_end(at: datetime, zone: ZoneInfo) -> None:
    day = at.astimezone(zone).date()
    begins = day_start(day, zone)
    assert last_day(begins, zone) == day - timedelta(days=1)
    assert last_day(begins + timedelta(seconds=1), zone) == day

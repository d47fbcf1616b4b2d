"""When a message is tried again, and when an endpoint is left in peace."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.webhooks import retries

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
GAPS = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]


def test_ten_attempts_are_spread_over_a_bit_more_than_three_days() -> None:
    assert [gap.total_seconds() for gap in retries.GAPS] == GAPS
    tries = [retries.next_try(number, at=NOON, chance=0) for number in range(1, 12)]
    assert tries == [*(NOON + timedelta(seconds=gap) for gap in GAPS[1:]), None, None]


@given(number=st.integers(1, 9), chance=st.floats(0, 1), asked=st.none() | st.timedeltas(timedelta(0), timedelta(1)))
def test_chance_lengthens_a_gap_by_a_tenth_at_most_and_a_receiver_by_what_it_asks(
    number: int, chance: float, asked: timedelta | None
) -> None:
    at = retries.next_try(number, at=NOON, chance=chance, asked=asked)
    assert at is not None
    gap = timedelta(seconds=GAPS[number])
    assert max(gap, asked or gap) <= at - NOON <= max(gap * 1.1, asked or gap)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", timedelta(seconds=120)),
        (" 0 ", timedelta(0)),
        ("86401", timedelta(days=1)),
        ("999999999999999999999", timedelta(days=1)),
        ("Sat, 10 Jan 2026 12:02:00 GMT", timedelta(minutes=2)),
        ("Sat, 10 Jan 2026 11:00:00 GMT", timedelta(0)),
        ("Sat, 10 Jan 2099 11:00:00 GMT", timedelta(days=1)),
        ("Saturday, 10-Jan-26 12:02:00 GMT", timedelta(minutes=2)),
        ("Sat Jan 10 12:02:00 2026", timedelta(minutes=2)),
    ],
)
def test_a_receiver_asks_to_wait_in_seconds_or_by_a_date(header: str, wait: timedelta) -> None:
    assert retries.asked_to_wait(header, at=NOON) == wait


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "soon",
        "-5",
        "1.5",
        "٣",
        "Sat, 99 Jan 2026 12:02:00 GMT",
        "Sat, 10 Jan 99999 11:00:00 GMT",
        "Mon, 01 Jan 99999999999 00:00:00 GMT",
    ],
)
def test_what_says_nothing_asks_nothing(header: str | None) -> None:
    assert retries.asked_to_wait(header, at=NOON) is None


@given(st.text(max_size=60))
def test_no_header_does_harm(header: str) -> None:
    wait = retries.asked_to_wait(header, at=NOON)
    assert wait is None or timedelta(0) <= wait <= timedelta(days=1)


@given(st.integers(631_152_000, 4_070_908_800))
def test_a_date_is_what_it_says(seconds: int) -> None:
    until = datetime.fromtimestamp(seconds, UTC)
    wait = retries.asked_to_wait(format_datetime(until, usegmt=True), at=NOON)
    assert wait == min(max(until - NOON, timedelta(0)), timedelta(days=1))


def test_an_endpoint_has_longer_and_longer_rests_up_to_five_minutes() -> None:
    rests = [retries.rest_after(failures) for failures in range(1, 40)]
    assert rests[:2] == [None, None]
    assert [rest.total_seconds() for rest in rests[2:10] if rest] == [5, 10, 20, 40, 80, 160, 300, 300]
    assert all(one <= other for one, other in pairwise(rest for rest in rests if rest))


def test_days_without_a_success_are_needed_to_give_up_and_a_message_that_has_been_tried_a_while() -> None:
    five_days = NOON - timedelta(days=5)
    assert retries.is_given_up(failing_since=five_days, attempts=4, at=NOON)
    assert not retries.is_given_up(failing_since=five_days, attempts=3, at=NOON)
    assert not retries.is_given_up(failing_since=five_days + timedelta(seconds=1), attempts=10, at=NOON)

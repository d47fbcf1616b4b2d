"""`tessera schedule`: the terms that a rule makes, for anybody who wants to check them, without a database."""

import json

import pytest

from tests.cli.conftest import Tessera


def terms(tessera: Tessera, *arguments: str) -> list[dict[str, str]]:
    listed: list[dict[str, str]] = json.loads(tessera("schedule", *arguments).stdout)
    return listed


def test_a_month_from_the_31st_is_clamped_and_restored(tessera: Tessera) -> None:
    assert terms(tessera, "--start", "2026-01-31", "--every", "month", "--take", "3") == [
        {"starts_at": "2026-01-31T00:00:00Z", "ends_at": "2026-02-28T00:00:00Z", "last_day": "2026-02-27"},
        {"starts_at": "2026-02-28T00:00:00Z", "ends_at": "2026-03-31T00:00:00Z", "last_day": "2026-03-30"},
        {"starts_at": "2026-03-31T00:00:00Z", "ends_at": "2026-04-30T00:00:00Z", "last_day": "2026-04-29"},
    ]


def test_there_are_twelve_terms_unless_told(tessera: Tessera) -> None:
    assert len(terms(tessera, "--start", "2026-01-01", "--every", "week")) == 12


def test_the_start_is_wall_clock_time_in_the_zone_and_stays_so_in_summer(tessera: Tessera) -> None:
    listed = terms(tessera, "--start", "2026-03-15T09:00", "--every", "month", "--zone", "Europe/London", "--take", "1")

    assert listed == [
        {"starts_at": "2026-03-15T09:00:00Z", "ends_at": "2026-04-15T08:00:00Z", "last_day": "2026-04-15"}
    ]


def test_the_day_that_is_meant_can_be_said(tessera: Tessera) -> None:
    listed = terms(tessera, "--start", "2026-02-28", "--every", "month", "--anchor-day", "31", "--take", "1")

    assert listed[0]["ends_at"] == "2026-03-31T00:00:00Z"


@pytest.mark.parametrize(
    ("start", "rollover", "last_day"), [("2026-10-31", "11-01", "2026-12-31"), ("2026-11-01", "11-01", "2027-12-31")]
)
def test_a_fixed_cycle_ends_with_its_year_or_the_next_from_the_rollover_on(
    tessera: Tessera, start: str, rollover: str, last_day: str
) -> None:
    listed = terms(
        tessera, "--start", start, "--every", "year", "--fixed-start", "01-01", "--rollover", rollover, "--take", "1"
    )

    assert listed[0]["last_day"] == last_day


def test_count_is_the_number_of_years_of_a_fixed_cycle(tessera: Tessera) -> None:
    listed = terms(tessera, "--start", "2026-05-05", "--count", "3", "--fixed-start", "04-01", "--take", "2")

    assert [line["last_day"] for line in listed] == ["2029-03-31", "2032-03-31"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--start", "2026-01-30", "--every", "month", "--anchor-day", "31"], "invalid_period"),
        (["--start", "2026-01-30", "--every", "month", "--zone", "Mars/Base"], "unknown_time_zone"),
        (["--start", "2026-01-30", "--every", "month", "--count", "0"], "invalid_period"),
        (["--start", "2026-01-30", "--every", "month", "--take", "0"], "invalid_period"),
        (["--start", "2026-01-30T09:00Z", "--every", "month"], "invalid_period"),
        (["--start", "2026-01-30", "--every", "month", "--fixed-start", "01-01"], "invalid_period"),
        (["--start", "2026-01-30", "--fixed-start", "02-29"], "invalid_period"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(tessera: Tessera, arguments: list[str], code: str) -> None:
    refused = tessera("schedule", *arguments, exit_code=1)

    assert refused.stdout == ""
    assert refused.stderr.startswith("error: ")
    assert refused.stderr.rstrip().endswith(f"[{code}]")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--start", "2026-01-30"],
        ["--start", "30.1.2026", "--every", "month"],
        ["--start", "2026-01-30", "--every", "fortnight"],
        ["--start", "2026-01-30", "--every", "year", "--rollover", "11-01"],
    ],
)
def test_a_wrong_call_says_how_to_call(tessera: Tessera, arguments: list[str]) -> None:
    assert "Usage: " in tessera("schedule", *arguments, exit_code=2).stderr

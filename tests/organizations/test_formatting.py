"""Dates, money and names as people read them."""

from datetime import UTC, date, datetime, time

import pytest

from tessera.organizations.formatting import Formats, initials, joined, sentence
from tessera.organizations.models import Organization
from tests import make


def formats(locale: str = "en-GB", zone: str = "Europe/London") -> Formats:
    return Formats.of(Organization(locale=locale, time_zone=zone))


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en-GB", "Tue 31 Mar 2026"),
        ("en-US", "Tue Mar 31 2026"),
        ("de-DE", "Di., 31. März 2026"),
        ("xx", "Tue 31 Mar 2026"),
    ],
)
def test_days_read_like_days_of_the_language(locale: str, text: str) -> None:
    assert formats(locale).day(date(2026, 3, 31)) == text


def test_somebody_is_written_to_in_their_own_language_and_by_the_clubs_zone() -> None:
    club = Organization(locale="en-GB", time_zone="Europe/London")
    midnight = datetime(2026, 3, 31, 23, tzinfo=UTC)
    assert Formats.of(club, locale="fr-CA").end(midnight) == "mar. 31 mars 2026"
    assert Formats.of(club, locale="").end(midnight) == Formats.of(club, locale="xx").end(midnight) == "Tue 31 Mar 2026"


def test_the_year_is_left_out_in_the_same_year() -> None:
    assert formats().day(date(2026, 3, 31), near=make.JAN_10) == "Tue 31 Mar"
    assert formats().day(date(2027, 3, 31), near=make.JAN_10) == "Wed 31 Mar 2027"


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en-GB", "Tuesday 31 March"),
        ("en-US", "Tuesday March 31"),
        ("de-DE", "Dienstag, 31. März"),
        ("fr-FR", "mardi 31 mars"),
    ],
)
def test_prose_has_days_in_full(locale: str, text: str) -> None:
    club = Organization(locale=locale, time_zone="Europe/London")
    assert Formats.of(club, wide=True).day(date(2026, 3, 31), near=make.JAN_10) == text


def test_an_end_at_midnight_is_said_by_its_last_day_and_any_other_with_its_time() -> None:
    midnight, noon = datetime(2026, 3, 31, 23, tzinfo=UTC), datetime(2026, 4, 1, 11, tzinfo=UTC)
    assert formats().end(midnight) == "Tue 31 Mar 2026"
    assert formats().end(noon) == "Wed 1 Apr 2026, 12:00"
    assert formats(zone="Asia/Tokyo").end(midnight) == "Wed 1 Apr 2026, 08:00"


def test_parts_of_a_date_read_like_those_of_the_language() -> None:
    day = date(2026, 3, 31)
    british, german, american = formats(), formats("de-DE"), formats("en-US")
    assert [each.month(day, year=True) for each in (british, german)] == ["Mar 2026", "März 2026"]
    assert british.month(day, year=False) == "Mar"
    assert [each.short(day) for each in (british, german, american)] == ["31 Mar", "31. März", "Mar 31"]
    assert [each.of_the_year(day) for each in (british, german, american)] == ["31 March", "31. März", "March 31"]
    assert [each.weekday(day) for each in (british, german)] == ["Tuesday", "Dienstag"]
    assert formats(zone="Asia/Tokyo").wall_clock(time(14, 5)) == "14:05"


@pytest.mark.parametrize(
    ("name", "text"),
    [("Ada Lovelace Okonkwo", "AO"), ("Łukasz", "Ł"), ("<script>", "?"), ("", "?"), ("van der Berg", "VB")],
)
def test_initials_are_of_the_first_and_the_last_word(name: str, text: str) -> None:
    assert initials(name) == text


def test_refusals_become_sentences() -> None:
    assert sentence("it renews by itself") == "It renews by itself."
    assert joined(["pool"]) == "pool"
    assert joined(["pool", "gym", "lounge"]) == "pool, gym and lounge"

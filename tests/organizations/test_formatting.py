"""Dates, money and names as people read them."""

from datetime import UTC, date, datetime, time

import pytest
from django.utils import timezone, translation

from tessera.core.money import Money
from tessera.core.phrases import Phrase, counted, phrase, said
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


FULL = said("{plan} is full for now", plan="swim & gym")
OVER = phrase("it is over")
RUNNING = (
    "{name} has {number} running membership: end them first",
    "{name} has {number} running memberships: end them first",
)


@pytest.mark.parametrize(
    ("refused", "english", "german", "french"),
    [
        (OVER, "It is over.", "Sie ist vorbei.", "Elle est terminée."),
        (
            FULL,
            "swim & gym is full for now.",
            "„swim & gym“ ist zurzeit voll.",
            "La formule «\u00a0swim & gym\u00a0» est complète pour l\u2019instant.",
        ),
        (
            said("the end must be later than {end}", end=datetime(2026, 3, 31, 23, tzinfo=UTC)),
            "The end must be later than Wed 1 Apr 2026, 00:00.",
            "Das Ende muss später sein als Mi., 1. Apr. 2026, 00:00.",
            "La fin doit être après le mer. 1 avr. 2026, 00:00.",
        ),
        (
            said("an amount cannot be more than {most}", most=Money(100_000, "EUR")),
            "An amount cannot be more than €1,000.00.",
            "Ein Betrag kann nicht höher als 1.000,00\u00a0€ sein.",
            "Un montant ne peut pas dépasser 1\u202f000,00\u00a0€.",
        ),
        (
            said("there was no whole answer within {seconds:g} s", seconds=15.0),
            "There was no whole answer within 15 s.",
            "Innerhalb von 15 s kam keine vollständige Antwort.",
            "",
        ),
        (
            counted(*RUNNING, number=1, name="Ada"),
            "Ada has 1 running membership: end them first.",
            "Ada hat 1 laufende Mitgliedschaft: Beenden Sie sie zuerst.",
            "Ada a 1 adhésion en cours\u00a0: terminez-la d\u2019abord.",
        ),
        (
            counted(*RUNNING, number=2_000, name="Ada"),
            "Ada has 2,000 running memberships: end them first.",
            "Ada hat 2.000 laufende Mitgliedschaften: Beenden Sie sie zuerst.",
            "Ada a 2\u202f000 adhésions en cours\u00a0: terminez-les d\u2019abord.",
        ),
        (
            said("{address}: {reason}", address="ada@acme.example", reason=OVER),
            "ada@acme.example: it is over.",
            "ada@acme.example: sie ist vorbei.",
            "ada@acme.example\u00a0: elle est terminée.",
        ),
        (said("{reason} ({more})", reason=OVER, more="mem_1"), "It is over (mem_1).", "Sie ist vorbei (mem_1).", ""),
        (phrase("nobody has said this before"), "Nobody has said this before.", "Nobody has said this before.", ""),
    ],
)
def test_a_refusal_is_a_sentence_of_the_language_that_is_spoken(
    refused: Phrase, english: str, german: str, french: str
) -> None:
    with timezone.override("Europe/London"):
        for language, text in (("en", english), ("de", german), ("fr", french)):
            with translation.override(language):
                assert not text or sentence(refused) == text


def test_a_sentence_stays_what_it_is() -> None:
    with translation.override("de"):
        once = sentence(FULL)
        assert sentence(once) == once
        assert sentence("") == ""

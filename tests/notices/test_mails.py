"""What the mails say: every kind in every language, in both parts, to people and to companies."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from tessera.core.colours import contrast
from tessera.notices.languages import LANGUAGES
from tessera.notices.types import GROUPS, Kind
from tessera.organizations.models import Organization
from tests import make
from tests.notices.letters import Letter, happens, in_locale
from tests.notices.scenes import OF_PEOPLE, SCENES
from tests.notices.stage import Names, Stage

pytestmark = pytest.mark.django_db

LOCALES = {"en": "en-GB", "de": "de-DE", "fr": "fr-FR"}
TO_PEOPLE = {**SCENES, **OF_PEOPLE}


def the_letter(scene: str, **stage: Any) -> Letter:
    """The mail that the scene is about, which is the last of its kind."""
    kind, happening = TO_PEOPLE[scene]
    return last(kind, happens(Stage.set_up(**stage), happening))


def in_every_language(scene: str, **stage: Any) -> list[tuple[str, Letter]]:
    """The mail that the scene is about, with the language it is written in."""
    kind, happening = TO_PEOPLE[scene]
    set_up = Stage.set_up(**stage)
    happens(set_up, happening)
    return [(language, last(kind, in_locale(set_up, locale))) for language, locale in LOCALES.items()]


def last(kind: Kind, letters: list[Letter]) -> Letter:
    return [each for each in letters if each.kind is kind][-1]


def test_there_is_a_scene_for_every_kind_and_a_locale_for_every_language() -> None:
    assert {kind for kind, _ in TO_PEOPLE.values()} == set(Kind)
    assert set(LOCALES) == set(LANGUAGES)


@pytest.mark.parametrize("scene", TO_PEOPLE)
def test_every_mail_says_the_same_in_both_parts_and_in_every_language(scene: str) -> None:
    seen = set()
    for language, letter in in_every_language(scene, contact="hello@strand.example"):
        text = " ".join(letter.text.split())
        heading, *paragraphs = letter.paragraphs[1:]  # the first is the club's name
        assert heading
        assert len(paragraphs) >= 3
        assert [each for each in paragraphs if each not in text] == []
        assert letter.message.extra_headers["Content-Language"] == language
        assert f'lang="{language}"' in letter.html
        for said in (letter.subject, letter.text, letter.seen):
            assert not re.search(r"%\(|\{\{|\{%|None|\.\.|!", said), said
        seen |= {letter.subject, heading}
        assert_is_harmless_to_read(letter)
        assert_can_be_turned_off_if_a_reminder(letter)
    assert len(seen) >= len(LOCALES)


@pytest.mark.parametrize("scene", SCENES)
def test_a_companys_people_are_told_of_its_membership_and_not_of_theirs(scene: str) -> None:
    for _, letter in in_every_language(scene, company_holds=True):
        assert letter.message.to == ["office@acme.example"]
        assert "Acme Ltd" in letter.subject
        assert not re.search(r"\b(Your|Ihre|Ihr|Votre) ", letter.subject)
        assert "List-Unsubscribe" not in letter.message.extra_headers


def assert_is_harmless_to_read(letter: Letter) -> None:
    """Nothing is fetched and nothing runs."""
    links = re.findall(r'(?:href|src|url)\s*=?\s*["(]?(https?:[^"\')]+)', letter.html)
    assert all(
        re.search(
            r"/notices/|/join/[^/]+/company/|/portal/[^/]+/(sessions|details)$|/console/(invitation|reset-password|confirm-email)/",
            each,
        )
        for each in links
    )
    assert "secret" not in letter.html + letter.text
    assert not re.search(r"<(img|script|link|iframe|form|object|video)\b|@import|url\(|\son\w+=", letter.html)
    assert len(letter.html) < 20_000


def assert_can_be_turned_off_if_a_reminder(letter: Letter) -> None:
    headers = letter.message.extra_headers
    assert ("List-Unsubscribe" in headers) == (letter.kind in GROUPS)
    if letter.kind in GROUPS:
        link = headers["List-Unsubscribe"].strip("<>")
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert link in letter.text
        assert link in letter.html


def test_a_welcome_says_what_it_is_until_when_for_how_much_and_what_it_opens() -> None:
    letter = the_letter("welcome, renewing", contact="hello@strand.example")

    assert letter.subject == "Your Gold membership has begun"
    assert letter.text == (
        "Your Gold membership at Strand House has begun.\n"
        "\n"
        "  Membership  Gold\n"
        "  Until       Monday 9 February\n"
        "  Price       £35.00 a month\n"
        "\n"
        "It then renews by itself, unless it is canceled before.\n"
        "\n"
        "With it you can use: Lounge and Pool.\n"
        "\n"
        "Questions? Just answer this mail.\n"
        "\n"
        "--\n"
        "Strand House\n"
        "\n"
        "You get this mail because it is about your membership at Strand House.\n"
    )
    assert letter.paragraphs[:3] == [
        "◆ Strand House",
        "Welcome, Ada",
        "Your Gold membership at Strand House has begun.",
    ]


def test_german_is_german_down_to_dates_and_money() -> None:
    letter = the_letter("renewal coming", locale="de-AT")

    assert letter.subject == "Ihre Mitgliedschaft „Gold“ verlängert sich am Dienstag, 10. Februar"
    assert letter.paragraphs[1:4] == [
        "Gold verlängert sich in 7 Tagen",
        "Ihre Mitgliedschaft „Gold“ bei Strand House läuft bis Montag, 9. Februar und verlängert sich dann von selbst: "
        "£\xa035,00 pro Monat.".replace("\xa0", " "),
        "Um sie zu behalten, brauchen Sie nichts zu tun. Wenn Sie lieber gehen möchten, sagen Sie Strand House bis "
        "dahin Bescheid.",
    ]


def test_french_is_french_down_to_its_spaces() -> None:
    letter = the_letter("left the company", locale="fr-CH")

    assert letter.subject == "Votre accès par Acme Ltd a pris fin"
    assert "Vous n\u2019avez plus\xa0: Pool." in letter.text
    assert "Vous gardez\xa0: Lounge." in letter.text
    assert "samedi 10 janvier" in letter.text


def test_the_customers_language_comes_before_the_clubs() -> None:
    stage = Stage.set_up(locale="de-DE")
    stage.ada.locale = "fr-BE"
    stage.ada.save()
    (letter,) = happens(stage, OF_PEOPLE["welcome"][1])
    assert letter.subject == "Votre adhésion «\xa0Gold\xa0» a commencé"


@pytest.mark.parametrize(
    ("customer", "club", "subject"),
    [
        ("ja-JP", "de-DE", "Ihre Mitgliedschaft „Gold“ hat begonnen"),
        ("", "sv-SE", "Your Gold membership has begun"),
        ("ja-JP", "sv-SE", "Your Gold membership has begun"),
        ("en-US", "de-DE", "Your Gold membership has begun"),
    ],
)
def test_a_language_that_mails_are_not_written_in_falls_back(customer: str, club: str, subject: str) -> None:
    stage = Stage.set_up(locale=club)
    stage.ada.locale = customer
    stage.ada.save()
    (letter,) = happens(stage, OF_PEOPLE["welcome"][1])
    assert letter.subject == subject
    assert re.search(r"February|Februar", letter.text)  # no words of one language around the days of another


def test_answers_go_to_the_club_if_it_says_where() -> None:
    assert the_letter("welcome", contact="hello@strand.example").message.reply_to == ["hello@strand.example"]

    letter = the_letter("welcome")
    assert letter.message.reply_to == []
    assert "Questions? Ask Strand House." in letter.text


def test_names_stay_text_whatever_is_in_them() -> None:
    names = Names(
        club='Klub "Süd", <b>Nord</b>\r\nBcc: all@member.example',
        first="<script>alert(1)</script>",
        plan="{{ plan }} & %(plan)s\nX-Bad: yes\x07\u2028",
        permissions=("<i>Pool</i>", "A & B"),
    )
    letter = the_letter("welcome", names=names)

    sent = letter.message.message()
    assert sent["Bcc"] is None
    assert sent["X-Bad"] is None
    assert "\n" not in letter.subject
    assert "<script>" not in letter.html
    assert "<i>" not in letter.html
    assert "<i>Pool</i>" in letter.text
    assert "{{ plan }} & %(plan)s" in letter.seen
    sender = sent["From"]
    assert sender.endswith("<post@tessera.example>")


def test_the_heading_names_nobody_whose_name_is_not_known() -> None:
    stage = Stage.set_up()
    stage.ada.first_name = stage.ada.last_name = ""
    stage.ada.save()
    (letter,) = happens(stage, OF_PEOPLE["welcome"][1])
    assert letter.paragraphs[1] == "Welcome"


@pytest.mark.parametrize("accent", ["#ffee00", "#ffffff", "#000000", "#1f5f4a", "#c94f7c"])
def test_the_clubs_colour_is_corrected_until_it_can_be_read(accent: str) -> None:
    stage = Stage.set_up()
    Organization.objects.filter(pk=stage.club.pk).update(accent=accent)
    stage.club.refresh_from_db()
    letter = happens(stage, OF_PEOPLE["welcome"][1])[0]

    inlined = re.search(r'class="mark"[^>]*style="[^"]*color: (#[0-9a-f]{6})', letter.html)
    in_the_dark = re.search(r"\.mark,\s*a\s*\{\s*color:\s*(#[0-9a-f]{6})", letter.html)
    assert inlined is not None and in_the_dark is not None
    assert contrast(inlined[1], "#faf7f1") >= 4.5
    assert contrast(in_the_dark[1], "#11151e") >= 4.5
    assert "prefers-color-scheme: dark" in letter.html


def test_two_facts_have_two_message_ids_and_one_has_one() -> None:
    stage = Stage.set_up()
    first, second = happens(stage, SCENES["cancel undone"][1])[-2:]
    assert first.message.extra_headers["Message-ID"] != second.message.extra_headers["Message-ID"]
    assert re.fullmatch(r"<[0-9a-f]{32}@tessera\.example>", first.message.extra_headers["Message-ID"])
    assert "ada" not in str(first.message.extra_headers)


def test_owners_are_told_which_endpoint_is_off_and_why() -> None:
    letter = the_letter("endpoint disabled", contact="hello@strand.example")
    assert letter.message.to == ["owner@club.example"]
    assert letter.message.reply_to == []
    assert "https://hooks.example.org/in\n" in letter.text
    assert "It has failed for days." in letter.text


def test_owners_are_told_when_an_endpoint_said_that_it_is_gone() -> None:
    assert "gone for good" in the_letter("endpoint gone").text


@pytest.fixture
def elsewhere() -> Iterator[Organization]:
    with override_settings(BASE_URL="https://members.strand.example"):
        yield make.organization()


@pytest.mark.usefixtures("elsewhere")
def test_links_lead_to_where_the_installation_is() -> None:
    link = the_letter("expired").message.extra_headers["List-Unsubscribe"]
    assert link.startswith("<https://members.strand.example/notices/club-")

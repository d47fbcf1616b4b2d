"""Nothing that a reader sees is left untranslated."""

import re

import pytest
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext

from tessera.notices import tokens
from tessera.notices.types import Group
from tests.notices.letters import Letter, happens, visible
from tests.notices.pseudo import LOCALE, pseudo, spoken_by_nobody
from tests.notices.scenes import OF_PEOPLE, SCENES
from tests.notices.stage import Names, Stage

pytestmark = pytest.mark.django_db

GREEK = Names(
    club="Στραντ",
    first="Άδα",
    last="Οκόνκο",
    company="Ακμή",
    plan="Χρυσό",
    other_plan="Αργυρό",
    permissions=("Πισίνα", "Σαλόνι"),
)
_ADDRESS = re.compile(r"https?://\S+")


def latin_in(text: str) -> list[str]:
    """The words in Latin letters that are no addresses."""
    return re.findall(r"[A-Za-z]+", _ADDRESS.sub("", text))


def everything_seen(letter: Letter) -> dict[str, str]:
    return {"subject": letter.subject, "text": letter.text, "html": letter.seen}


@pytest.mark.parametrize(
    ("scene", "company_holds"), [*((each, False) for each in (*SCENES, *OF_PEOPLE)), *((each, True) for each in SCENES)]
)
def test_no_word_of_a_mail_is_left_untranslated(scene: str, company_holds: bool) -> None:
    kind, happening = {**SCENES, **OF_PEOPLE}[scene]
    with spoken_by_nobody():
        stage = Stage.set_up(GREEK, locale=LOCALE, company_holds=company_holds, contact="hello@strand.example")
        letters = [each for each in happens(stage, happening) if each.kind is kind]
    assert letters
    for letter in letters:
        assert {part: latin_in(text) for part, text in everything_seen(letter).items()} == {
            "subject": [],
            "text": [],
            "html": [],
        }
        assert "⟦" in letter.subject


@pytest.mark.parametrize("off", [False, True], ids=["reminded", "not reminded"])
def test_no_word_of_the_page_behind_the_link_is_left_untranslated(off: bool) -> None:
    with spoken_by_nobody():
        stage = Stage.set_up(GREEK, locale=LOCALE)
        token = tokens.unsubscribing(organization_id=stage.club.pk, customer_id=stage.ada.pk, group=Group.REMINDERS)
        address = f"/notices/{stage.club.slug}/{token}"
        if off:
            Client().post(address, {"reminders": "off"})
        page = Client().get(address).content.decode()
    assert latin_in(visible(page)) == []
    title = re.search(r"<title>(.*?)</title>", page)
    assert title is not None and latin_in(title[1]) == []


def test_the_test_sees_what_is_not_translated() -> None:
    with spoken_by_nobody(), translation.override(LOCALE):
        assert gettext("It ends on %(day)s.") == pseudo("It ends on %(day)s.")
        assert latin_in(gettext("It ends")) == []
    assert latin_in("Άδα has left") == ["has", "left"]

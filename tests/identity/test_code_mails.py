"""The mail with the code: written by a job, first of all, and the only place where the code ever stands."""

import re
from collections.abc import Iterator

import pytest
from django.apps import apps

from tessera import db
from tessera.core import ids
from tessera.events import queries as events
from tessera.identity.models import CodeAttempt
from tessera.notices import leases, reactions, sending, tasks
from tessera.notices.models import Notice
from tessera.notices.telling import tell
from tessera.notices.types import Draft, Kind, News, Status, To
from tessera.organizations.models import Organization
from tessera.people.types import CustomerStatus
from tests import make
from tests.identity.visitors import Browser
from tests.notices.postoffice import PostOffice, open_post_office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with open_post_office() as office:
        yield office


def told_and_sent(club: Organization) -> None:
    """Do what the jobs do: react to what happened, send what is to be sent."""
    reactions.react(club, events.feed(club, after=0, limit=100).lines)
    tasks.send_waiting.call(str(club.pk))


def everything_stored() -> str:
    return "\n".join(str(row) for model in apps.get_models() for row in model._base_manager.values())


def test_the_code_is_in_the_mail_and_nowhere_else(office: PostOffice) -> None:
    browser = Browser(make.organization("Strand House"))
    asked = browser.ask("Nobody@member.example")
    assert not office.accepted
    told_and_sent(browser.club)
    (letter,) = office.accepted
    code = re.findall("[0-9]{6}", str(letter["Subject"]))[0]
    assert letter["To"] == "Nobody@member.example"
    assert "Strand House" in str(letter["Subject"])
    text, html = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    for part in (text, html):
        assert part.count(code) == 1
        assert "Strand House" in part
        assert "10 minutes" in part
    assert re.search(r"Tell it to nobody", text)
    assert code not in everything_stored().replace(asked.attempt, "")
    browser.enter(asked, code)


@pytest.mark.parametrize(
    ("locale", "subject"), [("de-AT", "Ihr Code für"), ("fr", "votre code pour"), ("xx", "is your code for")]
)
def test_it_speaks_the_language_of_the_page(office: PostOffice, locale: str, subject: str) -> None:
    browser = Browser(make.organization("Strand House"))
    browser.ask(locale=locale)
    told_and_sent(browser.club)
    assert subject in str(office.accepted[0]["Subject"])


@pytest.mark.parametrize("status", CustomerStatus)
def test_whoever_has_the_address_gets_the_same_mail(office: PostOffice, status: CustomerStatus) -> None:
    club = make.organization("Strand House")
    make.customer(club, first_name="Ada", verified_emails=["ada@member.example"], status=status)
    for address in ("ada@member.example", "eve@member.example"):
        Browser(club).ask(address)
    told_and_sent(club)
    known, unknown = (
        re.sub("[0-9]{6}|ada|eve", "…", letter.get_body(("plain",)).get_content())  # type: ignore[union-attr]
        for letter in office.accepted
    )
    assert known == unknown


def test_what_counts_no_more_is_not_sent(office: PostOffice) -> None:
    browser = Browser(make.organization())
    browser.ask("mistyped@member.example")
    browser.ask("right@member.example")
    told_and_sent(browser.club)
    assert [str(letter["To"]) for letter in office.accepted] == ["right@member.example"]
    assert sorted(Notice.objects.values_list("status", flat=True)) == [Status.SENT, Status.SKIPPED]


def test_a_code_goes_out_before_what_was_put_down_earlier() -> None:
    club = make.organization()
    person = make.customer(club, emails=["bea@member.example"])
    named = ids.to_text(ids.Prefix.MEMBERSHIP, make.membership(make.plan(club), customer=person).pk)
    with db.transaction():
        tell(club, [Draft(News(Kind.WELCOME, named, make.JAN_10), To.CUSTOMER, person.pk)])
    Browser(club).ask()
    reactions.react(club, events.feed(club, after=0, limit=100).lines)
    assert [notice.kind for notice in leases.claim(club.pk).notices] == ["sign_in_code", "welcome"]


def test_a_second_attempt_has_another_code_and_another_message_id(office: PostOffice) -> None:
    browser = Browser(make.organization())
    asked = browser.ask()
    reactions.react(browser.club, events.feed(browser.club, after=0, limit=100).lines)
    for _ in range(2):
        claim = leases.claim(browser.club.pk)
        sending.send(browser.club, claim)
        # As if the process had died between the server's answer and our note of it.
        Notice.objects.update(status=Status.WAITING, sent_at=None, due_at=leases.from_now(-1))
    first, second = office.accepted
    assert first["Message-ID"] != second["Message-ID"]
    browser.enter(asked, re.findall("[0-9]{6}", str(second["Subject"]))[0])


def test_no_row_of_a_mail_names_the_address(office: PostOffice) -> None:
    browser = Browser(make.organization())
    browser.ask("secret@member.example")
    told_and_sent(browser.club)
    rows = everything_stored()
    CodeAttempt.objects.all().delete()
    assert "secret@member.example" in rows
    assert "secret@member.example" not in everything_stored()

"""The mailbox: mail that stays here, to be looked at."""

import os
import threading
from datetime import UTC, datetime
from email.message import EmailMessage as RawMessage
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.mail import EmailMessage, EmailMultiAlternatives
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from tessera.http import mail, mail_url
from tests import make


@pytest.fixture
def home(settings: Settings, tmp_path: Path) -> Path:
    """A home whose mail goes into its mailbox."""
    settings.HOME = tmp_path
    for name, value in mail_url.django_settings("mailbox:", sender="Strand House <hello@club.example>").items():
        setattr(settings, name, value)
    return tmp_path


def drop(home: Path, name: str, content: bytes) -> None:
    (home / "mailbox").mkdir(exist_ok=True)
    (home / "mailbox" / name).write_bytes(content)


NAME = "20260110T120000000000Z-0123456789abcdef"


@time_machine.travel(make.JAN_10, tick=False)
def test_a_message_is_found_again_as_it_was_sent(home: Path) -> None:
    message = EmailMultiAlternatives("Grüße, Zoë", "Hello\nZoë\n", to=["Zoë <zoe@club.example>"])
    message.attach_alternative("<p>Hello <b>Zoë</b></p>", "text/html")
    message.attach("terms.txt", "not the text", "text/plain")
    message.extra_headers = {"List-Unsubscribe": "<https://club.example/out>"}
    mail.send(message)

    (found,) = mail.read_mailbox(home)
    assert (found.at, found.subject) == (make.JAN_10, "Grüße, Zoë")
    assert (found.to, found.sender) == ("Zoë <zoe@club.example>", "Strand House <hello@club.example>")
    assert (found.text, found.html) == ("Hello\nZoë\n", "<p>Hello <b>Zoë</b></p>")
    assert ("List-Unsubscribe", "<https://club.example/out>") in found.headers
    assert dict(found.headers)["Message-ID"].endswith("@club.example>")
    assert mail.read_message(home, found.id) == found


def test_only_the_owner_may_read_it(home: Path) -> None:
    mail.send(EmailMessage("Code", "123456", to=["zoe@club.example"]))

    folder = home / "mailbox"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [file.stat().st_mode & 0o777 for file in folder.iterdir()] == [0o600]


def test_the_newest_come_first_and_not_more_than_asked_for(home: Path) -> None:
    for minute in range(5):
        with time_machine.travel(datetime(2026, 1, 10, 12, minute, tzinfo=UTC), tick=False):
            mail.send(EmailMessage(f"Mail {minute}", "Hello", to=["zoe@club.example"]))

    assert [message.subject for message in mail.read_mailbox(home, most=3)] == ["Mail 4", "Mail 3", "Mail 2"]


def test_many_may_write_at_once_while_one_reads(home: Path) -> None:
    def write(writer: int) -> None:
        for number in range(25):
            mail.send(EmailMessage(f"{writer}-{number}", "x" * 100_000, to=["zoe@club.example"]))

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in writers:
        thread.start()
    while any(thread.is_alive() for thread in writers):
        for message in mail.read_mailbox(home):
            assert len(message.text.strip()) == 100_000  # never half of one
    for thread in writers:
        thread.join()

    assert {message.subject for message in mail.read_mailbox(home)} == {f"{w}-{n}" for w in range(4) for n in range(25)}
    assert len(list((home / "mailbox").iterdir())) == 100


def test_a_message_is_not_seen_before_it_is_whole(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[mail.Received]] = []
    opened = os.fdopen

    def looking(*arguments: Any) -> Any:
        seen.append(mail.read_mailbox(home))  # the file is there, and empty
        return opened(*arguments)

    monkeypatch.setattr("tessera.http.mailbox.os.fdopen", looking)
    mail.send(EmailMessage("Whole", "Hello", to=["zoe@club.example"]))

    assert seen == [[]]
    assert [message.subject for message in mail.read_mailbox(home)] == ["Whole"]


def test_a_mailbox_nobody_wrote_to_is_empty(tmp_path: Path) -> None:
    assert mail.read_mailbox(tmp_path) == []
    (tmp_path / "mailbox").write_text("a file in its place")
    assert mail.read_mailbox(tmp_path) == []


def test_what_is_no_message_of_ours_is_passed_over(home: Path) -> None:
    mail.send(EmailMessage("Real", "Hello", to=["zoe@club.example"]))
    drop(home, "notes.txt", b"Subject: notes\n\n")
    drop(home, "copy of a mail.eml", b"Subject: foreign\n\n")
    drop(home, f".{NAME}", b"Subject: half")
    (home / "mailbox" / f"{NAME}.eml").mkdir()

    assert [message.subject for message in mail.read_mailbox(home, most=2)] == ["Real"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe",
        b"Subject: half of a",
        b"Subject: =?utf-8?b?!!!?=\nFrom: =?nonsense?q?x?=\n\nHello",
        b"Subject: caf\xe9\nContent-Type: text/plain; charset=no-such\n\ncaf\xe9",
        b"Content-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/html\n\n<p>cut",
        b"Content-Type: multipart/alternative\n\nno boundary",
        b"Content-Transfer-Encoding: base64\n\n!!!",
        b"Content-Type: text/plain; charset*=utf-8'%ff'x\n\nHello",
    ],
)
def test_a_damaged_message_is_shown_as_far_as_it_goes(home: Path, content: bytes) -> None:
    drop(home, f"{NAME}.eml", content)

    (found,) = mail.read_mailbox(home)
    assert (found.id, found.at) == (NAME, datetime(2026, 1, 10, 12, tzinfo=UTC))


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"Subject: {text}\n\n{text}".encode()))
def test_whatever_the_file_holds_it_can_be_looked_at(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    home = tmp_path_factory.mktemp("home")
    drop(home, f"{NAME}.eml", content)
    assert len(mail.read_mailbox(home)) == 1


def test_a_huge_file_is_read_in_part(home: Path) -> None:
    huge = RawMessage()
    huge["Subject"] = "Huge"
    huge.set_content("x")
    drop(home, f"{NAME}.eml", huge.as_bytes() + b"y" * 20_000_000)

    (found,) = mail.read_mailbox(home)
    assert found.subject == "Huge"
    assert len(found.text) < 6_000_000


NO_SUCH_DAY = "20269999T999999999999Z-0123456789abcdef"


@pytest.mark.parametrize(
    "asked", ["", "..", "../secret-key", f"../mailbox/{NAME}", f"{NAME}.eml", f"{NAME}\n", NO_SUCH_DAY]
)
def test_an_id_that_is_none_finds_nothing(home: Path, asked: str) -> None:
    for name in (NAME, NO_SUCH_DAY, "../secret-key"):
        drop(home, f"{name}.eml", b"Subject: here\n\n")

    assert mail.read_message(home, asked) is None
    assert [message.id for message in mail.read_mailbox(home)] == [NAME]

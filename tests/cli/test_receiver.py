"""The receiver that shows webhooks on a page: what is signed is believed, all else is turned away."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from standardwebhooks import Webhook

from tessera.cli.receiver.inbox import KEPT, Inbox
from tessera.cli.receiver.server import Receiver
from tessera.core import clock
from tests.ports import free_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver("127.0.0.1", free_port(), Inbox(SECRET))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def send(receiver: Receiver, message_id: str = "evt_1", *, secret: str = SECRET, at: datetime | None = None) -> int:
    """Send a message as Tessera does; return the status."""
    sent_at = at or clock.now()
    body = json.dumps({"type": "membership.granted", "data": {"note": "<b>&"}})
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, sent_at, body),
    }
    return call(receiver, "/hook", body.encode(), headers)[0]


def call(
    receiver: Receiver, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    address = f"http://127.0.0.1:{receiver.server_port}{path}"
    try:
        with urllib.request.urlopen(urllib.request.Request(address, body, headers or {}), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


def test_what_is_signed_is_shown_and_what_is_not_is_turned_away(receiver: Receiver) -> None:
    assert send(receiver) == 204
    assert send(receiver) == 204
    assert send(receiver, "evt_2", secret="whsec_" + "A" * 32) == 400
    assert send(receiver, "evt_3", at=datetime(2020, 1, 1, tzinfo=UTC)) == 400
    assert call(receiver, "/hook", b"\xff\xfe")[0] == 400

    *_, first = receiver.inbox.messages()
    assert (first.type, first.fault, first.again) == ("membership.granted", "", False)
    assert [bool(each.fault) for each in receiver.inbox.messages()] == [True, True, True, False, False]
    assert receiver.inbox.messages()[3].again
    status, page = call(receiver, "/")
    assert status == 200
    assert "&lt;b&gt;&amp;" in page
    assert "<b>&" not in page


def test_it_can_be_told_to_fail_so_that_retries_can_be_watched(receiver: Receiver) -> None:
    for answer, status in (("fail", 500), ("later", 503), ("gone", 410), ("accept", 204)):
        call(receiver, "/answer", urlencode({"answer": answer}).encode())
        assert send(receiver, f"evt_{answer}") == status
    call(receiver, "/answer", b"answer=nonsense")
    assert send(receiver) == 204


def test_the_page_hears_of_news_at_once(receiver: Receiver) -> None:
    heard: list[str] = []
    listening = threading.Thread(target=lambda: heard.append(call(receiver, "/messages?after=0")[1]))
    listening.start()
    send(receiver)
    listening.join(10)

    assert json.loads(heard[0])["count"] == 1
    assert "membership.granted" in json.loads(heard[0])["html"]


def test_a_page_of_another_site_can_neither_read_nor_press(receiver: Receiver) -> None:
    elsewhere = {"Origin": "https://elsewhere.example"}
    assert call(receiver, "/answer", b"answer=gone", elsewhere)[0] == 403
    assert call(receiver, "/clear", b"", elsewhere)[0] == 403
    assert call(receiver, "/", None, {"Host": "elsewhere.example"})[0] == 403
    assert send(receiver) == 204


def test_only_the_latest_are_kept() -> None:
    inbox = Inbox(SECRET)
    for number in range(KEPT + 5):
        inbox.receive({"webhook-id": str(number)}, b"{}", at=clock.now())

    assert (inbox.count, len(inbox.messages())) == (KEPT + 5, KEPT)
    inbox.clear()
    assert inbox.messages() == []

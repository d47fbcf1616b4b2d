"""The receivers of the documentation, run as they stand against the real sender."""

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from tessera.core import clock
from tessera.webhooks import services, signatures
from tests import make
from tests.webhooks.club import ACTOR, Club, statuses
from tests.webhooks.receiver import allowing

pytestmark = pytest.mark.django_db

FOLDER = Path(__file__).parent.parent.parent / "examples" / "webhooks"
by_us: dict[str, Any] = {"at": make.JAN_10, "actor": ACTOR}


@dataclass
class Program:
    """A receiver that runs: its address, and what it says, line by line."""

    url: str
    said: IO[str]

    def hears(self) -> list[str]:
        """The type, id and fate of the next message."""
        return self.said.readline().split()

    def answers(self, body: bytes, headers: dict[str, str]) -> int:
        """What it answers to a request; 0: it hangs up."""
        request = urllib.request.Request(self.url, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            return refusal.code
        except urllib.error.URLError:
            return 0


@contextmanager
def running(command: list[str], secret: str) -> Iterator[Program]:
    environment = {**os.environ, "WEBHOOK_SECRET": secret}
    with subprocess.Popen([*command, "0"], env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            with allowing(url.removeprefix("http://").rstrip("/")):
                yield Program(url, process.stdout)
        finally:
            process.terminate()


@pytest.fixture(params=["python", "node"])
def command(request: pytest.FixtureRequest) -> list[str]:
    """How a receiver is started."""
    if request.param == "python":
        return [sys.executable, str(FOLDER / "receiver.py")]
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on this machine")
    return [node, str(FOLDER / "receiver.mjs")]


def test_a_receiver_takes_what_is_sent_and_tells_repeats_and_what_is_stale(club: Club, command: list[str]) -> None:
    endpoint = club.endpoint("https://hooks.example.org", event_types=["customer.*"])
    ada = make.customer(club.organization)
    with running(command, club.secrets[endpoint.pk]) as program:
        services.update_endpoint(endpoint=endpoint, url=program.url, **by_us)
        first, second = club.happens(customer_id=ada.pk), club.happens(customer_id=ada.pk)
        club.tell(endpoint)
        heard = [program.hears(), program.hears()]
        assert [(kind, fate) for kind, _, fate in heard] == [("customer.updated", "new")] * 2
        assert heard[0][1] != heard[1][1]

        club.replay(endpoint, from_sequence=second[0])
        club.tell(endpoint)
        assert program.hears() == [*heard[1][:2], "again"]
        assert first[0] < second[0]

        type(ada).objects.filter(pk=ada.pk).update(version=5)
        club.happens(customer_id=ada.pk)
        club.tell(endpoint)
        type(ada).objects.filter(pk=ada.pk).update(version=4)  # as if it had been sent before that one
        club.happens(customer_id=ada.pk)
        club.tell(endpoint)
        assert [program.hears()[2], program.hears()[2]] == ["new", "stale"]
    assert set(statuses(endpoint)) == {"delivered"}


def test_a_receiver_goes_on_while_its_secret_is_rotated(club: Club, command: list[str]) -> None:
    endpoint = club.endpoint("https://hooks.example.org", event_types=["customer.*"])
    with running(command, club.secrets[endpoint.pk]) as old:
        services.update_endpoint(endpoint=endpoint, url=old.url, **by_us)
        _, secret = services.rotate_secret(endpoint=endpoint, **by_us)
        club.happens()
        club.tell(endpoint)
        assert old.hears()[2] == "new"
        with running(command, secret) as new:
            services.update_endpoint(endpoint=endpoint, url=new.url, **by_us)
            club.test(endpoint)
            club.tell(endpoint)
            assert new.hears()[0] == "webhook.test"
    assert set(statuses(endpoint)) == {"delivered"}


def test_a_receiver_takes_nothing_that_was_not_signed_just_now(command: list[str]) -> None:
    secret, body = signatures.fresh_secret(), '{"type": "customer.updated", "data": {"object": null}}'
    now = clock.now()
    good = signatures.headers("evt_1", body, signed_by=[secret], at=now)
    other = signatures.headers("evt_1", body, signed_by=[signatures.fresh_secret()], at=now)
    old = signatures.headers("evt_1", body, signed_by=[secret], at=now.replace(year=now.year - 1))
    both = {**good, "webhook-signature": f"{other['webhook-signature']} {good['webhook-signature']}"}
    with running(command, secret) as program:
        for headers in (
            {},
            other,
            old,
            {**good, "webhook-id": "evt_2"},
            {**good, "webhook-timestamp": str(int(time.time()) + 60)},
            {**good, "webhook-timestamp": "now"},
            {**good, "webhook-signature": "v1"},
            {**good, "webhook-signature": "v1,"},
            {**good, "webhook-signature": good["webhook-signature"].replace("v1,", "v2,")},
        ):
            assert program.answers(body.encode(), headers) == 400, headers
        assert program.answers(body.replace("null", "{}").encode(), good) == 400
        assert program.answers(b"x" * 1_500_000, good) in (400, 0)
        assert program.answers(body.encode(), good) == 204
        assert program.answers(body.encode(), both) == 204
        assert [program.hears()[2], program.hears()[2]] == ["new", "again"]

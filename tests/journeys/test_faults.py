"""The whole installation under fire: web server and worker are killed while grants come in, and nothing is lost."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.cli import installation
from tests.cli.installation import Server
from tests.scale import scaled

pytestmark = pytest.mark.concurrency

_SECONDS = 90.0
_CUT_OFF = (OSError, HTTPException)  # the latter where it was in the middle of the answer


class Heard(ThreadingHTTPServer):
    """A receiver that counts how often it was told of each event, and fails now and then."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receiving)
        self.ids: Counter[str] = Counter()
        self.requests = 0
        self.lock = threading.Lock()


class _Receiving(BaseHTTPRequestHandler):
    server: Heard
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.requests += 1
            fails = self.server.requests % 50 == 7
            if not fails:
                self.server.ids[self.headers["webhook-id"]] += 1
        self.send_response(500 if fails else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


@contextmanager
def receiving() -> Iterator[Heard]:
    server = Heard()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_every_acknowledged_grant_has_its_event_and_in_the_end_its_delivery(tmp_path: Path) -> None:
    many = scaled(1_000)
    with receiving() as heard, installation.fresh(tmp_path) as fresh:
        site = installation.Installation(
            {**fresh.environ, "TESSERA_OUTBOUND_ALLOWED": f"127.0.0.1:{heard.server_port}"}
        )
        site.migrate()
        site.run("organization", "create", "Club", "--timezone", "Europe/London", "--currency", "GBP")
        scopes = (
            "plans:write,customers:write,memberships:read,memberships:write,events:read,webhooks:read,webhooks:write"
        )
        key = site.run("key", "create", "--organization", "club", "--name", "Tests", "--scopes", scopes)
        with site.served() as outer:
            server = Server(outer.address, key.stdout.splitlines()[-1])
            plan = server.post("/api/v1/plans", {"name": "Gold", "prices": [_PRICE]})["id"]
            url = f"http://127.0.0.1:{heard.server_port}/"
            server.post("/api/v1/webhook-endpoints", {"url": url, "event_types": ["membership.*"]})
            people = [
                server.post("/api/v1/customers", {"first_name": "Ada", "last_name": str(number)})["id"]
                for number in range(many)
            ]
            dice = random.Random(11)
            unlucky = set(dice.sample(people, scaled(20)))
            acknowledged: list[str] = []
            kills: list[threading.Timer] = []
            killed: list[int] = []
            for person in people:
                if person in unlucky:  # while this one is being granted, or right after
                    kills.append(threading.Timer(dice.uniform(0, 0.03), _kill_one, args=(dice, killed)))
                    kills[-1].start()
                if _granted(server, plan, person):
                    acknowledged.append(person)
            for killing in kills:
                killing.join()
            assert killed
            events = _feed(server)
            granted = [each for each in events if each["type"] == "membership.granted"]
            wanted = {each["id"] for each in events if each["type"].startswith("membership.")}

            assert len(acknowledged) == many
            assert [each["sequence"] for each in events] == list(range(1, len(events) + 1))
            assert Counter(each["customer_id"] for each in granted) == Counter(people)
            _until(lambda: wanted <= set(heard.ids), lambda: f"{len(wanted - set(heard.ids))} were not delivered")
            assert set(heard.ids) == wanted
        site.run("doctor")


_PRICE = {"amount": {"amount": 3500, "currency": "GBP"}, "interval": "month"}


def _granted(server: Server, plan: str, person: str) -> bool:
    """Grant until it is acknowledged; whoever was cut off asks again."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        try:
            answer = server.call("POST", "/api/v1/memberships", {"plan": plan, "customer": person})
        except _CUT_OFF:
            time.sleep(0.05)
            continue
        if answer.status == 201 or answer.json["code"] == "membership_already_held":
            return True
        raise AssertionError(answer.json)
    return False


def _feed(server: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after, deadline = 0, time.monotonic() + _SECONDS
    while True:
        try:
            page = server.get(f"/api/v1/events?limit=200&after={after}")
        except _CUT_OFF:  # the last one that was killed is not back yet
            assert time.monotonic() < deadline, "it did not come back"
            time.sleep(0.05)
            continue
        found += page["data"]
        if not page["more"]:
            return found
        after = page["next_after"]


def _kill_one(dice: random.Random, killed: list[int]) -> None:
    """Kill one of the installation's processes, the web server, its own child, or the worker, and put it down."""
    victims = [pid for child in _children(os.getpid()) if _serves(child) for pid in _descendants(child)]
    if victims:
        victim = dice.choice(victims)
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)


def _serves(pid: int) -> bool:
    """Whether a child of ours is the installation's outermost process, and not, for one, the database of the suite."""
    try:
        return b"\0serve\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _descendants(root: int) -> Iterator[int]:
    """Yield the processes below one."""
    layer = [root]
    while layer := [child for pid in layer for child in _children(pid)]:
        yield from layer


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(each) for each in tasks.read_text(encoding="ascii").split()]
        except OSError:
            continue
    return found


def _until(happened: Callable[[], bool], why: Callable[[], str]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not happened():
        assert time.monotonic() < deadline, why()
        time.sleep(0.05)

"""A system that is told what happens: a real HTTP server on this machine, which answers as a test wants it to."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.conf import settings
from django.test import override_settings
from standardwebhooks import Webhook

from tessera.http import networks


@dataclass(frozen=True, slots=True)
class Got:
    """A request, as it came."""

    path: str
    headers: Mapping[str, str]
    body: str

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def type(self) -> str:
        return str(self.json["type"])

    @property
    def sequence(self) -> int:
        return int(self.json["data"]["sequence"])

    def verified(self, secret: str) -> Any:
        """What the message says, if `secret` signed it. Raises WebhookVerificationError."""
        return Webhook(secret).verify(self.body, dict(self.headers))

    def verified_at(self, secret: str, at: datetime) -> bool:
        """Whether the message was signed by `secret` at `at`, which may be long ago."""
        signature = Webhook(secret).sign(self.id, at, self.body)
        return signature in self.headers["webhook-signature"].split(" ")


class Call(BaseHTTPRequestHandler):
    """One request while it is answered."""

    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        headers: Message = self.headers
        self.server.receiver.take(Got(self.path, {name.lower(): value for name, value in headers.items()}, body), self)

    def do_GET(self) -> None:
        self.server.receiver.take(Got(self.path, {}, ""), self)

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    receiver: "Receiver"
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hangs up early is no fault of the server."""


Answering = Callable[[Call], None]


def with_status(status: int, body: bytes = b"", **headers: str) -> Answering:
    """Answer so."""
    return lambda call: call.reply(status, body, **headers)


def closing_midway(call: Call) -> None:
    """Promise more than is sent, and hang up."""
    call.send_response(200)
    call.send_header("Content-Length", "1000")
    call.end_headers()
    call.wfile.write(b"half of")
    call.wfile.flush()
    call.connection.shutdown(socket.SHUT_RDWR)
    call.close_connection = True


def hanging_up(call: Call) -> None:
    """Answer nothing and hang up."""
    call.connection.shutdown(socket.SHUT_RDWR)
    call.close_connection = True


@dataclass
class Receiver:
    """What came, in order, and how it is answered: each request by the next of `answers`, then by `otherwise`."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answers: list[Answering] = field(default_factory=list)
    otherwise: Answering = field(default_factory=lambda: with_status(204))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, got: Got, call: Call) -> None:
        with self._lock:
            self.got.append(got)
            answering = self.answers.pop(0) if self.answers else self.otherwise
        answering(call)

    @property
    def sequences(self) -> list[int]:
        """The numbers of the events that came, in the order in which they came."""
        return [each.sequence for each in self.got]


@contextmanager
def receiving(*, allowed: bool = True) -> Iterator[Receiver]:
    """Serve on a free port while the block runs. Nothing is sent to this machine unless an operator allows it."""
    receiver = Receiver()
    server = _Server(("127.0.0.1", 0), Call)
    server.receiver = receiver
    where = f"127.0.0.1:{server.server_address[1]}"
    receiver.url = f"http://{where}/hooks"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        with allowing(where) if allowed else nullcontext():
            yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def allowing(where: str) -> Iterator[None]:
    """Let requests go to an address of this machine while the block runs."""
    known = getattr(settings, "OUTBOUND_ALLOWED", ())
    with override_settings(OUTBOUND_ALLOWED=(*known, *networks.allowed(where))):
        yield

"""The receiver's web server: takes messages at /hook, shows them at /."""

import json
import threading
from datetime import UTC
from email.utils import formatdate
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from string import Template
from typing import Final
from urllib.parse import parse_qs

from tessera.cli.receiver.inbox import Answer, Inbox, Message
from tessera.core import clock

_MOST_BYTES: Final = 1_000_000
_FILES: Final = {"/receiver.css": "text/css", "/receiver.js": "text/javascript"}
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
_ANSWERS: Final = {
    Answer.ACCEPT: "204 accept",
    Answer.FAIL: "500 fail",
    Answer.LATER: "503 later",
    Answer.GONE: "410 gone",
}


class Receiver(ThreadingHTTPServer):
    """Serves one inbox. `address` is where messages are to be sent."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, host: str, port: int, inbox: Inbox) -> None:
        super().__init__((host, port), _Handler)
        self.inbox = inbox
        self.address = f"http://{host}:{self.server_port}/hook"
        self.names = {f"{name}:{self.server_port}" for name in (host, "localhost")}
        self.news = threading.Condition()


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MOST_BYTES:
            self._answer(413, b"", close=True)
            return
        body = self.rfile.read(int(length))
        if self.path == "/hook":
            status = self.server.inbox.receive({k.lower(): v for k, v in self.headers.items()}, body, at=clock.now())
            with self.server.news:
                self.server.news.notify_all()
            self._answer(status, b"", extra={"Retry-After": "20"} if status == 503 else {})
        elif not self._from_our_page():
            self._answer(403, b"")
        elif self.path == "/clear":
            self.server.inbox.clear()
            self._answer(303, b"", extra={"Location": "/"})
        elif self.path == "/answer":
            wanted = parse_qs(body.decode("ascii", "replace")).get("answer", [""])[0]
            if wanted in set(Answer):
                self.server.inbox.answer = Answer(wanted)
            self._answer(303, b"", extra={"Location": "/"})
        else:
            self._answer(404, b"")

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if self.headers.get("Host") not in self.server.names:  # a page elsewhere that calls itself by another name
            self._answer(403, b"")
        elif path == "/":
            self._answer(200, _page(self.server).encode(), kind="text/html")
        elif path == "/messages":
            self._answer(200, self._news(query), kind="application/json")
        elif path in _FILES:
            text = files("tessera.cli.receiver").joinpath("page", path[1:]).read_bytes()
            self._answer(200, text, kind=_FILES[path])
        else:
            self._answer(404, b"Nothing is here.", kind="text/plain")

    def _news(self, query: str) -> bytes:
        """Answer as soon as there is more than the page knows, or after some seconds."""
        known = parse_qs(query).get("after", ["-1"])[0]
        inbox = self.server.inbox
        with self.server.news:
            self.server.news.wait_for(lambda: str(inbox.count) != known, timeout=20)
        return json.dumps({"count": inbox.count, "html": _list(inbox.messages())}).encode()

    def _from_our_page(self) -> bool:
        """A page of another site may not press our buttons."""
        origin = self.headers.get("Origin")
        return origin is None or origin.removeprefix("http://") in self.server.names

    def _answer(
        self, status: int, body: bytes, *, kind: str = "", extra: "dict[str, str] | None" = None, close: bool = False
    ) -> None:
        self.send_response(status)
        self.send_header("Date", formatdate(usegmt=True))
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        if kind:
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
        for name, value in (extra or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if close:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def send_response(self, code: int, message: "str | None" = None) -> None:
        """As the base does it, without naming the program's version."""
        self.send_response_only(code, message)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base's name)
        """Say nothing: the page shows it all."""


def _page(server: Receiver) -> str:
    inbox = server.inbox
    pressed = {inbox.answer: ' aria-pressed="true"'}
    choices = "".join(
        f'<button type="submit" name="answer" value="{answer}"{pressed.get(answer, "")}>{text}</button>'
        for answer, text in _ANSWERS.items()
    )
    text = files("tessera.cli.receiver").joinpath("page", "receiver.html").read_text(encoding="utf-8")
    return Template(text).substitute(
        address=escape(server.address), choices=choices, count=inbox.count, messages=_list(inbox.messages())
    )


def _list(messages: "list[Message]") -> str:
    return "".join(_one(message) for message in messages)


def _one(message: Message) -> str:
    at = message.at.astimezone(UTC)
    if message.fault:
        state, word = "refused", f"turned away: {message.fault}"
    elif message.status == 204:
        state, word = "verified", "verified, and here before" if message.again else "verified"
    else:
        state, word = "failed", f"verified, answered {message.status}"
    return (
        f'<li class="{state}" id="m{message.number}"><details><summary>'
        f"<b>{escape(message.type or 'a request')}</b> <span>{escape(word)}</span>"
        f'<time datetime="{at.isoformat()}">{at:%H:%M:%S}</time></summary>'
        f"<p>{escape(message.id)}</p><pre>{escape(message.body)}</pre></details></li>"
    )

"""Several websites on one port of this machine, over TLS: a browser that maps their names here takes them for others.

One name is the installation's, and handed on to it as a reverse proxy does; the others have pages that a test writes.
"""

import http.client
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.http.certificates import Authority

OURS = "tessera.example"
_HOP = {"connection", "transfer-encoding", "keep-alive", "server", "date"}


@dataclass(slots=True)
class Websites:
    """The sites by host, each with its pages by path; and the port where all of them are."""

    port: int = 0
    pages: dict[str, dict[str, str]] = field(default_factory=dict)
    policies: dict[str, str] = field(default_factory=dict)  # Content-Security-Policy, by host
    answers: dict[tuple[str, str], str] = field(default_factory=dict)  # what a POST is answered: the nonce is given in

    def mapping(self) -> str:
        """What Chromium is told with --host-resolver-rules."""
        return f"MAP * 127.0.0.1:{self.port}"


@contextmanager
def websites(folder: Path, installation: str, hosts: tuple[str, ...]) -> Iterator[Websites]:
    """Serve the sites for the length of the block. `installation` is where Tessera listens, in plain HTTP."""
    sites = Websites(pages={host: {} for host in hosts})
    tls = Authority.made(folder).server(OURS, *hosts)

    class Handler(_Handler):
        behind = urlsplit(installation).netloc
        known = sites

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    sites.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield sites
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    behind: str
    known: Websites
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:  # a browser that goes away in the middle is none of the test's
            self.close_connection = True

    def _answer(self) -> None:
        host = self.headers.get("Host", "")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if host == OURS:
            self._hand_on(body)
            return
        path = urlsplit(self.path).path
        text = self.known.answers.get((host, path)) if self.command == "POST" else None
        text = self.known.pages.get(host, {}).get(path, "") if text is None else text
        kind = "application/json" if text.startswith("{") else "text/html; charset=utf-8"
        policy = self.known.policies.get(host)
        headers = {"Content-Type": kind, **({"Content-Security-Policy": policy} if policy else {})}
        self._send(200 if text else 404, headers, text.encode())

    def _hand_on(self, body: bytes) -> None:
        connection = http.client.HTTPConnection(self.behind, timeout=30)
        told = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        told |= {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
        connection.request(self.command, self.path, body=body or None, headers=told)
        answer = connection.getresponse()
        content = answer.read()
        headers = [
            (name, value) for name, value in answer.getheaders() if name.lower() not in _HOP | {"content-length"}
        ]
        connection.close()
        self._send(answer.status, headers, content)

    def _send(self, status: int, headers: Mapping[str, str] | list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items() if isinstance(headers, Mapping) else headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  (its name there)
        """Say nothing of every request."""

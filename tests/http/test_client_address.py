"""Behind reverse proxies: whose word on the client's address and scheme counts."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.http import client_address
from tessera.http.client_address import Environ
from tests.ports import free_port

TRUSTED = "10.0.0.0/8, fd00::/8"


def told(trusted: str, peer: str, scheme: str = "http", **headers: str) -> Environ:
    """Return what the application is told of a request from `peer`."""
    seen: list[Environ] = []

    def application(environ: Environ, start_response: Any) -> Iterable[bytes]:
        seen.append(environ)
        return []

    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": scheme, "HTTP_HOST": "members.example.org"}
    environ |= {f"HTTP_{name}": value for name, value in headers.items()}
    client_address.believing(application, client_address.proxies(trusted))(environ, None)
    return seen[0]


@pytest.mark.parametrize(
    ("forwarded_for", "client"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7", "198.51.100.7"),  # what is left of the client, the client wrote
        ("10.9.9.9, 198.51.100.7", "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7, 10.2.0.2", "198.51.100.7"),
        ("198.51.100.7, fd00::2,10.2.0.2", "198.51.100.7"),
        ("10.3.0.3, 10.2.0.2", "10.3.0.3"),  # a client on the proxies' own network
        ("2001:db8:1::7", "2001:db8:1::7"),
        ("2001:DB8:1:0::7", "2001:db8:1::7"),
        ("[2001:db8:1::7]", "2001:db8:1::7"),
        ("[2001:db8:1::7]:49152", "2001:db8:1::7"),
        ("198.51.100.7:49152", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("  198.51.100.7  ", "198.51.100.7"),
        ("198.51.100.7, [fd00::2]:443", "198.51.100.7"),
        ("198.51.100.7, ::ffff:10.2.0.2", "198.51.100.7"),
        # Where a proxy wrote no address, it is itself the last one known.
        ("", "10.1.0.1"),
        ("unknown", "10.1.0.1"),
        ("198.51.100.7, unknown", "10.1.0.1"),
        ("198.51.100.7, unknown, 10.2.0.2", "10.2.0.2"),
        ("198.51.100.7,", "10.1.0.1"),
        ("198.51.100.7, 10.2.0.2:x", "10.1.0.1"),
        ("198.51.100.07", "10.1.0.1"),
        ("fe80::1%eth0", "10.1.0.1"),
        ("for=198.51.100.7", "10.1.0.1"),
        ("<script>", "10.1.0.1"),
        ("198.51.100.7; DROP TABLE", "10.1.0.1"),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_no_proxy_of_ours(forwarded_for: str, client: str) -> None:
    assert told(TRUSTED, "10.1.0.1", X_FORWARDED_FOR=forwarded_for)["REMOTE_ADDR"] == client


@pytest.mark.parametrize("trusted", ["", "10.0.0.2", "fd00::/8", "unix"])
def test_nobody_else_is_believed(trusted: str) -> None:
    environ = told(trusted, "10.0.0.1", X_FORWARDED_FOR="198.51.100.7", X_FORWARDED_PROTO="https")

    assert (environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]) == ("10.0.0.1", "http")


@pytest.mark.parametrize(
    "name",
    ["X_FORWARDED_FOR", "X_FORWARDED_PROTO", "X_FORWARDED_HOST", "X_FORWARDED_PORT", "FORWARDED", "X_REAL_IP"],
)
@pytest.mark.parametrize("peer", ["10.1.0.1", "198.51.100.7"])
def test_the_application_never_sees_the_headers(peer: str, name: str) -> None:
    environ = told(TRUSTED, peer, **{name: "evil.example"})

    assert f"HTTP_{name}" not in environ
    assert (environ["REMOTE_ADDR"], environ["HTTP_HOST"]) == (peer, "members.example.org")


@pytest.mark.parametrize(
    ("said", "scheme"),
    [
        ("https", "https"),
        ("HTTPS ", "https"),
        ("http", "http"),
        ("http, https", "https"),
        ("https, http", "http"),  # the client said https, our proxy knows better
        ("wss", "http"),
        ("https,", "http"),
        ("", "http"),
        ("https://", "http"),
    ],
)
def test_the_scheme_is_what_our_own_proxy_says_last(said: str, scheme: str) -> None:
    assert told(TRUSTED, "10.1.0.1", X_FORWARDED_PROTO=said)["wsgi.url_scheme"] == scheme


def test_a_proxy_may_say_that_the_client_came_without_tls() -> None:
    assert told(TRUSTED, "10.1.0.1", scheme="https", X_FORWARDED_PROTO="http")["wsgi.url_scheme"] == "http"
    assert told(TRUSTED, "198.51.100.7", scheme="https", X_FORWARDED_PROTO="http")["wsgi.url_scheme"] == "https"


def test_a_proxy_on_a_unix_socket_has_no_address() -> None:
    asked = {"X_FORWARDED_FOR": "203.0.113.9, 198.51.100.7, 10.2.0.2", "X_FORWARDED_PROTO": "https"}

    believed = told(f"{TRUSTED}, unix", "", **asked)
    assert (believed["REMOTE_ADDR"], believed["wsgi.url_scheme"]) == ("198.51.100.7", "https")
    stranger = told(TRUSTED, "", **asked)
    assert (stranger["REMOTE_ADDR"], stranger["wsgi.url_scheme"]) == ("", "http")


def test_an_ipv4_peer_in_ipv6_clothes_is_the_ipv4_one() -> None:
    assert told("", "::ffff:198.51.100.7")["REMOTE_ADDR"] == "198.51.100.7"
    assert told(TRUSTED, "::ffff:10.1.0.1", X_FORWARDED_FOR="198.51.100.7")["REMOTE_ADDR"] == "198.51.100.7"


def test_a_very_long_chain_is_read_from_the_right_and_not_to_its_end() -> None:
    began = time.process_time()
    chain = "198.51.100.7, " + ", ".join(["10.2.0.2"] * 200_000)
    assert told(TRUSTED, "10.1.0.1", X_FORWARDED_FOR=chain)["REMOTE_ADDR"] == "10.2.0.2"
    assert told(TRUSTED, "10.1.0.1", X_FORWARDED_FOR=chain + ", 198.51.100.8")["REMOTE_ADDR"] == "198.51.100.8"
    assert told(TRUSTED, "10.1.0.1", X_FORWARDED_FOR="," * 1_000_000)["REMOTE_ADDR"] == "10.1.0.1"
    assert time.process_time() - began < 1


@given(st.text(max_size=80), st.text(max_size=20))
def test_whatever_is_written_there_the_client_has_an_address_and_the_scheme_is_one(hops: str, scheme: str) -> None:
    environ = told(TRUSTED, "10.1.0.1", X_FORWARDED_FOR=hops, X_FORWARDED_PROTO=scheme)

    assert str(ip_address(environ["REMOTE_ADDR"])) == environ["REMOTE_ADDR"]
    assert environ["wsgi.url_scheme"] in ("http", "https")


@given(st.lists(st.ip_addresses().map(str), max_size=5))
def test_what_a_client_writes_does_not_change_who_it_is(forged: Sequence[str]) -> None:
    hops = ", ".join([*forged, "198.51.100.7"])
    assert told(TRUSTED, "10.1.0.1", X_FORWARDED_FOR=hops)["REMOTE_ADDR"] == "198.51.100.7"


@contextmanager
def served(trusted: str, *listening: str) -> Iterator[None]:
    """Run the real web server with the probe, until the end of the block."""
    # A worker that is told to stop as soon as it has begun can hang: like `tessera serve`, do not wait for ever.
    options = ["--interface", "wsgi", "--no-ws", "--blocking-threads", "1", "--workers-kill-timeout", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "granian", *options, *listening, "tests.http.probe:application"],
        env={**os.environ, "TESSERA_TRUSTED_PROXIES": trusted},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


class OverUnixSocket(http.client.HTTPConnection):
    """A client whose other end is a file."""

    def __init__(self, path: Path) -> None:
        super().__init__("members.example.org", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(self._path))


def seen(connection: http.client.HTTPConnection, *headers: tuple[str, str]) -> dict[str, str]:
    """Return what the application was told of a request with these header lines, once the server is there."""
    until = time.monotonic() + 20
    while True:
        try:
            connection.connect()
            break
        except OSError:
            connection.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
    with closing(connection):
        connection.putrequest("GET", "/")
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        found: dict[str, str] = json.loads(connection.getresponse().read())
        return found


def test_the_real_web_server_hands_over_what_is_needed() -> None:
    port = free_port()
    with served("127.0.0.1", "--host", "::", "--port", str(port)):
        proxied = seen(
            http.client.HTTPConnection("127.0.0.1", port),
            ("X-Forwarded-For", "203.0.113.9"),
            ("X-Forwarded-For", "198.51.100.7"),  # a proxy may add a line of its own to the client's
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Host", "evil.example"),
        )
        straight = seen(http.client.HTTPConnection("::1", port), ("X-Forwarded-For", "198.51.100.7"))

    assert proxied == {"REMOTE_ADDR": "198.51.100.7", "wsgi.url_scheme": "https"}
    assert straight == {"REMOTE_ADDR": "::1", "wsgi.url_scheme": "http"}


def test_the_real_web_server_behind_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "tessera.sock"
    with served("unix", "--uds", str(path)):
        assert seen(OverUnixSocket(path), ("X-Forwarded-For", "198.51.100.7"))["REMOTE_ADDR"] == "198.51.100.7"
        assert seen(OverUnixSocket(path))["REMOTE_ADDR"] == ""


def test_a_name_with_underscores_passes_for_the_right_one_so_proxies_have_to_drop_it() -> None:
    """docs/settings.md asks that of proxies because of this. Should it fail, the server got better: say so there."""
    port = free_port()
    with served("127.0.0.1", "--host", "127.0.0.1", "--port", str(port)):
        told = seen(
            http.client.HTTPConnection("127.0.0.1", port),
            ("X-Forwarded-For", "198.51.100.7"),
            ("X_Forwarded_For", "203.0.113.9"),
        )

    assert told["REMOTE_ADDR"] == "203.0.113.9"

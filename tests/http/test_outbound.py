"""Requests to addresses that somebody typed: where they go, where they never do, and what they bring back."""

import gzip
import logging
import socket
import threading
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address

import pytest
from pytest_django.fixtures import Settings

import tessera
from tessera.http import networks, outbound
from tessera.http.networks import Address
from tessera.http.outbound import Answer, OutboundFailed, OutboundRefused
from tests.http.receiver import Behaviour, Receiver, answering, receiving, silent
from tests.plugin import OutsideNetwork

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
PUBLIC = "93.184.215.14"


@pytest.fixture
def listed(settings: Settings) -> Callable[[str], None]:
    """Has the operator allow what a list names."""

    def allow(entries: str) -> None:
        settings.OUTBOUND_ALLOWED = networks.allowed(entries)

    return allow


class Resolver:
    """Answers each lookup with the next of its answers, and counts."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str) -> Sequence[Address]:
        self.asked.append(host)
        return [ip_address(address) for address in self._answers[len(self.asked) - 1]]


def ask(port: int, *, path: str = "/", seconds: float = 10, most_bytes: int = 65_536) -> Answer:
    return outbound.request(
        "POST",
        f"http://127.0.0.1:{port}{path}",
        headers={"Content-Type": "application/json"},
        body=b"{}",
        seconds=seconds,
        most_bytes=most_bytes,
    )


def failure(port: int, *, seconds: float = 10, most_bytes: int = 65_536) -> str:
    with pytest.raises(OutboundFailed) as failed:
        ask(port, seconds=seconds, most_bytes=most_bytes)
    assert failed.value.reason in outbound.REASONS
    return failed.value.reason


def test_a_request_arrives_as_it_was_meant_and_its_answer_comes_back(listed: Callable[[str], None]) -> None:
    with receiving(answering(b"HTTP/1.1 201 Created\r\nX-Two: a\r\nx-two: b\r\nContent-Length: 2\r\n\r\nok")) as there:
        listed(f"127.0.0.1:{there.port}")
        answer = ask(there.port, path="/hook?a=b")

    assert (answer.status, answer.body, answer.headers["x-two"]) == (201, b"ok", "a, b")
    assert 0 <= answer.milliseconds < 10_000
    head, _, body = there.requests[0].partition(b"\r\n\r\n")
    assert body == b"{}"
    assert head.split(b"\r\n") == [
        b"POST /hook?a=b HTTP/1.1",
        f"Host: 127.0.0.1:{there.port}".encode(),
        b"Connection: close",
        b"Accept-Encoding: identity",
        f"User-Agent: Tessera/{tessera.__version__}".encode(),
        b"Content-Length: 2",
        b"Content-Type: application/json",
    ]


def test_a_get_has_no_body(listed: Callable[[str], None]) -> None:
    with receiving(answering(OK)) as there:
        listed(f"127.0.0.1:{there.port}")
        outbound.request("GET", f"http://127.0.0.1:{there.port}/keys", headers={}, body=None)

    assert b"content-length" not in there.requests[0].lower()


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"content-length": "5"}, {"X-A": "1\r\nX-B: 2"}, {"X A": "1"}, {"X-A": "é"}, {"": "1"}],
)
def test_a_header_that_would_change_the_request_is_a_mistake_of_the_caller(headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="header"):
        outbound.request("GET", "https://hooks.example.org/", headers=headers, body=None)


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://[::1]/", "https://[64:ff9b::7f00:1]/"])
def test_an_inside_address_is_refused_before_anything_is_asked(url: str) -> None:
    with pytest.raises(OutboundRefused):
        outbound.request("GET", url, headers={}, body=None)


def test_a_name_that_leads_inside_is_refused_and_only_the_log_says_where(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(OutboundRefused) as refused, caplog.at_level(logging.WARNING):
        outbound.request(
            "GET", "https://sly.example/secret", headers={}, body=None, resolver=Resolver(["169.254.169.254"])
        )

    assert "169.254" not in str(refused.value)
    assert "169.254.169.254" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("addresses", [[PUBLIC, "127.0.0.1"], ["::1", PUBLIC], [PUBLIC, "64:ff9b::a00:1"]])
def test_a_name_that_leads_inside_among_others_is_refused_altogether(addresses: list[str]) -> None:
    with pytest.raises(OutboundRefused):
        outbound.request("GET", "https://sly.example/", headers={}, body=None, resolver=Resolver(addresses))


def test_the_address_that_was_looked_at_is_the_one_connected_to() -> None:
    resolver = Resolver([PUBLIC], ["127.0.0.1"])

    with pytest.raises(OutsideNetwork, match=PUBLIC):  # the suite stops it there; the name would be looked up again
        outbound.request("GET", "https://hooks.example.org/", headers={}, body=None, resolver=resolver)
    assert resolver.asked == ["hooks.example.org"]


def test_a_name_is_looked_up_and_looked_at_on_every_attempt(listed: Callable[[str], None]) -> None:
    resolver = Resolver(["127.0.0.1"], ["127.0.0.2"])
    with receiving(answering(OK)) as there:
        listed(f"127.0.0.1:{there.port}")
        url = f"http://turning.example:{there.port}/"
        assert outbound.request("GET", url, headers={}, body=None, resolver=resolver).status == 200
        with pytest.raises(OutboundRefused):
            outbound.request("GET", url, headers={}, body=None, resolver=resolver)

    assert there.connections == 1
    assert f"Host: turning.example:{there.port}".encode() in there.requests[0]


def test_a_listed_address_is_reached_on_the_listed_port_only(listed: Callable[[str], None]) -> None:
    with receiving(answering(OK)) as there:
        listed(f"127.0.0.1:{there.port + 1}, 127.0.0.2:{there.port}")
        with pytest.raises(OutboundRefused):
            ask(there.port)
        listed("10.0.0.0/8")
        with pytest.raises(OutboundRefused):
            ask(there.port)

    assert there.connections == 0


def test_a_listed_port_does_not_open_it_elsewhere(listed: Callable[[str], None]) -> None:
    listed("10.1.0.5:8443")
    with pytest.raises(OutboundRefused, match="8443"):
        outbound.request("GET", "https://x.example:8443/", headers={}, body=None, resolver=Resolver([PUBLIC]))


def test_plain_http_goes_out_only_when_the_caller_says_so() -> None:
    url = "http://hooks.example.org/"
    with pytest.raises(OutboundRefused, match="https"):
        outbound.request("GET", url, headers={}, body=None, resolver=Resolver([PUBLIC]))
    with pytest.raises(OutsideNetwork, match=PUBLIC):
        outbound.request("GET", url, headers={}, body=None, resolver=Resolver([PUBLIC]), allow_http=True)
    with pytest.raises(OutboundRefused):
        outbound.request("GET", url, headers={}, body=None, resolver=Resolver(["10.0.0.1"]), allow_http=True)


def test_the_systems_own_resolver_is_asked_for_names(listed: Callable[[str], None]) -> None:
    with receiving(answering(OK)) as there:
        listed(f"127.0.0.1:{there.port}, [::1]:{there.port}")
        url = f"http://localhost:{there.port}/"
        assert outbound.request("GET", url, headers={}, body=None).body == b"hello"
        listed("10.0.0.0/8")
        with pytest.raises(OutboundRefused):
            outbound.request("GET", f"http://localhost:{there.port}/", headers={}, body=None)


def test_an_ipv6_address_may_be_typed(listed: Callable[[str], None]) -> None:
    with receiving(answering(OK), host="::1") as there:
        listed(f"[::1]:{there.port}")
        assert outbound.request("GET", f"http://[::1]:{there.port}/", headers={}, body=None).status == 200

    assert f"Host: [::1]:{there.port}".encode() in there.requests[0]


def test_if_one_address_is_dead_the_next_is_tried(listed: Callable[[str], None]) -> None:
    with receiving(answering(OK)) as there:
        listed(f"127.0.0.0/8:{there.port}")
        resolver = Resolver(["127.0.0.3", "127.0.0.1"])
        url = f"http://two.example:{there.port}/"
        assert outbound.request("GET", url, headers={}, body=None, resolver=resolver).status == 200


def test_a_host_that_is_not_there_has_its_reason(listed: Callable[[str], None]) -> None:
    def nobody(host: str) -> list[Address]:
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    for resolver in (nobody, Resolver([])):
        with pytest.raises(OutboundFailed) as failed:
            outbound.request("GET", "https://gone.example/", headers={}, body=None, resolver=resolver)
        assert failed.value.reason == "unknown_host"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    listed(f"127.0.0.1:{port}")
    assert failure(port) == "not_connected"


@pytest.mark.parametrize("location", ["http://169.254.169.254/latest/", "http://127.0.0.1:{port}/inside"])
def test_a_redirect_is_the_answer_and_nobody_goes_there(listed: Callable[[str], None], location: str) -> None:
    def elsewhere(connection: socket.socket, there: Receiver) -> None:
        to = location.format(port=there.port)
        connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode())

    with receiving(elsewhere) as there:
        listed(f"127.0.0.1:{there.port}")
        answer = ask(there.port)

    assert answer.status == 302
    assert there.connections == 1


def test_proxies_in_the_environment_are_not_asked(
    listed: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving(answering(OK)) as there, receiving(answering(OK)) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        listed(f"127.0.0.1:{there.port}")
        assert ask(there.port).status == 200

    assert proxy.connections == 0


def test_a_long_body_is_cut_and_not_read_on(listed: Callable[[str], None]) -> None:
    sent = 0

    def endless(connection: socket.socket, there: Receiver) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
        while not there.stopped.is_set():
            sent += connection.send(b"x" * 65_536)

    with receiving(endless) as there:
        listed(f"127.0.0.1:{there.port}")
        assert ask(there.port, most_bytes=1_000).body == b"x" * 1_000
        assert ask(there.port, most_bytes=0).body == b""

    assert sent < 50_000_000  # what the buffers on the way take, not what the sender would


def test_a_packed_body_is_not_unpacked(listed: Callable[[str], None]) -> None:
    packed = gzip.compress(b"0" * 10_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    with receiving(answering(head + packed)) as there:
        listed(f"127.0.0.1:{there.port}")
        assert ask(there.port).body == packed


def test_a_body_in_pieces_is_put_together(listed: Callable[[str], None]) -> None:
    pieces = b"5\r\nhello\r\n1\r\n \r\n5;x=y\r\nworld\r\n0\r\n\r\n"
    with receiving(answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + pieces)) as there:
        listed(f"127.0.0.1:{there.port}")
        assert ask(there.port).body == b"hello world"


def repeating(start: bytes, again: bytes, *, every: float = 0.0) -> Behaviour:
    """Return the behaviour of one who sends `start`, then `again` without end, `every` so many seconds."""

    def send(connection: socket.socket, there: Receiver) -> None:
        connection.sendall(start)
        while not there.stopped.wait(every):
            connection.sendall(again)

    return send


@pytest.mark.parametrize(
    ("start", "again"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X-Long: " + b"x" * 1_000 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 1_000),
        (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * 10_000 + b"\r\na\r\n"),
    ],
)
def test_endless_headers_are_cut_off(listed: Callable[[str], None], start: bytes, again: bytes) -> None:
    with receiving(repeating(start, again)) as there:
        listed(f"127.0.0.1:{there.port}")
        assert failure(there.port, most_bytes=1_000_000 if b"chunked" in start else 65_536) == "malformed"


@pytest.mark.parametrize(
    ("start", "again"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_one_who_answers_drop_by_drop_is_cut_off_in_time(
    listed: Callable[[str], None], start: bytes, again: bytes
) -> None:
    with receiving(repeating(start, again, every=0.02)) as there:
        listed(f"127.0.0.1:{there.port}")
        began = time.monotonic()
        assert failure(there.port, seconds=0.6) == "timed_out"
        assert 0.5 < time.monotonic() - began < 3


def test_one_who_takes_drop_by_drop_is_cut_off_in_time(listed: Callable[[str], None]) -> None:
    def sip(connection: socket.socket, there: Receiver) -> None:
        while not there.stopped.wait(0.005) and connection.recv(2_000):
            pass

    with receiving(sip, reads=False) as there:
        listed(f"127.0.0.1:{there.port}")
        began = time.monotonic()
        with pytest.raises(OutboundFailed) as failed:
            outbound.request("POST", f"http://127.0.0.1:{there.port}/", headers={}, body=b"x" * 30_000_000, seconds=0.6)
        assert failed.value.reason == "timed_out"
        assert 0.5 < time.monotonic() - began < 3


def test_one_who_never_begins_tls_is_cut_off_in_time(listed: Callable[[str], None]) -> None:
    with receiving(silent, reads=False) as there:
        listed(f"127.0.0.1:{there.port}")
        began = time.monotonic()
        with pytest.raises(OutboundFailed) as failed:
            outbound.request("GET", f"https://127.0.0.1:{there.port}/", headers={}, body=None, seconds=0.6)
        assert failed.value.reason == "timed_out"
        assert 0.5 < time.monotonic() - began < 3


def test_a_lookup_that_takes_too_long_is_not_waited_for() -> None:
    known = threading.Event()

    def slow(host: str) -> list[Address]:
        known.wait(20)
        return []

    began = time.monotonic()
    with pytest.raises(OutboundFailed) as failed:
        outbound.request("GET", "https://slow.example/", headers={}, body=None, seconds=0.3, resolver=slow)
    known.set()
    assert failed.value.reason == "timed_out"
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "broken_off"),
        (b"HTTP/1.1 200", "broken_off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "broken_off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "broken_off"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", "malformed"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "malformed"),
    ],
)
def test_half_an_answer_is_none(listed: Callable[[str], None], answer: bytes, reason: str) -> None:
    with receiving(answering(answer)) as there:
        listed(f"127.0.0.1:{there.port}")
        assert failure(there.port) == reason


def test_an_answer_that_comes_before_all_was_sent_is_taken(listed: Callable[[str], None]) -> None:
    def refuse(connection: socket.socket, _: Receiver) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass

    with receiving(refuse, reads=False) as there:
        listed(f"127.0.0.1:{there.port}")
        url = f"http://127.0.0.1:{there.port}/"
        assert outbound.request("POST", url, headers={}, body=b"x" * 5_000_000).status == 413


def test_a_reset_is_a_connection_broken_off(listed: Callable[[str], None]) -> None:
    def reset(connection: socket.socket, _: Receiver) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with receiving(reset) as there:
        listed(f"127.0.0.1:{there.port}")
        assert failure(there.port) == "broken_off"

"""Certificates are checked against the name that was typed, whichever address the connection goes to."""

import ssl
import threading
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from tessera.http import networks, outbound
from tessera.http.outbound import Answer, OutboundFailed
from tests.http.certificates import Authority
from tests.http.receiver import answering, receiving

Ask = Callable[[str, int], Answer]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def believed(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that this installation believes, as an operator would have it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    monkeypatch.setattr(outbound, "_per_thread", threading.local())
    return authority


@pytest.fixture
def ask(settings: Settings) -> Ask:
    """Asks for a host by a name, which leads to this machine, where the operator allows the port."""

    def ask(host: str, port: int) -> Answer:
        settings.OUTBOUND_ALLOWED = networks.allowed(f"127.0.0.1:{port}")
        return outbound.request(
            "POST", f"https://{host}:{port}/", headers={}, body=b"{}", resolver=lambda _: [ip_address("127.0.0.1")]
        )

    return ask


def test_the_name_that_was_typed_is_asked_for_and_verified(believed: Authority, ask: Ask) -> None:
    names: list[str | None] = []
    tls = believed.server("hooks.example.org")
    tls.sni_callback = lambda _socket, name, _context: names.append(name)
    with receiving(answering(OK), tls=tls) as there:
        answer = ask("hooks.example.org", there.port)

    assert answer.body == b"hello"
    assert names == ["hooks.example.org"]
    assert there.requests[0].endswith(b"\r\n\r\n{}")


def test_an_international_name_is_verified_in_its_ascii_form(believed: Authority, ask: Ask) -> None:
    with receiving(answering(OK), tls=believed.server("xn--bcher-kva.example")) as there:
        assert ask("bücher.example", there.port).status == 200


def test_a_certificate_may_be_for_an_address(believed: Authority, ask: Ask) -> None:
    with receiving(answering(OK), tls=believed.server("127.0.0.1")) as there:
        assert ask("127.0.0.1", there.port).status == 200


def failure(ask: Ask, host: str, *, tls: ssl.SSLContext | None) -> OutboundFailed:
    """Return how asking for a host fails, before anything was sent to it."""
    with receiving(answering(OK), tls=tls, reads=tls is not None) as there, pytest.raises(OutboundFailed) as failed:
        ask(host, there.port)
    assert b"".join(there.requests) == b""
    return failed.value


@pytest.mark.parametrize(
    ("certified", "typed"),
    [
        ("other.example.org", "hooks.example.org"),
        ("127.0.0.1", "hooks.example.org"),
        ("hooks.example.org", "127.0.0.1"),
    ],
)
def test_a_certificate_for_another_name_is_refused(believed: Authority, ask: Ask, certified: str, typed: str) -> None:
    failed = failure(ask, typed, tls=believed.server(certified))

    assert failed.reason == "certificate"
    assert typed in failed.detail


def test_an_expired_certificate_is_refused(believed: Authority, ask: Ask) -> None:
    failed = failure(ask, "hooks.example.org", tls=believed.server("hooks.example.org", expired=True))

    assert failed.reason == "certificate"
    assert "expired" in failed.detail


def test_an_authority_that_nobody_told_us_of_is_not_believed(believed: Authority, ask: Ask, tmp_path: Path) -> None:
    stranger = Authority.made(tmp_path)

    assert failure(ask, "hooks.example.org", tls=stranger.server("hooks.example.org")).reason == "certificate"


def test_a_server_without_tls_is_not_talked_to(believed: Authority, ask: Ask) -> None:
    assert failure(ask, "hooks.example.org", tls=None).reason == "not_connected"


def test_old_tls_is_not_spoken(believed: Authority, ask: Ask) -> None:
    tls = believed.server("hooks.example.org")
    tls.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        tls.maximum_version = ssl.TLSVersion.TLSv1_1

    assert failure(ask, "hooks.example.org", tls=tls).reason == "not_connected"

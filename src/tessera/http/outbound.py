"""Every request to an address that somebody typed: a webhook's receiver, an issuer's keys.

Whoever types an address could have us ask what only we can reach: this machine, its neighbours, a cloud's metadata. So
on every attempt the host is looked up, everything it leads to must be public or on the operator's list
(TESSERA_OUTBOUND_ALLOWED), and the connection goes to the very address that was looked at. The environment's proxies
are not asked, redirects are not followed; time, headers and body are bounded. See docs/decisions/0012-outbound.md.
"""

import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

import httpcore2
import httpx2
from django.conf import settings

import tessera
from tessera.core.errors import TesseraError
from tessera.core.phrases import said
from tessera.http import networks, targets
from tessera.http.networks import Address, Allowed
from tessera.http.targets import OutboundRefused, OutboundUrlInvalid, Target

__all__ = ["Answer", "OutboundFailed", "OutboundRefused", "OutboundUrlInvalid", "check_url", "request", "resolve"]

Resolver = Callable[[str], Sequence[Address]]

REASONS: Final = frozenset({"unknown_host", "not_connected", "certificate", "timed_out", "broken_off", "malformed"})
_SET_HERE: Final = frozenset({"accept-encoding", "connection", "content-length", "host", "transfer-encoding"})
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?|")
# What may come around the body: headers (one block is at most 100 KiB, says h11), and the sizes of its chunks.
_MOST_AROUND_BODY: Final = 256 * 1024
_MOST_AROUND_BYTE: Final = 8
_LOOKUPS: Final = threading.BoundedSemaphore(32)
_per_thread: Final = threading.local()

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Names of headers are in lower case; `body` is as it was sent, and cut; time is all it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    milliseconds: int


class OutboundFailed(TesseraError):
    """There was no answer, or not a whole one. `reason` is one of `REASONS`, and stable."""

    code = "outbound_failed"
    status = 502

    def __init__(self, detail: str, *, reason: str) -> None:
        super().__init__(detail, reason=reason)
        self.reason = reason


def check_url(url: str, *, allow_http: bool = False) -> None:
    """Say what can be said of an address without asking anybody. `allow_http`: as in `request`.

    Raises OutboundUrlInvalid if it is malformed, OutboundRefused if requests would not go there.
    """
    target = targets.read(url)
    if target.address is not None:
        _check(target, [target.address], allow_http=allow_http)
    elif not any(entry.covers_port(target.port) for entry in _allowed()):
        _check_scheme_and_port(target, allow_http=allow_http)


def resolve(host: str) -> list[Address]:
    """Return the addresses of a host, the one to try first in front. Raises OSError if there is none."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(where[0])) for *_, where in found))


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None,
    seconds: float = 15.0,
    most_bytes: int = 65_536,
    allow_http: bool = False,
    resolver: Resolver = resolve,
) -> Answer:
    """Send a request and return the answer, whatever its status; a redirect is an answer too.

    `seconds` is for everything: looking up, connecting, sending, reading. Not more than the first `most_bytes` of the
    answer's body are read, and nothing is unpacked. `headers`: but for host, length and encoding, which are set here.
    `allow_http`: an address may have http instead of https. Port 443 (80 for http) only, but for what the operator
    allows.

    Raises OutboundUrlInvalid or OutboundRefused if requests do not go there; OutboundFailed if there is no whole
    answer; ValueError if a header cannot be one.
    """
    deadline = _Deadline(seconds)
    target = targets.read(url)
    sent = _headers(target, headers, length=None if body is None and method in ("GET", "HEAD") else len(body or b""))
    addresses = [target.address] if target.address is not None else _looked_up(target.host, resolver, deadline)
    _check(target, addresses, allow_http=allow_http)

    network = _Network(addresses, deadline, most_bytes=_MOST_AROUND_BODY + _MOST_AROUND_BYTE * most_bytes)
    where = httpcore2.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
    tls = _tls() if target.scheme == "https" else None
    try:
        with (
            httpcore2.HTTPConnection(where.origin, ssl_context=tls, network_backend=network) as connection,
            connection.stream(method, where, headers=sent, content=body) as answer,
        ):
            start = _start(answer.iter_stream(), most_bytes)
            return Answer(answer.status, _merged(answer.headers), start, deadline.milliseconds_since_start())
    except httpcore2.ConnectError as failure:
        raise _not_connected(target, failure) from failure
    except httpcore2.RemoteProtocolError as failure:
        if not network.ended:
            raise OutboundFailed(
                said("what {host} answers is not HTTP", host=target.host), reason="malformed"
            ) from failure
        raise OutboundFailed(
            said("{host} broke off before its answer ended", host=target.host), reason="broken_off"
        ) from failure
    except httpcore2.NetworkError as failure:
        raise OutboundFailed(
            said("{host} broke off before its answer ended", host=target.host), reason="broken_off"
        ) from failure


def _allowed() -> tuple[Allowed, ...]:
    listed: tuple[Allowed, ...] = settings.OUTBOUND_ALLOWED
    return listed


def _check(target: Target, addresses: Iterable[Address], *, allow_http: bool) -> None:
    """Raises OutboundRefused if any of the addresses may not be reached: who mixes them means no good, or errs."""
    for address in addresses:
        if any(entry.covers(address, target.port) for entry in _allowed()):
            continue
        _check_scheme_and_port(target, allow_http=allow_http)
        if why := networks.why_refused(address):
            # Where a name leads inside is for the operator to know, not for whoever typed the name.
            log.warning("no request to %s: %s is refused (%s)", target.host, address, why)
            raise OutboundRefused(
                said(
                    "{host} is in a network that requests do not go to; the operator of this installation can "
                    "allow it (TESSERA_OUTBOUND_ALLOWED)",
                    host=target.host,
                )
            )


def _check_scheme_and_port(target: Target, *, allow_http: bool) -> None:
    if target.scheme == "http" and not allow_http:
        raise OutboundRefused("the address should begin with https://")
    if target.port != (443 if target.scheme == "https" else 80):
        raise OutboundRefused(said("requests do not go to port {port}; leave it out", port=str(target.port)))


def _looked_up(host: str, resolver: Resolver, deadline: "_Deadline") -> Sequence[Address]:
    """Return all addresses of a host, one at least. The system's resolver knows no time-out, so a thread asks it."""
    found: Future[Sequence[Address]] = Future()

    def look_up() -> None:
        try:
            found.set_result(resolver(host))
        except Exception as failure:  # noqa: BLE001  (raised where the answer is awaited)
            found.set_exception(failure)
        finally:
            _LOOKUPS.release()

    if not _LOOKUPS.acquire(timeout=deadline.left()):
        raise deadline.failure()
    threading.Thread(target=look_up, name=f"look up {host}", daemon=True).start()
    try:
        addresses = found.result(timeout=deadline.left())
    except TimeoutError as failure:
        raise deadline.failure() from failure
    except OSError as failure:
        raise OutboundFailed(said("there is no host called {host}", host=host), reason="unknown_host") from failure
    if not addresses:
        raise OutboundFailed(said("there is no host called {host}", host=host), reason="unknown_host")
    return addresses


def _not_connected(target: Target, failure: httpcore2.ConnectError) -> OutboundFailed:
    cause = failure.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return OutboundFailed(
            said("the certificate of {host}: {why}", host=target.host, why=cause.verify_message), reason="certificate"
        )
    if isinstance(cause, ssl.SSLError):
        return OutboundFailed(said("{host} does not speak TLS as we do", host=target.host), reason="not_connected")
    return OutboundFailed(
        said("{host} does not take connections on port {port}", host=target.host, port=str(target.port)),
        reason="not_connected",
    )


def _headers(target: Target, given: Mapping[str, str], *, length: int | None) -> list[tuple[bytes, bytes]]:
    headers = {
        "Host": target.authority,
        "Connection": "close",
        "Accept-Encoding": "identity",  # what is packed may be a thousand times its size
        "User-Agent": f"Tessera/{tessera.__version__}",
    }
    if length is not None:
        headers["Content-Length"] = str(length)
    for name, value in given.items():
        if name.lower() in _SET_HERE or not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise ValueError(f"the header {name!r} is set here, or it or its value cannot be sent")
        headers[name] = value
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _merged(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        merged[name] = f"{merged[name]}, {value}" if name in merged else value
    return merged


def _start(pieces: Iterator[bytes], most: int) -> bytes:
    start = bytearray()
    while len(start) < most and (piece := next(pieces, None)) is not None:
        start += piece
    return bytes(start[:most])


def _tls() -> ssl.SSLContext:
    """Return this thread's TLS settings: httpcore sets the protocol anew on each use, which is not thread-safe."""
    if not hasattr(_per_thread, "tls"):
        _per_thread.tls = httpx2.create_ssl_context()
    context: ssl.SSLContext = _per_thread.tls
    return context


class _Deadline:
    """When all of a request has to be over."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._start = seconds, time.monotonic()

    def left(self) -> float:
        """Return the seconds left, more than 0. Raises OutboundFailed if there are none."""
        left = self._start + self._seconds - time.monotonic()
        if left <= 0:
            raise self.failure()
        return left

    def failure(self) -> OutboundFailed:
        return OutboundFailed(
            said("there was no whole answer within {seconds:g} s", seconds=self._seconds), reason="timed_out"
        )

    def milliseconds_since_start(self) -> int:
        return round((time.monotonic() - self._start) * 1000)


class _Network(httpcore2.NetworkBackend):
    """Connects to addresses that were checked, whatever the host is called. `ended`: the other side has closed."""

    def __init__(self, addresses: Sequence[Address], deadline: _Deadline, *, most_bytes: int) -> None:
        self._addresses, self.deadline, self.left_to_read = addresses, deadline, most_bytes
        self.ended = False

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore2.NetworkStream:
        """Connect to the first address that answers; each has an equal share of the time left."""
        failure: OSError | None = None
        for number, address in enumerate(self._addresses):
            share = self.deadline.left() / (len(self._addresses) - number)
            try:
                connected = socket.create_connection((str(address), port), timeout=share)
            except OSError as reason:
                failure = reason
            else:
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return _Stream(connected, self)
        if isinstance(failure, TimeoutError):
            raise self.deadline.failure() from failure
        raise httpcore2.ConnectError(failure) from failure


class _Stream(httpcore2.NetworkStream):
    """A connection that ends at the deadline, or when more has been read than any answer takes.

    httpcore's own gives each send the whole time-out anew: one who takes byte by byte would hold it for hours.
    """

    def __init__(self, connected: socket.socket, network: _Network) -> None:
        self._socket, self._network = connected, network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with self._until_deadline(httpcore2.ReadError):
            read = self._socket.recv(max_bytes)
        self._network.left_to_read -= len(read)
        if self._network.left_to_read < 0:
            raise OutboundFailed("there is too much around the body of the answer", reason="malformed")
        self._network.ended = not read
        return read

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        unsent = memoryview(buffer)
        while unsent:
            with self._until_deadline(httpcore2.WriteError):
                unsent = unsent[self._socket.send(unsent) :]

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        try:
            with self._until_deadline(httpcore2.ConnectError):
                return _Stream(ssl_context.wrap_socket(self._socket, server_hostname=server_hostname), self._network)
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        self._socket.close()

    @contextmanager
    def _until_deadline(self, otherwise: type[httpcore2.NetworkError]) -> Iterator[None]:
        try:
            self._socket.settimeout(self._network.deadline.left())
            yield
        except TimeoutError as failure:
            raise self._network.deadline.failure() from failure
        except OSError as failure:
            raise otherwise(failure) from failure

"""What an evaluation costs over HTTP, against a view that answers a constant: same server, same settings, in turns."""

import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.crowd import Crowd
from benchmarks.report import Result
from tessera.core.ids import Prefix, to_text
from tessera.http.scopes import Scope
from tests import make
from tests.ports import free_port

_ROOT = Path(__file__).resolve().parent.parent
_CONNECTIONS = 4  # as many as the server has threads, so that waiting for a database leaves its core no rest
_PEOPLE = 200  # so few that the caches of all server threads know them after the first round
_ROUNDS = 7
_SECONDS = 1.0
_START_SECONDS = 30
_SERVER_CORE = 0


def measure(database: str, crowd: Crowd) -> Iterator[Result]:
    """Ask the pinned server both, in turns, over connections that stay open."""
    with running() as port, client_elsewhere():
        questions = evaluations(crowd, port)
        constant = [question.replace(b"/access/v1/evaluation", b"/noop", 1) for question in questions]
        rates: list[list[float]] = [[], []]
        for round_number in range(_ROUNDS + 1):
            for rate, requests in zip(rates, (constant, questions), strict=True):
                answered = answered_per_second(port, requests)
                if round_number:  # the first warms up
                    rate.append(answered)
    noop, evaluation = (statistics.median(rate) for rate in rates)
    yield Result(
        "POST /access/v1/evaluation / NOOP",
        database,
        0.4,
        at_most=False,
        unit="x",
        value=evaluation / noop,
        note=f"{evaluation:.0f} a second, NOOP {noop:.0f}, on one core",
    )


def evaluations(crowd: Crowd, port: int) -> list[bytes]:
    """Return requests that ask for some people whether they may enter, with a key of their own."""
    _, secret = make.key(crowd.club, [Scope.ACCESS_READ])
    people = random.Random(7).sample(crowd.customers, min(_PEOPLE, len(crowd.customers)))
    bodies = [
        {
            "subject": {"type": "customer", "id": to_text(Prefix.CUSTOMER, person)},
            "action": {"name": "enter"},
            "resource": {"type": "door", "id": "3"},
        }
        for person in people
    ]
    return [_request("/access/v1/evaluation", json.dumps(body), port, secret) for body in bodies]


@contextmanager
def running() -> Iterator[int]:
    """Run the server on one core for the length of the block; gives its port."""
    port = free_port()
    command = [
        "taskset", "-c", str(_SERVER_CORE), sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws",
        "--workers", "1", "--blocking-threads", "4", "--log-level", "warning",
        "--host", "127.0.0.1", "--port", str(port), "benchmarks.server:application",
    ]  # fmt: skip
    server = subprocess.Popen(command, cwd=_ROOT)
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(20)


@contextmanager
def client_elsewhere() -> Iterator[None]:
    """Keep this process off the server's core, where there is another."""
    cores = os.sched_getaffinity(0)
    if cores - {_SERVER_CORE}:
        os.sched_setaffinity(0, cores - {_SERVER_CORE})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _wait_for(port: int) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            ask(connection, f"GET /livez HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            return
        time.sleep(0.1)
    raise RuntimeError(f"the server did not answer within {_START_SECONDS} s")


def _request(path: str, body: str, port: int, secret: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {secret}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


def answered_per_second(port: int, requests: Sequence[bytes]) -> float:
    """Ask as fast as answers come, over several connections; return how many came in a second."""
    counts = [0] * _CONNECTIONS
    until = time.perf_counter() + _SECONDS

    def ask_on(number: int) -> None:
        with connected(port) as connection:
            position = number * len(requests) // _CONNECTIONS
            while time.perf_counter() < until:
                ask(connection, requests[position % len(requests)])
                position += 1
                counts[number] += 1

    began = time.perf_counter()
    with ThreadPoolExecutor(_CONNECTIONS) as threads:
        list(threads.map(ask_on, range(_CONNECTIONS)))  # raises what a thread raised
    return sum(counts) / (time.perf_counter() - began)


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    """A connection to the server, for the length of the block."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def ask(connection: socket.socket, request: bytes) -> bytes:
    """Send a request and return the body of the answer, which must be a 200; a chunked one as it came."""
    connection.sendall(request)
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            raise RuntimeError("the server hung up")
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"not a 200: {data[:400]!r}")
    fields = head.lower()
    if b"transfer-encoding: chunked" in fields:
        while not body.endswith(b"0\r\n\r\n"):
            body += connection.recv(65536)
        return body
    length = int(fields.split(b"content-length:")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return body

"""A server that answers as a test tells it to, byte by byte if need be."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass(slots=True)
class Receiver:
    """A running server: its port, and the requests it got, each as it came over the wire."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)


Behaviour = Callable[[socket.socket, Receiver], None]


def answering(answer: bytes) -> Behaviour:
    """Return the behaviour of one who sends these bytes and closes."""
    return lambda connection, _: connection.sendall(answer)


def silent(connection: socket.socket, there: Receiver) -> None:
    """Say nothing until the test is over."""
    there.stopped.wait(20)


@contextmanager
def receiving(
    behaviour: Behaviour, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", reads: bool = True
) -> Iterator[Receiver]:
    """Run a server on a free port of this machine. `reads`: it reads the request before it behaves as it does."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listening:
        receiver = Receiver(listening.getsockname()[1])
        threads: list[threading.Thread] = []

        def serve(connection: socket.socket) -> None:
            # What the other side breaks off (a refused certificate, a cut answer) is none of the server's concern.
            with suppress(OSError), connection:
                talking = tls.wrap_socket(connection, server_side=True) if tls else connection
                with talking:
                    if reads:
                        receiver.requests.append(_request(talking))
                    behaviour(talking, receiver)

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                receiver.connections += 1
                connection.settimeout(20)
                threads.append(threading.Thread(target=serve, args=(connection,)))
                threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield receiver
        finally:
            receiver.stopped.set()
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for thread in threads:
                thread.join()


def _request(connection: socket.socket) -> bytes:
    """Return one request: its head, and as much of a body as its length says."""
    got = b""
    while b"\r\n\r\n" not in got:
        piece = connection.recv(65_536)
        if not piece:
            return got
        got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0]):
        piece = connection.recv(65_536)
        if not piece:
            break
        body += piece
    return head + b"\r\n\r\n" + body

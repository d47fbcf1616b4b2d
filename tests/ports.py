"""Ports of the loopback address for servers that tests, pictures and benchmarks start."""

import secrets
import socket
from pathlib import Path
from typing import Final

_LOWEST: Final = 10_000
_HANDED_OUT: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_USUAL_START: Final = 32_768  # of what Linux hands out, where it does not say


def free_port() -> int:
    """Return a port that nobody listens on, drawn from those that the system gives to no connection by itself.

    Between now and when the server binds it, another connection of the suite could take one of the others.
    """
    try:
        start = int(_HANDED_OUT.read_text().split()[0])
    except OSError:
        start = _USUAL_START
    while True:
        port = _LOWEST + secrets.randbelow(max(1_000, start - _LOWEST))
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port

"""Which process holds something, and whether it is known to be dead.

A name tells host, process and when it started, so that on the same machine a successor need not wait for a lease to
lapse. Of a process elsewhere, or in another container, nothing is known: there the lease decides.
"""

import ctypes
import os
import signal
import socket
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path

_PROC = Path("/proc")
_PR_SET_PDEATHSIG = 1


def own_name() -> str:
    """Return this process's name: `host/pid/started/world`, at most 120 characters."""
    pid = os.getpid()
    return f"{socket.gethostname()[:60]}/{pid}/{_started(pid) or 0}/{_world()}"


def is_dead(name: str) -> bool:
    """Whether the process of this name ran in our world (machine and container) and is certainly gone."""
    _, _, rest = name.partition("/")
    pid, _, rest = rest.partition("/")
    started, _, world = rest.partition("/")
    if not world or world != _world() or not (pid.isdecimal() and started.isdecimal()):
        return False
    return _started(int(pid)) != int(started)


def end_with_parent(parent: int | None = None, *, by: signal.Signals = signal.SIGTERM) -> None:
    """Have this process stopped, `by` this signal, when the one that started it is gone, even if by `kill -9`.

    On Linux only. `parent`: who that is; if it is gone already, this ends at once.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, by)
    if parent is not None and os.getppid() != parent:
        os._exit(0)


def _started(pid: int) -> int | None:
    """When the process started, in ticks since the machine did; None if there is none, or no way to know."""
    try:
        told = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # After the name, which may hold anything but ends with the last parenthesis. A zombie (Z) does nothing any more.
    fields = told.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else int(fields[19])


@cache
def _world() -> str:
    """What tells this machine's present run and this container's processes from all others; empty if unknown."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = (_PROC / "self/ns/pid").readlink()
    except OSError:
        return ""
    return sha256(f"{boot} {space}".encode()).hexdigest()[:12]

"""What `tessera serve` keeps running, and what happens to it when something is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli import installation
from tests.cli.installation import Server
from tests.ports import free_port

pytestmark = pytest.mark.concurrency

_SECONDS = 30.0


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def children(pid: int) -> dict[str, int]:
    """The processes that one has started, by what they do: `web` (which gives itself another title) and `worker`."""
    found = {}
    for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
        with suppress(OSError):  # gone meanwhile
            if line := Path(f"/proc/{each}/cmdline").read_bytes():  # a dead one that is not waited for has none
                found["worker" if b"\0worker\0" in line else "web"] = int(each)
    return found


def is_there(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


@pytest.fixture
def serving(tmp_path: Path) -> "Iterator[tuple[Server, subprocess.Popen[str]]]":
    """A whole installation, and its outermost process."""
    if sys.platform != "linux":
        pytest.skip("only Linux tells a process that its parent is gone")
    with installation.fresh(tmp_path) as site:
        site.migrate()
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "tessera.cli", "serve", "--port", str(port)],
            env=dict(site.environ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            installation.wait_until_it_answers(f"http://127.0.0.1:{port}", process)
            yield Server(f"http://127.0.0.1:{port}"), process
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(_SECONDS)


def test_whatever_dies_is_started_again(serving: "tuple[Server, subprocess.Popen[str]]") -> None:
    server, process = serving
    before = children(process.pid)
    assert set(before) == {"web", "worker"}

    for name in ("worker", "web"):
        os.kill(before[name], signal.SIGKILL)
        until(lambda name=name: children(process.pid).get(name, before[name]) != before[name])  # type: ignore[misc]

    until(lambda: _answers(server))


def test_told_to_stop_it_stops_all_it_started(serving: "tuple[Server, subprocess.Popen[str]]") -> None:
    _, process = serving
    parts = children(process.pid)

    process.terminate()

    assert process.wait(_SECONDS) == 0
    assert not any(is_there(pid) for pid in parts.values())


def test_killed_outright_it_leaves_nothing_behind(serving: "tuple[Server, subprocess.Popen[str]]") -> None:
    server, process = serving
    parts = children(process.pid)

    process.kill()

    until(lambda: not any(is_there(pid) for pid in parts.values()))
    until(lambda: not _answers(server))


def test_a_web_server_that_is_killed_leaves_no_process_on_its_port(
    serving: "tuple[Server, subprocess.Popen[str]]",
) -> None:
    server, process = serving
    web = children(process.pid)["web"]
    (own,) = children(web).values()

    os.kill(web, signal.SIGKILL)

    until(lambda: not is_there(own))
    until(lambda: children(process.pid).get("web", web) != web and _answers(server))


def _answers(server: Server) -> bool:
    try:
        return server.call("GET", "/livez").status == 200
    except OSError:
        return False

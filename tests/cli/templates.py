"""What many tests begin with, made once by the real commands, then copied: databases, demos, static files.

It is kept beside the system's temporary files under a name that changes with the code it comes from.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "src" / "tessera"
_LIMIT_SECONDS = 300
_KEPT_SECONDS = 3 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Template:
    """A database: what `program` makes of the one that it is `based_on`, or of an empty one."""

    name: str
    program: tuple[str, ...]
    based_on: "Template | None" = None


def tables() -> Template:
    """This version's tables, with nothing in them."""
    return Template(f"tables-{_version()}", (sys.executable, "-m", "tessera.cli", "migrate"))


def made_by(*module: str) -> Template:
    """What a program of the tests, a module and its arguments, puts into this version's tables."""
    found, where = hashlib.sha256(_code().encode()), ROOT / Path(*module[0].split("."))
    for path in sorted(where.glob("*.py")) or [where.with_suffix(".py")]:
        found.update(path.read_bytes())
    name = "-".join([module[0].rpartition(".")[2], *(each.lstrip("-") for each in module[1:]), found.hexdigest()[:12]])
    return Template(name, (sys.executable, "-m", *module), tables())


def lay(environ: Mapping[str, str], template: Template) -> bool:
    """Give an installation without any tables a copy of the template; False if it has some already."""
    url = environ.get("TESSERA_DATABASE_URL", "")
    return _in_server(url, environ, template) if url else _in_file(environ, template)


def made_demo(home: Path, environ: Mapping[str, str], command: tuple[str, ...]) -> None:
    """Make the demo of today in `home`, which is not there yet: a copy, if this version has made one today."""
    made = Path(tempfile.gettempdir()) / f"tessera-demo-{_code()}-{datetime.now(UTC):%Y%m%d}"
    with _alone("demo"):
        if not (made / "made").exists():
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir(mode=0o700)
            _in_file({**environ, "TESSERA_HOME": str(made / "home")}, tables())
            _run(environ, (*command, "demo", "--no-serve", "--home", str(made / "home")))
            _forget_unused()
        (made / "made").touch()
    shutil.copytree(made / "home", home)


def lay_static_files(home: Path) -> None:
    """Put into a home what a server made of the static files before; of others, its own server makes them anew."""
    if _static_files().is_dir() and not (home / "static").exists():
        with _alone("static"):
            shutil.copytree(_static_files(), home / "static", copy_function=_linked)


def keep_static_files(home: Path) -> None:
    """Keep what a server has made of the static files for the homes to come."""
    made = {each.name for each in (home / "static").glob("[!.]*/") if (each / "staticfiles.json").is_file()}
    kept = _static_files()
    if made and not (kept.is_dir() and made <= {each.name for each in kept.iterdir()}):
        with _alone("static"):
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(home / "static", kept)


def _linked(source: str, target: str) -> None:
    """Nobody writes into them, so they need not be copied: a link is as good, where there can be one."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _in_file(environ: Mapping[str, str], template: Template) -> bool:
    target = Path(environ["TESSERA_HOME"]) / "tessera.sqlite3"
    if target.exists():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file_of(template, environ), target)
    return True


def file_of(template: Template, environ: Mapping[str, str]) -> Path:
    """Return the SQLite file of a template, to be copied; made now if it is not there. `environ` has the secret key."""
    home = Path(tempfile.gettempdir()) / f"tessera-template-{template.name}"
    with _alone(template.name):
        if not (home / "made").exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir(mode=0o700)
            there = {name: value for name, value in environ.items() if name != "TESSERA_DATABASE_URL"}
            there["TESSERA_HOME"] = str(home)
            if template.based_on:
                _in_file(there, template.based_on)
            _run(there, template.program)
            _forget_unused()
        (home / "made").touch()
    return home / "tessera.sqlite3"


def _forget_unused() -> None:
    """Remove what nobody has copied for days: code that has changed since made others."""
    for kind in ("template", "demo"):
        for made in Path(tempfile.gettempdir()).glob(f"tessera-{kind}-*/made"):
            with suppress(FileNotFoundError):  # somebody else was quicker
                if made.stat().st_mtime < time.time() - _KEPT_SECONDS:
                    shutil.rmtree(made.parent, ignore_errors=True)


def _in_server(url: str, environ: Mapping[str, str], template: Template) -> bool:
    with psycopg.connect(url) as own:
        found = own.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        if found is None or found[0]:
            return False
    copy_in_server(url, environ, template)
    return True


def copy_in_server(url: str, environ: Mapping[str, str], template: Template) -> None:
    """Make the database of the URL a copy of a template, which is made now if it is not there; what it held is gone."""
    unfinished = f"tessera_template_{template.name}".replace("-", "_")
    made = f"{unfinished}_made"
    with _alone(template.name), psycopg.connect(_beside(url, "postgres"), autocommit=True) as server:

        def say(statement: LiteralString, *names: str) -> None:
            server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [made]).fetchone() is None:
            say("DROP DATABASE IF EXISTS {}", unfinished)
            there = {**environ, "TESSERA_DATABASE_URL": _beside(url, unfinished)}
            if template.based_on:
                copy_in_server(there["TESSERA_DATABASE_URL"], there, template.based_on)
            else:
                say("CREATE DATABASE {}", unfinished)
            _run(there, template.program)
            say("ALTER DATABASE {} RENAME TO {}", unfinished, made)
        name = urlsplit(url).path.lstrip("/")
        say("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        say("CREATE DATABASE {} TEMPLATE {}", name, made)


def _beside(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def _run(environ: Mapping[str, str], command: tuple[str, ...]) -> None:
    settings = {**environ, "DJANGO_SETTINGS_MODULE": "tessera.config.settings"}
    subprocess.run(command, env=settings, check=True, capture_output=True, timeout=_LIMIT_SECONDS)


@contextmanager
def _alone(what: str) -> Iterator[None]:
    """One process at a time makes or copies this."""
    with (Path(tempfile.gettempdir()) / f"tessera-{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _static_files() -> Path:
    """Where they are kept for this checkout, of which other checkouts know nothing."""
    return Path(tempfile.gettempdir()) / f"tessera-static-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]}"


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

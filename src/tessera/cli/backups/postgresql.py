"""Copying a PostgreSQL database while it is in use, and putting a copy in its place, with PostgreSQL's own programs.

`pg_dump`, `pg_restore` and `psql` get the address in their environment: a command line can be read by anybody.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import psycopg
from django.apps import apps
from django.db import OperationalError, connection
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo

from tessera.cli.backups.errors import DatabaseInUse, NothingToBackUp, ProgramFailed, ProgramMissing, RestoreFailed
from tessera.cli.backups.facts import MIGRATIONS, Ask, Contents, Facts, contents, facts
from tessera.cli.backups.manifest import Database
from tessera.config.settings import tessera as settings
from tessera.db.health import RESTORING

# What migrations install. A dump of one schema leaves extensions out.
_EXTENSIONS: Final = ("btree_gist",)
# Django's own tables, and the mark of a restore that has not come to its end.
_ALWAYS_OURS: Final = ("django_", "auth_", RESTORING)
# The schema and its extensions are there already, and belong to whoever set the database up.
_LEFT_OUT: Final = re.compile(r"^\d+; \d+ \d+ (?:COMMENT - )?(?:SCHEMA|EXTENSION)\b")
_LOCK_SECONDS: Final = 10


def copy(to: Path) -> tuple[Database, Facts]:
    """Write the database as it is at this instant to `to` (pg_dump's custom format), and return what is in it.

    Others read and write meanwhile; only changes of tables wait. Raises ProgramMissing, ProgramFailed, NothingToBackUp.
    """
    with _connected() as server:
        refuse_older_programs(server, "pg_dump")
        # One snapshot for what is asked here and for what pg_dump reads.
        server.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        server.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        ask = _asking(server)
        tables, schema = _tables(ask), _schema(ask)
        if MIGRATIONS not in tables:
            raise NothingToBackUp("the database has no tables yet: there is nothing to back up")
        found = facts(ask, tables)
        ((snapshot,),) = ask("SELECT pg_export_snapshot()")
        _run(
            "pg_dump",
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            "--no-password",
            f"--schema={_as_pattern(schema)}",
            f"--snapshot={snapshot}",
            "--lock-wait-timeout=60s",
            f"--file={to}",
        )
        return Database("postgresql", _version(server), schema), found


@contextmanager
def held(*, although_in_use: bool) -> Iterator[Contents]:
    """Yield what the database holds. Raises DatabaseInUse if somebody else is connected as the same user."""
    with _connected() as server:
        ask = _asking(server)
        if not although_in_use and (others := ask(_OTHERS)):
            named = ", ".join(f"{many} of {name or 'an unnamed program'}" for name, many in others)
            raise DatabaseInUse(
                f"others are connected to the database ({named}): stop the server and the workers, and end other"
                " commands; with --force, go on all the same"
            )
        tables = _tables(ask)
        found = contents(ask, tables)
    yield found


_OTHERS = (
    "SELECT application_name, count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND usename = current_user AND backend_type = 'client backend' GROUP BY 1 ORDER BY 1"
)


def replace(dump: Path, *, schema: str, work: Path) -> None:
    """Put a dump in the place of all Tessera's tables, in one transaction; the database is marked as half restored.

    Raises ProgramMissing, ProgramFailed; RestoreFailed. Whatever is raised, everything is as it was.
    """
    with _connected() as server:
        refuse_older_programs(server, "pg_restore", "psql")
        ask = _asking(server)
        if schema != (here := _schema(ask)):
            raise RestoreFailed(f"the backup is of the schema {schema!r}, and {here!r} is configured here")
        before = _preamble(server, ask, schema)
        after = sql.SQL("CREATE TABLE {} (begun_at timestamptz NOT NULL DEFAULT now());\nCOMMIT;\n")
        finish = after.format(sql.Identifier(schema, RESTORING)).as_string(server)
    chosen = work / "list"
    listed = _run("pg_restore", "--list", str(dump)).splitlines()
    chosen.write_text("\n".join(line for line in listed if not _LEFT_OUT.match(line)) + "\n", encoding="utf-8")
    _pump(dump, chosen, before=before, finish=finish, work=work)


def _preamble(server: "psycopg.Connection[Any]", ask: Ask, schema: str) -> str:
    """SQL that makes room: what Tessera has in the schema goes, of this version, an older or a later one."""
    labels = {config.label for config in apps.get_app_configs()}
    tables = _tables(ask)
    if MIGRATIONS in tables:
        labels |= {label for (label,) in ask(f"SELECT DISTINCT app FROM {MIGRATIONS}")}
    begins = (*(f"{label}_" for label in labels), *_ALWAYS_OURS)
    ours = [sql.Identifier(schema, table) for table in sorted(tables) if table.startswith(begins)]
    lines: list[sql.Composable] = [
        sql.SQL("BEGIN;\n"),
        sql.SQL("SET LOCAL lock_timeout = {};\n").format(sql.Literal(f"{_LOCK_SECONDS}s")),
    ]
    lines += [
        sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {};\n").format(sql.Identifier(name), sql.Identifier(schema))
        for name in _EXTENSIONS
    ]
    if ours:
        # Not CASCADE: a view that somebody made on our tables is theirs to take away.
        lines.append(sql.SQL("DROP TABLE {};\n").format(sql.SQL(", ").join(ours)))
    return sql.Composed(lines).as_string(server)


def _pump(dump: Path, chosen: Path, *, before: str, finish: str, work: Path) -> None:
    """Feed psql the statements of the dump. It commits only if pg_restore has given out all of them."""
    environment = _environment()
    with (work / "psql.log").open("w+") as said, (work / "pg_restore.log").open("w+") as complaints:
        reader = subprocess.Popen(
            [_program("pg_restore"), "--clean", "--if-exists", "--no-owner", "--no-privileges",
             f"--use-list={chosen}", "--file=-", str(dump)],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints,
        )  # fmt: skip
        taker = subprocess.Popen(
            [_program("psql"), "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--file=-"],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said,
        )  # fmt: skip
        assert reader.stdout is not None
        assert taker.stdin is not None
        broke = _feed(reader.stdout, taker.stdin, before=before)
        reader.stdout.close()
        read_all = reader.wait() == 0
        if read_all and not broke:
            broke = _give(taker.stdin, finish.encode())
        broke = _end(taker.stdin) or broke
        if taker.wait() != 0 or broke or not read_all:
            # Whatever psql has done is undone as it leaves: its transaction was not committed.
            raise RestoreFailed(
                f"the database did not take the backup and is as it was before: {_first_error(said, complaints)}"
            )


def _feed(source: IO[bytes], target: IO[bytes], *, before: str) -> bool:
    """Whether the target broke off."""
    if _give(target, before.encode()):
        return True
    while block := source.read(1024 * 1024):
        if _give(target, block):
            return True
    return False


def _give(target: IO[bytes], block: bytes) -> bool:
    try:
        target.write(block)
    except BrokenPipeError:
        return True
    return False


def _end(target: IO[bytes]) -> bool:
    try:
        target.close()
    except BrokenPipeError:
        return True
    return False


def _first_error(*logs: IO[str]) -> str:
    for log in logs:
        log.seek(0)
        lines = [line.strip() for line in log if line.strip()]
        if errors := [line for line in lines if "error" in line.lower()] or lines:
            return errors[0][:500]
    return "it said nothing"


def refuse_older_programs(server: "psycopg.Connection[Any]", *names: str) -> None:
    """Raises ProgramMissing unless the programs are on the PATH, and of the server's release or a later one."""
    release = server.info.server_version // 10000
    for name in names:
        found = re.search(r"\d+", _run(name, "--version"))
        if found is None or int(found.group()) < release:
            its = f"release {found.group()}" if found else "of no release that can be told"
            raise ProgramMissing(
                f"{_program(name)} is {its}, older than the server (release {release}): install the client programs of"
                f" PostgreSQL {release} and put them first on the PATH"
            )


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise ProgramMissing(f"{name} is not on the PATH: install PostgreSQL's client programs")
    return found


def _run(name: str, *arguments: str) -> str:
    """Run a program of PostgreSQL's to its end. Raises ProgramMissing; ProgramFailed with its first complaint."""
    done = subprocess.run(
        [_program(name), *arguments], env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise ProgramFailed(f"{name} failed: {said[0] if said else f'exit code {done.returncode}'}")
    return done.stdout


def _environment() -> dict[str, str]:
    """The environment of a program: ours, less our secrets, with the database's address in libpq's own variables."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TESSERA_")}
    known = {option.keyword.decode(): option for option in Conninfo.get_defaults()}
    for keyword, value in _parameters().items():
        option = known.get(keyword)
        if option is not None and option.envvar is not None:
            environment[option.envvar.decode()] = str(value)
    return environment


def _parameters() -> Mapping[str, Any]:
    """What libpq is told, without what is Django's or psycopg's; past a pooler, which pg_dump cannot work through."""
    direct = settings.database_direct_url
    given = conninfo_to_dict(direct) if direct else connection.get_connection_params()
    libpq = {option.keyword.decode() for option in Conninfo.get_defaults()}
    return {keyword: value for keyword, value in given.items() if keyword in libpq and value not in (None, "")}


@contextmanager
def _connected() -> "Iterator[psycopg.Connection[Any]]":
    """A connection of our own: Django's may come from a pool, and would count as somebody else's."""
    try:
        server = psycopg.connect(**_parameters(), autocommit=True)
    except psycopg.OperationalError as reason:
        raise OperationalError(str(reason)) from reason  # what every command has a word for
    try:
        yield server
    finally:
        server.close()


def _asking(server: "psycopg.Connection[Any]") -> Ask:
    def ask(statement: str) -> list[tuple[Any, ...]]:
        return server.execute(statement.encode()).fetchall()

    return ask


def _tables(ask: Ask) -> set[str]:
    return {name for (name,) in ask("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")}


def _schema(ask: Ask) -> str:
    ((schema,),) = ask("SELECT current_schema()")
    if schema is None:
        raise NothingToBackUp("the database has no schema that tables could be in: see its search_path")
    return str(schema)


def _as_pattern(name: str) -> str:
    """A schema's name as pg_dump's pattern for it alone."""
    quoted = name.replace('"', '""')
    return f'"{quoted}"'


def _version(server: "psycopg.Connection[Any]") -> str:
    return (server.info.parameter_status("server_version") or "?").split()[0]

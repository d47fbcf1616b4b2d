"""`tessera backup` writes what the database held at one instant, whatever goes on meanwhile, or leaves things alone."""

import gzip
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tessera import db
from tessera.cli.backups import making
from tessera.cli.backups.archive import unpack
from tessera.cli.backups.manifest import Manifest
from tessera.events.types import Actor
from tessera.organizations.models import Organization
from tessera.people.services import create_customer
from tests import make, postgres
from tests.cli.clubs import with_a_club
from tests.cli.databases import all_rows, statement
from tests.cli.installation import Installation, fresh
from tests.scale import scaled

PART = ".backup.tar.part"


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation with a club and two uploaded files; tests leave it as it is."""
    home = tmp_path_factory.mktemp("home")
    with with_a_club(home) as installation:
        (home / "media" / "photos").mkdir(parents=True)
        (home / "media" / "photos" / "ada.jpg").write_bytes(b"a photo")
        (home / "media" / "logo.png").write_bytes(b"a logo")
        yield installation


def manifest_of(file: Path) -> Any:
    done = subprocess.run(["tar", "-xOf", str(file), "manifest.json"], capture_output=True, check=True)
    return json.loads(done.stdout)


def test_it_is_one_file_for_its_owner_alone_that_says_what_it_is(club: Installation, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    before = all_rows(club)

    said = club.run("backup", str(file)).stdout
    checked = club.run("restore", "--check", str(file)).stdout

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["backup.tar"]
    assert "organizations: 2, " in said
    assert "uploaded files: 2" in said
    assert checked.startswith("Whole: made ")
    told = manifest_of(file)
    assert told["database"]["kind"] == connection.vendor
    assert "events.0002_feed_epochs" in told["migrations"]
    assert [(each["slug"], each["id"][4:] == each["epoch"][4:]) for each in told["organizations"]] == [
        ("harbour-gym", True),
        ("strand-house", True),
    ]
    lasts = statement(club, "SELECT last FROM events_eventcounter ORDER BY last")
    assert sorted(each["last_event"] for each in told["organizations"]) == [last for (last,) in lasts]
    assert told["media"] == {"files": 2, "bytes": 13}
    assert all_rows(club) == before


def test_the_keys_are_not_in_it_and_nothing_secret_is_on_a_command_line(club: Installation, tmp_path: Path) -> None:
    key = "2026-11:" + "A" * 43
    keyed = Installation({**club.environ, "TESSERA_ENCRYPTION_KEYS": key})

    keyed.run("backup", str(tmp_path / "backup.tar"))

    content = (tmp_path / "backup.tar").read_bytes()
    assert b"A" * 43 not in content
    assert keyed.environ["TESSERA_SECRET_KEY"].encode() not in content


def test_a_file_that_is_there_is_kept_unless_it_may_be_replaced(club: Installation, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    file.write_text("last week's")

    refused = club.run("backup", str(file), exit_code=1)
    assert "[backup_exists]" in refused.stderr
    assert file.read_text() == "last week's"

    club.run("backup", "--force", str(file))
    assert unpack(file, None).organizations


def test_it_can_go_to_standard_output(club: Installation, tmp_path: Path) -> None:
    file = tmp_path / "piped.tar"
    with file.open("wb") as stream:
        done = subprocess.run(
            [sys.executable, "-m", "tessera.cli", "backup", "-"],
            env=dict(club.environ), stdout=stream, stderr=subprocess.PIPE, timeout=90,
        )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert b"organizations: 2" in done.stderr
    assert unpack(file, None).organizations
    assert not list(Path(club.environ["TESSERA_HOME"]).glob(".backup-*"))


def test_what_is_no_plain_file_is_left_out_and_said_so(tmp_path: Path) -> None:
    with fresh(tmp_path / "home") as installation:
        (media := tmp_path / "home" / "media").mkdir(parents=True)
        (media / "link.png").symlink_to("/etc/hostname")
        (media / "odd\nname.png").write_bytes(b"x")
        (media / "kept.png").write_bytes(b"x")
        installation.migrate()

        done = installation.run("backup", str(tmp_path / "backup.tar"), "--json")

    told = json.loads(done.stdout)
    assert told["left_out"] == ["media/link.png", "media/odd\nname.png"]
    assert told["manifest"]["media"]["files"] == 1
    assert done.stderr.count("warning: left out") == 2


def test_a_database_without_tables_is_not_backed_up(tmp_path: Path) -> None:
    with fresh(tmp_path / "home") as installation:
        refused = installation.run("backup", str(tmp_path / "backup.tar"), exit_code=1)

    assert "[nothing_to_back_up]" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["home"] or connection.vendor == "postgresql"
    assert not (tmp_path / "backup.tar").exists()


def test_a_damaged_database_does_not_replace_a_good_backup(tmp_path: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has its own checks")
    with with_a_club(tmp_path / "home") as installation:
        file = tmp_path / "backup.tar"
        installation.run("backup", str(file))
        good = file.read_bytes()
        path = tmp_path / "home" / "tessera.sqlite3"
        _damage(path)

        refused = installation.run("backup", "--force", str(file), exit_code=1)

    assert "[database_damaged]" in refused.stderr
    assert file.read_bytes() == good


def _damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for page in range(4096 * 8, len(content) - 4096, 4096 * 3):
        content[page : page + 64] = b"\xa5" * 64
    path.write_bytes(content)


def test_where_it_cannot_be_written_it_says_so(club: Installation, tmp_path: Path) -> None:
    refused = club.run("backup", str(tmp_path / "no such folder" / "backup.tar"), exit_code=1)

    assert "No such file or directory [backup_failed]" in refused.stderr


def test_missing_or_older_programs_are_named(club: Installation, tmp_path: Path) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite needs no programs")
    programs = tmp_path / "programs"
    programs.mkdir()
    bare = Installation({**club.environ, "PATH": str(programs)})
    missing = bare.run("backup", str(tmp_path / "backup.tar"), exit_code=1).stderr
    (programs / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
    (programs / "pg_dump").chmod(0o755)

    older = bare.run("backup", str(tmp_path / "backup.tar"), exit_code=1).stderr

    assert "pg_dump is not on the PATH" in missing
    assert "release 9, older than the server" in older
    assert missing.rstrip().endswith("[program_missing]")
    assert not list(tmp_path.glob("*.tar"))


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_it_is_of_one_instant_while_others_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "postgresql":
        monkeypatch.setenv("PATH", f"{postgres.programs()}{os.pathsep}{os.environ['PATH']}")
    clubs = [make.organization(), make.organization()]
    written = 0
    with people_arriving(clubs, threads=3) as arrived:
        for round_ in range(scaled(30)):
            before = arrived()
            file = tmp_path / f"{round_}.tar"
            manifest = making.back_up(file, overwrite=False, at=datetime.now(UTC)).manifest
            _is_of_one_instant(file, manifest, tmp_path / f"out-{round_}")
            written += arrived() - before

    assert written > 0, "nobody wrote while the backups were made"


@contextmanager
def people_arriving(clubs: list[Organization], *, threads: int) -> Iterator[Any]:
    """Yield a function that tells how many customers have been made so far, two at once: one in each organization."""
    stop, made, failures = threading.Event(), [0] * threads, []

    def work(number: int) -> None:
        try:
            while not stop.is_set():
                with db.transaction():
                    for each in clubs:
                        create_customer(
                            organization=each, at=make.JAN_10, actor=Actor.system("tests"), first_name="Ada",
                            last_name=f"Number {number}",
                        )  # fmt: skip
                made[number] += 1
        except BaseException as failure:  # noqa: BLE001  (shown below)
            failures.append(failure)
        finally:
            connection.close()

    running = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield lambda: sum(made)
    finally:
        stop.set()
        for thread in running:
            thread.join(60)
    assert failures == []


def _is_of_one_instant(file: Path, manifest: Manifest, folder: Path) -> None:
    """Both organizations have as many customers as each other, as events, and as the manifest says."""
    told = {each.last_event for each in manifest.organizations}
    assert len(told) == 1, "one organization is ahead of the other"
    assert unpack(file, folder) == manifest
    if connection.vendor == "sqlite":
        plain = folder / "plain"
        plain.write_bytes(gzip.decompress((folder / "database.sqlite3.gz").read_bytes()))
        with closing(sqlite3.connect(plain)) as copy:
            counts = {
                copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("people_customer", "events_event")
            }
    else:
        restored = subprocess.run(
            ["pg_restore", "--data-only", "--table=people_customer", "--table=events_event", "--file=-",
             str(folder / "database.dump")],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        blocks = [part.split("\\.\n")[0] for part in restored.split("FROM stdin;\n")[1:]]
        counts = {block.count("\n") for block in blocks}
        assert len(blocks) == 2
    assert counts == {2 * told.pop()}


@pytest.mark.concurrency
def test_killed_at_any_point_it_leaves_the_old_backup_or_the_whole_new_one(club: Installation, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    home = Path(club.environ["TESSERA_HOME"])
    big = home / "media" / "big.bin"
    with big.open("wb") as sparse:
        sparse.truncate(300_000_000)  # so that writing takes a while
    club.run("backup", str(file))
    old = file.read_bytes()[:4096]  # the manifest, with the time it was made
    try:
        for round_ in range(scaled(30)):
            _kill_backup(club, file, when=("database", "backup")[round_ % 2], more=round_ * 0.03)

            assert file.read_bytes()[:4096] == old, "the old one is gone"
        assert (tmp_path / PART).is_dir()
        unpack(file, None)
        big.unlink()

        club.run("backup", "--force", str(file))
    finally:
        big.unlink(missing_ok=True)

    assert [path.name for path in tmp_path.iterdir()] == ["backup.tar"], "what was left over is cleared away"
    assert file.read_bytes()[:4096] != old


def _kill_backup(club: Installation, file: Path, *, when: str, more: float) -> None:
    """Start a backup and kill it, with all it started, once a file called `when` is there, and `more` seconds later."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tessera.cli", "backup", "--force", str(file)],
        env=dict(club.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    waiting = file.parent / PART / when
    # What another killed run left there does not count.
    started = time.time()
    while not _is_there_since(started, waiting):
        assert process.poll() is None, "it was over before it could be killed"
        time.sleep(0.001)
    time.sleep(min(more, 0.2))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _is_there_since(instant: float, path: Path) -> bool:
    try:
        return path.stat().st_mtime >= instant
    except FileNotFoundError:  # or cleared away just now
        return False


def test_two_to_the_same_file_do_not_get_in_each_others_way(club: Installation, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    (tmp_path / PART).mkdir()
    holding = subprocess.Popen(
        ["flock", "--exclusive", str(tmp_path / PART / ".lock"), "cat"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holding.stdin is not None
    assert holding.stdout is not None
    holding.stdin.write(b"held\n")
    holding.stdin.flush()
    assert holding.stdout.readline() == b"held\n"
    try:
        refused = club.run("backup", str(file), exit_code=1)
    finally:
        holding.stdin.close()
        holding.wait(10)
        holding.stdout.close()

    assert "[backup_running]" in refused.stderr
    assert not file.exists()
    club.run("backup", str(file))

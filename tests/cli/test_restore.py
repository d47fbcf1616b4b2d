"""`tessera restore` puts everything back, or changes nothing; whoever follows the feed is told."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tessera.cli.backups.archive import DATABASES, Writer
from tessera.db.health import RESTORING
from tessera.events.lineage import agree_until
from tests.cli.clubs import that_stay, with_a_club
from tests.cli.databases import all_rows, statement
from tests.cli.feeds import forks_of, key_of, lasts, present_epoch
from tests.cli.installation import Installation, Server, fresh
from tests.migrations import loading
from tests.migrations.answers import SLUG, ask, missing
from tests.migrations.dump import served_to_the_club
from tests.scale import scaled


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup of a club: the file, what was in the database, and what the club's systems were told then."""

    file: Path
    rows: Mapping[str, list[str]]
    lasts: Mapping[str, int]
    epoch: str
    told: Any


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backup]:
    """Of an installation with a club and an uploaded file."""
    home, file = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("backups") / "backup.tar"
    with with_a_club(home) as club:
        (home / "media" / "photos").mkdir(parents=True)
        (home / "media" / "photos" / "ada.jpg").write_bytes(b"a photo")
        club.run("backup", str(file))
        rows, last, epoch = all_rows(club), lasts(club), present_epoch(club)
        with served_to_the_club(club) as api:
            yield Backup(file, rows, last, epoch, ask(api))


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Installation]:
    """An installation with nothing in it, not even tables."""
    with fresh(tmp_path / "home") as installation:
        yield installation


def signed_in(installation: Installation) -> int:
    return int(statement(installation, "SELECT count(*) FROM django_session")[0][0])


def found(installation: Installation, name: str) -> None:
    installation.run("organization", "create", name, "--timezone", "UTC", "--currency", "EUR")


def doctor(installation: Installation) -> None:
    assert json.loads(installation.run("doctor", "--json").stdout)["ok"]


def test_everything_comes_back_into_an_empty_place(backup: Backup, empty: Installation) -> None:
    done = json.loads(empty.run("restore", str(backup.file), "--json").stdout)

    assert that_stay(all_rows(empty)) == that_stay(backup.rows)
    home = Path(empty.environ["TESSERA_HOME"])
    assert (home / "media" / "photos" / "ada.jpg").read_bytes() == b"a photo"
    assert {path.name.removesuffix("-wal").removesuffix("-shm") for path in home.iterdir()} <= {
        "media",
        "tessera.sqlite3",
    }
    assert done["kept"] == []
    # Of events, each organization has one more, which tells of it; the others are as they were.
    old, new = backup.rows["events_event"], all_rows(empty)["events_event"]
    assert set(old) < set(new)
    assert len(new) == len(old) + len(backup.lasts)
    assert lasts(empty) == {slug: last + 1 for slug, last in backup.lasts.items()}
    assert {each["slug"]: each["after"] for each in done["organizations"]} == backup.lasts
    doctor(empty)
    with served_to_the_club(empty) as api:
        _the_feed_tells_its_followers(backup, api)
        now = ask(api)
    after = backup.lasts[SLUG]
    told = {**backup.told, "events": backup.told["events"][:after]}
    assert missing(told, {**now, "events": now["events"][:after]}) == []


def _the_feed_tells_its_followers(backup: Backup, api: Server) -> None:
    after = backup.lasts[SLUG]
    refused = api.call("GET", f"/api/v1/events?after={after + 1}&epoch={backup.epoch}")
    assert (refused.status, refused.json["code"], refused.json["agree_until"]) == (409, "feed_epoch_stale", after)
    line = api.get(f"/api/v1/events?after={after}&epoch={refused.json['epoch']}")["data"][0]
    assert (line["type"], line["actor"]) == ("organization.restored", "system:restore")
    assert line["at"] == "2026-03-10T12:00:00Z", "of the test organization's time"


def test_what_is_there_is_not_replaced_unless_told(backup: Backup, empty: Installation) -> None:
    empty.migrate()
    found(empty, "Somebody Else")
    statement(
        empty, "INSERT INTO django_session (session_key, session_data, expire_date) VALUES ('s', '', '2099-01-01')"
    )
    home = Path(empty.environ["TESSERA_HOME"])
    (home / "media").mkdir(parents=True)
    (home / "media" / "theirs.png").write_bytes(b"theirs")
    before = all_rows(empty)

    refused = empty.run("restore", str(backup.file), exit_code=1).stderr
    assert "organizations: 1; events: 1; called somebody-else" in refused
    assert "[database_not_empty]" in refused
    assert all_rows(empty) == before
    assert (home / "media" / "theirs.png").exists()

    done = json.loads(empty.run("restore", "--replace", str(backup.file), "--json").stdout)
    assert SLUG in lasts(empty)
    assert "somebody-else" not in lasts(empty)
    assert signed_in(empty) == 0
    assert [path.name for path in (home / "media").iterdir()] == ["photos"]
    kept = [Path(path) for path in done["kept"]]
    assert sorted(path.name.partition(".before-restore-")[0] for path in kept) == (
        ["media", "tessera.sqlite3"] if connection.vendor == "sqlite" else ["media"]
    )
    if connection.vendor == "sqlite":
        shutil.copy(next(path for path in kept if path.is_file()), home / "tessera.sqlite3")
        assert all_rows(empty) == before


def test_tables_without_anybody_in_them_are_an_empty_place(backup: Backup, empty: Installation) -> None:
    empty.migrate()

    empty.run("restore", str(backup.file))

    assert SLUG in lasts(empty)


def test_a_backup_is_restored_over_what_came_after_it(empty: Installation, tmp_path: Path) -> None:
    """Twice, the wrong one first: who followed any of the epochs is told how far it holds."""
    empty.migrate()
    found(empty, "Strand House")
    early, late = tmp_path / "early.tar", tmp_path / "late.tar"
    empty.run("backup", str(early))
    first = present_epoch(empty)
    empty.run("key", "create", "--name", "Another", "--scopes", "access:read")
    empty.run("backup", str(late))

    mistaken = empty.run("restore", "--replace", str(early)).stdout
    second = present_epoch(empty)
    right = json.loads(empty.run("restore", "--replace", str(late), "--json").stdout)

    assert "events up to 1, then epoch" in mistaken
    assert "events 2 to 2 are gone" in mistaken
    (club,) = right["organizations"]
    assert (club["after"], club["gone_until"]) == (2, 2)
    assert len({first, second, club["epoch"]}) == 3
    forks = forks_of(empty)
    present = key_of(club["epoch"])
    assert agree_until(key_of(first), present, forks=forks) == 2
    assert agree_until(key_of(second), present, forks=forks) == 1


def test_while_a_server_runs_nothing_is_restored(backup: Backup, empty: Installation) -> None:
    empty.migrate()
    with empty.served() as server:
        assert server.call("GET", "/readyz").status == 200
        refused = empty.run("restore", str(backup.file), exit_code=1).stderr
        assert "[database_in_use]" in refused
        assert server.call("GET", "/readyz").status == 200
    assert lasts(empty) == {}
    empty.run("restore", str(backup.file))
    assert SLUG in lasts(empty)


def again(backup: Backup, file: Path, change: Callable[[str, bytes], tuple[str, bytes]]) -> Path:
    """Write the backup anew to `file`, with right checksums, each of its files changed by `change`."""
    with tarfile.open(backup.file) as tar, file.open("wb") as stream:
        archive = Writer(stream, at=0)
        for each in tar.getmembers():
            if each.name == "SHA256SUMS":
                continue
            content = tar.extractfile(each)
            assert content is not None
            archive.add(*change(each.name, content.read()))
        archive.close()
    return file


def test_what_cannot_be_restored_changes_nothing(backup: Backup, empty: Installation, tmp_path: Path) -> None:
    here = str(connection.vendor)
    there = next(kind for kind in DATABASES if kind != here)

    def of_a_later_version(name: str, content: bytes) -> tuple[str, bytes]:
        return name, content.replace(b'"plans.0001_initial"', b'"plans.0001_initial", "plans.9999_later"')

    def of_another_kind(name: str, content: bytes) -> tuple[str, bytes]:
        return name.replace(DATABASES[here], DATABASES[there]), content.replace(
            f'"kind": "{here}"'.encode(), f'"kind": "{there}"'.encode()
        )

    def broken_inside(name: str, content: bytes) -> tuple[str, bytes]:
        if name != DATABASES[here]:
            return name, content
        if here == "sqlite":
            plain = gzip.decompress(content)
            return name, gzip.compress(plain[: len(plain) // 2])
        # Well past the table of contents: it breaks off while the rows are being read.
        return name, content[:-3_000] + b"\xa5" * 1_000 + content[-2_000:]

    def cut_inside(name: str, content: bytes) -> tuple[str, bytes]:
        return name, content if name != DATABASES[here] else content[: len(content) // 2]

    cut = tmp_path / "cut.tar"
    cut.write_bytes(backup.file.read_bytes()[:-30_000])
    flipped = bytearray(backup.file.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    (tmp_path / "flipped.tar").write_bytes(flipped)
    empty.migrate()
    found(empty, "Somebody Else")
    before = all_rows(empty)
    for file, code in (
        (cut, "backup_damaged"),
        (tmp_path / "flipped.tar", "backup_damaged"),
        (again(backup, tmp_path / "later.tar", of_a_later_version), "backup_of_later_version"),
        (again(backup, tmp_path / "kind.tar", of_another_kind), "backup_of_another_kind"),
        (
            again(backup, tmp_path / "cut-inside.tar", cut_inside),
            "backup_damaged" if here == "sqlite" else "program_failed",
        ),
        (
            again(backup, tmp_path / "broken.tar", broken_inside),
            "database_damaged" if here == "sqlite" else "restore_failed",
        ),
    ):
        refused = empty.run("restore", "--replace", str(file), exit_code=1).stderr

        assert refused.rstrip().endswith(f"[{code}]")
        assert all_rows(empty) == before, code
        home = Path(empty.environ["TESSERA_HOME"])
        assert not [path for path in home.iterdir() if not path.name.startswith("tessera.sqlite3")], code
    found(empty, "Another")  # and it still works


def test_an_older_backup_is_brought_up_to_this_version(tmp_path: Path) -> None:
    with fresh(tmp_path / "old") as old:
        loading.load(loading.names()[0], old)
        old.run("backup", str(tmp_path / "old.tar"))  # as one does before upgrading: by the new version
    with fresh(tmp_path / "new") as new:
        done = json.loads(new.run("restore", str(tmp_path / "old.tar"), "--json").stdout)

        assert "migrations were applied" in done["migrated"][0]
        doctor(new)
        assert {each["slug"] for each in done["organizations"]} == set(lasts(new))


def test_who_restores_by_other_means_says_so_and_gets_a_new_epoch(tmp_path: Path) -> None:
    with with_a_club(tmp_path / "home") as installation:
        before = lasts(installation)
        first = present_epoch(installation)

        done = json.loads(installation.run("restore", "--by-other-means", "--json").stdout)

        assert {each["slug"]: each["after"] for each in done["organizations"]} == before
        assert present_epoch(installation) != first
        doctor(installation)
        assert "--by-other-means alone" in installation.run("restore", exit_code=2).stderr


def test_secrets_whose_keys_are_missing_are_warned_of(backup: Backup, empty: Installation, tmp_path: Path) -> None:
    def with_secrets(name: str, content: bytes) -> tuple[str, bytes]:
        return name, content.replace(b'"encryption_keys": {}', b'"encryption_keys": {"2025": 3, "2026": 1}')

    keyed = Installation({**empty.environ, "TESSERA_ENCRYPTION_KEYS": "2026:" + "A" * 43})

    done = keyed.run("restore", str(again(backup, tmp_path / "keyed.tar", with_secrets)))

    assert "warning: 3 secrets open only with the key 2025" in done.stderr
    assert "2026," not in done.stderr


def test_a_database_too_damaged_to_open_is_replaced_too(backup: Backup, empty: Installation) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL repairs, or does not start")
    home = Path(empty.environ["TESSERA_HOME"])
    home.mkdir(exist_ok=True)
    (home / "tessera.sqlite3").write_bytes(b"not what it was " * 1000)
    (home / "tessera.sqlite3-wal").write_bytes(b"a log of something else")
    refused = empty.run("restore", str(backup.file), exit_code=1).stderr
    assert "a file that SQLite cannot read" in refused

    empty.run("restore", "--replace", str(backup.file))

    doctor(empty)
    assert next(path.read_bytes()[:16] for path in home.glob("*.before-restore-*")) == b"not what it was "


def test_tables_of_somebody_else_stay_and_what_hangs_on_ours_is_in_the_way(backup: Backup, empty: Installation) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("a SQLite file is ours alone")
    empty.migrate()
    found(empty, "Somebody Else")
    statement(empty, "CREATE TABLE reports (line text)")
    statement(empty, "INSERT INTO reports VALUES ('theirs')")
    statement(empty, "CREATE TABLE cards_card (id int, organization_id uuid REFERENCES organizations_organization)")
    statement(empty, "INSERT INTO django_migrations (app, name, applied) VALUES ('cards', '0001_initial', now())")
    statement(empty, "CREATE VIEW report AS SELECT name FROM organizations_organization")
    before = all_rows(empty)

    refused = empty.run("restore", "--replace", str(backup.file), exit_code=1).stderr
    assert "other objects depend on" in refused
    assert "[restore_failed]" in refused
    assert all_rows(empty) == before

    statement(empty, "DROP VIEW report")
    empty.run("restore", "--replace", str(backup.file))
    assert statement(empty, "SELECT line FROM reports") == [("theirs",)]
    assert "cards_card" not in all_rows(empty), "of a version that is later than this one"
    doctor(empty)


@pytest.mark.concurrency
def test_killed_at_any_point_it_has_restored_all_or_nothing(backup: Backup, empty: Installation) -> None:
    empty.migrate()
    found(empty, "Somebody Else")
    started = time.monotonic()
    empty.run("restore", "--replace", str(backup.file))
    whole, rounds = time.monotonic() - started, scaled(40)
    for round_ in range(rounds):
        before = all_rows(empty)
        _kill_restore(empty, backup, after=whole * (0.4 + 0.6 * (round_ + 0.5) / rounds))
        now = all_rows(empty)
        if RESTORING in now:
            assert "[restore_unfinished]" in empty.run("serve", "--no-worker", exit_code=1).stderr
            empty.run("restore", "--replace", str(backup.file))
            now = all_rows(empty)
        if now != before:
            assert that_stay(now) == that_stay(backup.rows)
            assert set(now["events_feedepoch"]) - set(before["events_feedepoch"]), "restored, and nobody is told"

    empty.run("restore", "--replace", str(backup.file))
    doctor(empty)
    assert not [path for path in Path(empty.environ["TESSERA_HOME"]).iterdir() if path.name.startswith(".")]


def _kill_restore(installation: Installation, backup: Backup, *, after: float) -> None:
    """Start a restore and kill it, with all it started, so many seconds later."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tessera.cli", "restore", "--replace", str(backup.file)],
        env=dict(installation.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if connection.vendor == "postgresql":
        # The server finds out by itself that its client is gone, and takes back what was not committed.
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        until = time.monotonic() + 30
        while statement(installation, f"{others} AND backend_type = 'client backend'")[0][0]:
            assert time.monotonic() < until
            time.sleep(0.02)


def test_a_restore_that_was_stopped_half_way_is_not_served_and_can_be_finished(
    backup: Backup, empty: Installation
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's file is swapped in when all is done")
    empty.run("restore", str(backup.file))
    before = lasts(empty)
    statement(empty, f"CREATE TABLE {RESTORING} (begun_at timestamptz)")

    assert "[restore_unfinished]" in empty.run("serve", "--no-worker", exit_code=1).stderr
    empty.run("restore", "--by-other-means")

    assert lasts(empty) == {slug: last + 1 for slug, last in before.items()}
    with empty.served() as server:
        assert server.call("GET", "/readyz").status == 200

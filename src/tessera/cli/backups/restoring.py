"""Putting a backup in the place of what is there. Everything is verified and made ready beside it, then swapped in."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from tessera import db
from tessera.cli import migrate
from tessera.cli.backups import archive, postgresql, sqlite
from tessera.cli.backups.archive import DATABASES, MEDIA
from tessera.cli.backups.errors import BackupOfAnotherKind, BackupOfLaterVersion, DatabaseNotEmpty
from tessera.cli.backups.facts import Contents
from tessera.cli.backups.making import media_folder
from tessera.cli.backups.manifest import Manifest
from tessera.cli.backups.workplace import belong_to, keep_names, put_in_place, remove, workplace
from tessera.config.settings import tessera as settings
from tessera.core import ids
from tessera.db import health, sealed
from tessera.events.epochs import open_epoch
from tessera.events.lineage import Fork
from tessera.events.types import Actor
from tessera.organizations.models import Organization

_ACTOR = Actor.system("restore")


@dataclass(frozen=True, slots=True)
class RestoredOrganization:
    """An organization after a restore. `gone_until`: the last number its feed had before; None if that is not known.

    Events above `after` are gone; the next ones get their numbers, in the new `epoch`.
    """

    slug: str
    epoch: str
    after: int
    gone_until: int | None


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore came to. `kept`: where what was replaced is, to be deleted when nobody wants it back."""

    organizations: list[RestoredOrganization]
    migrated: list[str]
    missing_keys: Mapping[str, int]
    kept: list[Path]


def restore(file: Path, *, replace: bool, although_in_use: bool, at: datetime) -> Restored:
    """Put a backup in the place of the database and the uploaded files, brought up to this version.

    Raises BackupDamaged, BackupOfAnotherKind, BackupOfLaterVersion; DatabaseNotEmpty unless `replace`; DatabaseInUse;
    RestoreFailed. Whatever is raised, what was there is still there.
    """
    if connection.vendor == "sqlite":
        return _restore_sqlite(file, replace=replace, at=at)
    return _restore_postgresql(file, replace=replace, although_in_use=although_in_use, at=at)


def finish(*, made_at: datetime | None, before: Contents | None, at: datetime) -> list[RestoredOrganization]:
    """Do what has to come after a restore, whoever did it: a new feed epoch for everybody, and all sign in again.

    In one transaction. `before`: what the database held that was replaced, if that is known.
    """
    forks: Mapping[UUID, Sequence[Fork]] = before.forks if before else {}
    ends = {line.id: line.last_event for line in before.organizations} if before else {}
    done = []
    with db.transaction():
        # Whoever has signed out since, or was signed out, stays so.
        Session.objects.all().delete()
        for club in Organization.objects.order_by("slug"):
            opened = open_epoch(
                organization_id=club.pk,
                at=club.test_now or at,
                actor=_ACTOR,
                backup_made_at=made_at,
                known=forks.get(club.pk, ()),
            )
            done.append(
                RestoredOrganization(
                    slug=club.slug,
                    epoch=ids.to_text(ids.Prefix.FEED_EPOCH, opened.epoch),
                    after=opened.after,
                    gone_until=ends.get(ids.to_text(ids.Prefix.ORGANIZATION, club.pk)),
                )
            )
        if health.half_restored():
            with connection.cursor() as cursor:
                cursor.execute(f"DROP TABLE {connection.ops.quote_name(health.RESTORING)}")
    return done


def _restore_sqlite(file: Path, *, replace: bool, at: datetime) -> Restored:
    database = sqlite.path()
    with workplace(database, suffix=".restoring") as folder:
        manifest = _unpack(file, folder)
        with sqlite.held(database) as before:
            _refuse_to_replace(before, replace=replace)
            made = folder / "database"
            sqlite.unpack(folder / DATABASES["sqlite"], made)
            with sqlite.in_place_of_the_configured(made):
                migrated = migrate.run()
                done = finish(made_at=manifest.made_at, before=before, at=at)
            like = (database if database.exists() else database.parent).stat()
            belong_to(made, like)
            made.chmod(like.st_mode & 0o666 if database.exists() else 0o600)
            kept = _swap_media(folder / MEDIA, at=at)
            if database.exists() and not before.empty:
                kept.append(_keep(database, at=at))
            put_in_place(made, database)
    return Restored(done, migrated, _missing_keys(manifest), kept)


def _restore_postgresql(file: Path, *, replace: bool, although_in_use: bool, at: datetime) -> Restored:
    settings.home.mkdir(parents=True, exist_ok=True)
    with workplace(settings.home / "database", suffix=".restoring") as folder:
        manifest = _unpack(file, folder)
        with postgresql.held(although_in_use=although_in_use) as before:
            _refuse_to_replace(before, replace=replace)
        dump = folder / DATABASES["postgresql"]
        postgresql.replace(dump, schema=manifest.database.schema, work=folder)
        # From here on the database is the backup's; should anything fail, it is marked as not finished.
        kept = _swap_media(folder / MEDIA, at=at)
        migrated = migrate.run()
        done = finish(made_at=manifest.made_at, before=before, at=at)
    return Restored(done, migrated, _missing_keys(manifest), kept)


def _unpack(file: Path, folder: Path) -> Manifest:
    """Verify a backup and unpack it. Raises what says that it cannot be restored here."""
    manifest = archive.unpack(file, folder)
    if manifest.database.kind != connection.vendor:
        raise BackupOfAnotherKind(
            f"the backup is of a {manifest.database.kind} database, and TESSERA_DATABASE_URL names a"
            f" {connection.vendor} one"
        )
    loader = MigrationLoader(None)
    known = {".".join(key) for key in loader.disk_migrations}
    ours = {label for label, _ in loader.disk_migrations}
    if later := [name for name in manifest.migrations if name not in known and name.partition(".")[0] in ours]:
        raise BackupOfLaterVersion(
            f"the backup was made by Tessera {manifest.tessera}, which has {', '.join(later[:5])}: restore it with that"
            " version or a later one"
        )
    return manifest


def _refuse_to_replace(before: Contents, *, replace: bool) -> None:
    if not before.empty and not replace:
        raise DatabaseNotEmpty(f"the database holds {before.says}; --replace puts the backup in its place")


def _missing_keys(manifest: Manifest) -> dict[str, int]:
    return {key: many for key, many in manifest.encryption_keys.items() if key not in sealed.key_ids()}


def _swap_media(unpacked: Path, *, at: datetime) -> list[Path]:
    """Put uploaded files in place; return where those are that were there."""
    present = media_folder().resolve()  # somebody may keep them on another disk
    unpacked.mkdir(mode=0o700, exist_ok=True)
    staged = present.with_name(f".{present.name}.restoring")
    remove(staged)
    shutil.move(unpacked, staged)
    belong_to(staged, (present if present.exists() else settings.home).stat())
    kept = []
    if present.exists():
        if any(present.iterdir()):
            kept.append(present.rename(_named_by_time(present, at)))
        else:
            present.rmdir()
    staged.rename(present)
    keep_names(present.parent)
    return kept


def _keep(database: Path, *, at: datetime) -> Path:
    """Give the database that is to be replaced a second name, and return it."""
    old = _named_by_time(database, at)
    try:
        old.hardlink_to(database)
    except OSError:  # not every file system can
        shutil.copy2(database, old)
    for log in ("-wal", "-shm", "-journal"):
        # Left over by a database too damaged to be opened. SQLite would read it into the one that comes.
        beside = database.with_name(database.name + log)
        if beside.exists():
            beside.rename(old.with_name(old.name + log))
    return old


def _named_by_time(path: Path, at: datetime) -> Path:
    return path.with_name(f"{path.name}.before-restore-{at:%Y%m%dT%H%M%SZ}")

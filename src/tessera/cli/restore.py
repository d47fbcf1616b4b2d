"""`tessera restore`: a backup, put in the place of what is there."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tessera.cli import project

if TYPE_CHECKING:
    from tessera.cli.backups.restoring import Restored


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option(
    "--check",
    "only_check",
    is_flag=True,
    help="Only verify FILE, all of it, and say what is in it. Needs no setting and no database.",
)
@click.option("--replace", is_flag=True, help="Replace a database that holds something.")
@click.option("--force", is_flag=True, help="PostgreSQL: go on although others are connected.")
@click.option(
    "--by-other-means",
    is_flag=True,
    help="No FILE: the database was put back by something else; do only what has to come after.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    file: Path | None, only_check: bool, replace: bool, force: bool, by_other_means: bool, as_json: bool
) -> None:
    """Put the backup in FILE in the place of the database and the uploaded files, brought up to this version.

    Stop the server and the workers first. FILE is verified before anything is touched, and what is made ready is
    swapped in at the end: it is all restored, or nothing is changed. Every organization gets a new feed epoch and an
    event `organization.restored`, and everybody has to sign in again.
    """
    if (file is None) != by_other_means or (by_other_means and (only_check or replace or force)):
        raise click.UsageError("give the FILE to restore, or --by-other-means alone")
    if only_check and file is not None:
        _check(file, as_json=as_json)
        return
    project.start()
    from tessera.cli.backups import restoring
    from tessera.core import clock

    if file is None:
        from tessera.cli import migrate

        migrated = migrate.run()
        done = restoring.finish(made_at=None, before=None, at=clock.now())
        _tell(restoring.Restored(done, migrated, missing_keys={}, kept=[]), as_json=as_json)
        return
    _tell(restoring.restore(file, replace=replace, although_in_use=force, at=clock.now()), as_json=as_json)


def _check(file: Path, *, as_json: bool) -> None:
    from tessera.cli.backups.archive import unpack
    from tessera.cli.backups.manifest import encode

    manifest = unpack(file, None)
    if as_json:
        click.echo(encode(manifest).decode())
        return
    click.echo(
        f"Whole: made {manifest.made_at:%Y-%m-%dT%H:%M:%SZ} by Tessera {manifest.tessera} of a {manifest.database.kind}"
        f" database, {manifest.media.files:,} uploaded files."
    )
    for each in manifest.organizations:
        click.echo(f"{each.slug}: events up to {each.last_event:,}, epoch {each.epoch}")
    if manifest.encryption_keys:
        click.echo(f"Secrets in it open with the keys {', '.join(manifest.encryption_keys)}, which are not in it.")


def _tell(restored: "Restored", *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({**asdict(restored), "kept": [str(path) for path in restored.kept]}))
        return
    for line in restored.migrated:
        click.echo(line)
    for each in restored.organizations:
        gone = each.gone_until is not None and each.gone_until > each.after
        click.echo(
            f"{each.slug}: events up to {each.after:,}, then epoch {each.epoch}"
            + (f"; events {each.after + 1:,} to {each.gone_until:,} are gone" if gone else "")
        )
    for key, many in restored.missing_keys.items():
        click.echo(
            f"warning: {many:,} secrets open only with the key {key}, which TESSERA_ENCRYPTION_KEYS lacks", err=True
        )
    for path in restored.kept:
        click.echo(f"What was there before is kept in {path}: delete it when nobody wants it back.")
    click.echo(
        "Everybody has to sign in again. What was revoked after the backup was made works again: see docs/operating.md."
    )

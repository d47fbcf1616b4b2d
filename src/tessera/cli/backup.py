"""`tessera backup`: everything in one file."""

import json
from pathlib import Path

import click

from tessera.cli import project


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it is there; until the new one is whole, it stays.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(file: Path, force: bool, as_json: bool) -> None:
    """Write the database, as it is at one instant, and all uploaded files to FILE, mode 0600; - for standard output.

    Serving goes on meanwhile. The keys that secrets are sealed under are named in it and not in it: keep them apart.
    On PostgreSQL, `pg_dump` must be on the PATH, of the server's release or a later one.
    """
    project.start()
    from tessera.cli.backups.making import back_up, back_up_to_stdout
    from tessera.cli.backups.manifest import encode
    from tessera.core import clock

    streams = str(file) == "-"
    at = clock.now()
    made = back_up_to_stdout(at=at) if streams else back_up(file, overwrite=force, at=at)
    for name in made.left_out:
        click.echo(f"warning: left out, for it is no plain file or has an odd name: {name}", err=True)
    if as_json:
        told = {"file": str(file), "bytes": made.bytes, "left_out": made.left_out}
        click.echo(json.dumps({**told, "manifest": json.loads(encode(made.manifest))}), err=streams)
        return
    facts = {
        "organizations": len(made.manifest.organizations),
        "events": sum(each.last_event for each in made.manifest.organizations),
        "uploaded files": made.manifest.media.files,
    }
    size = "" if streams else f"{made.bytes:,} bytes; "
    click.echo(f"{file}: {size}{', '.join(f'{what}: {many:,}' for what, many in facts.items())}", err=streams)
    if made.manifest.encryption_keys:
        keys = ", ".join(made.manifest.encryption_keys)
        click.echo(f"Secrets in it open with the keys {keys}, which are not in it.", err=streams)

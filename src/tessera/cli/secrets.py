"""`tessera secrets`: the keys that stored secrets are sealed under."""

import json
from dataclasses import asdict

import click

from tessera.cli import project


@click.group("secrets")
def command() -> None:
    """Make keys for TESSERA_ENCRYPTION_KEYS, and bring what is sealed under the first of them."""


@command.command("make")
@click.option(
    "--name", default="", help="What sealed texts will call the key, such as 2026-11; otherwise made from it."
)
def make(name: str) -> None:
    """Print a new key, as it is written in TESSERA_ENCRYPTION_KEYS. Needs no setting and no database."""
    from tessera.core import encryption_keys

    try:
        click.echo(encryption_keys.make(name))
    except encryption_keys.EncryptionKeyInvalid as reason:
        raise click.BadParameter(str(reason), param_hint="--name") from reason


@command.command("rotate")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def rotate(ctx: click.Context, as_json: bool) -> None:
    """Seal every stored secret under the first key of TESSERA_ENCRYPTION_KEYS; exit code 1 if any is left.

    Safe while serving, and to stop and repeat. A key may be taken off the list once no secret is sealed under it.
    """
    project.start()
    from tessera.db import sealed, sealed_columns

    done = []
    for column in sealed_columns.declared():
        result = sealed_columns.reseal(column)
        done.append(result)
        if not as_json:
            click.echo(
                f"{result.column}: {result.resealed:,} resealed, {result.changed_meanwhile:,} changed meanwhile,"
                f" {result.unsealable:,} that no key opens"
            )
    first, in_use = sealed.first_key(), sealed_columns.keys_in_use()
    left = sum(in_use.values()) - in_use[first]
    if as_json:
        columns = [asdict(result) for result in done]
        click.echo(json.dumps({"key": first, "keys_in_use": dict(sorted(in_use.items())), "columns": columns}))
    elif left:
        click.echo(f"Not under the key {first}: {left:,}. See `tessera doctor`, or run this again.")
    else:
        click.echo(f"All secrets ({in_use[first]:,}) are under the key {first}.")
    ctx.exit(1 if left else 0)

"""`tessera signing-key`: the keys that sign tokens, listed, renewed and taken away by the operator."""

import json
from typing import TYPE_CHECKING

import click

from tessera.cli import project
from tessera.cli.columns import columns

if TYPE_CHECKING:
    from tessera.identity.signing_keys import KeyView


@click.group("signing-key")
def command() -> None:
    """See, renew and revoke the keys that sign access and app tokens. They are renewed by themselves every 90 days."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_keys(as_json: bool) -> None:
    """List the keys, the oldest first: id, what for, when it signs. There is none before the first token."""
    project.start()
    from tessera.core import clock
    from tessera.identity import signing_keys

    found = [_facts(key) for key in signing_keys.keys(clock.now())]
    if as_json:
        click.echo(json.dumps(found))
        return
    for line in columns(
        (each["kid"] or "", each["state"] or "", each["signs_from"] or "", each["signs_until"] or "") for each in found
    ):
        click.echo(line)


@command.command("rotate")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rotate(as_json: bool) -> None:
    """Publish the next key now; it signs a day later. If one waits already, nothing is done.

    A key that may be known to others is revoked instead.
    """
    project.start()
    from tessera.core import clock
    from tessera.events.types import Actor
    from tessera.identity import signing_keys

    key = signing_keys.rotate(at=clock.now(), actor=Actor.system("signing-key"))
    facts = _facts(key)
    click.echo(
        json.dumps(facts) if as_json else f"The key {key.kid} is published, and signs from {facts['signs_from']}."
    )


@command.command("revoke")
@click.argument("kid", metavar="KID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def revoke(kid: str, as_json: bool) -> None:
    """Have the key with this id count no more, at once and for good; another signs from now on.

    What it signed is refused here from now on, and elsewhere when the published keys are next fetched: within ten
    minutes where their Cache-Control is kept to.
    """
    project.start()
    from tessera.core import clock
    from tessera.events.types import Actor
    from tessera.identity import signing_keys

    key = signing_keys.revoke(kid=kid, at=clock.now(), actor=Actor.system("signing-key"))
    if as_json:
        click.echo(json.dumps({"revoked": kid, "signing": key.kid}))
        return
    click.echo(f"The key {kid} is revoked. {key.kid} signs.")


def _facts(key: "KeyView") -> dict[str, str | None]:
    from tessera.core.instants import instant_text

    instants = {
        name: None if instant is None else instant_text(instant)
        for name, instant in (
            ("created_at", key.created_at),
            ("signs_from", key.signs_from),
            ("signs_until", key.signs_until),
            ("revoked_at", key.revoked_at),
        )
    }
    return {"kid": key.kid, "state": key.state.value, **instants}

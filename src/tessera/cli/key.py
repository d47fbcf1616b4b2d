"""`tessera key`: API keys, made, listed and taken away by the operator."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from tessera.cli import project
from tessera.cli.columns import columns
from tessera.core.errors import Invalid

if TYPE_CHECKING:
    from tessera.organizations.queries import KeyRow

_ALL = "all"


class ScopeUnknown(Invalid):
    """Not one of the scopes in docs/scopes.md."""

    code = "scope_unknown"


@click.group("key")
def command() -> None:
    """Make, list and revoke API keys."""


@command.command("create")
@click.option("--organization", "slug", help="Whose key; not needed where there is only one organization.")
@click.option("--name", required=True, help="What it is for.")
@click.option("--scopes", required=True, help="Comma-separated, such as customers:read,access:read; or all.")
@click.option("--expires", help="When it ends, in real time: 2027-01-31 or 2027-01-31T00:00:00Z.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def create(slug: str | None, name: str, scopes: str, expires: str | None, as_json: bool) -> None:
    """Make a key and print it, once, alone on the last line."""
    project.start()
    from tessera import organizations
    from tessera.core import ids
    from tessera.events.types import Actor
    from tessera.http.scopes import Scope
    from tessera.organizations.keys import create_key

    known = {scope.value: scope for scope in Scope}
    asked = [part.strip() for part in scopes.split(",") if part.strip()]
    if unknown := [name for name in asked if name not in known and name != _ALL]:
        raise ScopeUnknown(f"there is no scope {', '.join(unknown)}; there are {', '.join(known)}")
    club = project.organization(slug)
    key, secret = create_key(
        organization=club,
        name=name,
        scopes=list(Scope) if _ALL in asked else [known[each] for each in asked],
        expires_at=None if expires is None else project.instant(expires, club),
        at=organizations.now(club),
        actor=Actor.system("key"),
    )
    if as_json:
        facts = {"id": ids.to_text(ids.Prefix.API_KEY, key.pk), "organization": club.slug, "scopes": key.scopes}
        click.echo(json.dumps({**facts, "key": secret}))
        return
    click.echo(f"A key of {club.name} for {key.name}. It is shown only now: keep it.")
    click.echo(secret)


@command.command("list")
@click.option("--organization", "slug", help="Whose keys; not needed where there is only one organization.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_keys(slug: str | None, as_json: bool) -> None:
    """List the keys, the newest first: id, how it begins, whether it works, last use, maker, name, scopes.

    A key works with the scopes its maker still has, and opens nothing while they are disabled: maker_disabled.
    """
    project.start()
    from tessera.core import clock
    from tessera.organizations.keys import keys_of_who_left
    from tessera.organizations.queries import keys_of

    club, at = project.organization(slug), clock.now()
    left = keys_of_who_left(club)
    found = [_facts(row, at, maker_left=row.id in left) for row in keys_of(club)]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for line in columns(
        (
            each["id"],
            f"{each['hint']}…",
            each["state"],
            each["last_used_at"] or "never used",
            each["made_by"] or "by the operator",
            each["name"],
            ",".join(each["scopes"]),
        )
        for each in found
    ):
        click.echo(line)


@command.command("revoke")
@click.argument("key_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def revoke(key_id: str, as_json: bool) -> None:
    """Take the key with this ID (key_…, see `tessera key list`) away, for good: its next request is refused.

    Doing it again does nothing.
    """
    project.start()
    from tessera import organizations
    from tessera.core import ids
    from tessera.events.types import Actor
    from tessera.organizations.errors import KeyUnknown
    from tessera.organizations.keys import organization_of_key, revoke_key

    key = ids.from_text(ids.Prefix.API_KEY, key_id)
    if key is None:
        raise KeyUnknown("a key's id is key_ and 26 more characters: see tessera key list")
    club = organization_of_key(key)
    revoke_key(organization=club, key_id=key, at=organizations.now(club), actor=Actor.system("key"))
    if as_json:
        click.echo(json.dumps({"id": key_id, "organization": club.slug, "state": "revoked"}))
        return
    click.echo(f"The key {key_id} of {club.name} is revoked.")


def _facts(row: "KeyRow", at: datetime, *, maker_left: bool) -> dict[str, Any]:
    from tessera.core import ids
    from tessera.core.instants import instant_text

    state = "works"
    if row.revoked_at is not None and row.revoked_at <= at:
        state = "revoked"
    elif row.expires_at is not None and row.expires_at <= at:
        state = "expired"
    elif maker_left:
        state = "maker_disabled"
    instants = {
        name: None if instant is None else instant_text(instant)
        for name, instant in (
            ("created_at", row.created_at),
            ("last_used_at", row.last_used_at),
            ("expires_at", row.expires_at),
            ("revoked_at", row.revoked_at),
        )
    }
    return {
        "id": ids.to_text(ids.Prefix.API_KEY, row.id),
        "name": row.name,
        "hint": row.hint,
        "state": state,
        "scopes": list(row.scopes),
        "made_by": row.made_by,
        **instants,
    }

"""`tessera key`: API keys, made by the operator."""

import json

import click

from tessera.cli import project
from tessera.core.errors import Invalid

_ALL = "all"


class ScopeUnknown(Invalid):
    """Not one of the scopes in docs/scopes.md."""

    code = "scope_unknown"


@click.group("key")
def command() -> None:
    """Make API keys."""


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

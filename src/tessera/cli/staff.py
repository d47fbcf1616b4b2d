"""`tessera staff`: who may sign in to the console."""

import json
import secrets
import sys

import click

from tessera.cli import project

_GENERATED_BYTES = 15  # 20 characters


@click.group("staff")
def command() -> None:
    """Let people sign in to the console."""


@command.command("add")
@click.option("--organization", "slug", help="Whose staff; not needed where there is only one organization.")
@click.option("--name", required=True)
@click.option("--email", required=True, help="What they sign in with.")
@click.option("--role", type=click.Choice(["owner", "manager", "finance", "front_desk", "viewer"]), default="owner")
@click.option("--generate-password", "generate", is_flag=True, help="Make a password and print it, once.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def add(slug: str | None, name: str, email: str, role: str, generate: bool, as_json: bool) -> None:
    """Let a person sign in. Asks for their password; where nobody can be asked, reads one line.

    Somebody who already signs in to another organization keeps name and password.
    """
    project.start()
    from tessera import organizations
    from tessera.core import ids
    from tessera.events.types import Actor
    from tessera.organizations.rights import Role
    from tessera.organizations.staff import add_staff

    club = project.organization(slug)
    password = secrets.token_urlsafe(_GENERATED_BYTES) if generate else _asked()
    member = add_staff(
        organization=club,
        name=name,
        email=email,
        password=password,
        role=Role(role),
        at=organizations.now(club),
        actor=Actor.system("staff"),
    )
    used = generate and member.user.check_password(password)
    if as_json:
        facts = {"id": ids.to_text(ids.Prefix.STAFF, member.pk), "organization": club.slug, "role": role}
        click.echo(json.dumps({**facts, "email": member.user.email, "password": password if used else None}))
        return
    click.echo(f"{member.user.name} <{member.user.email}> works for {club.name} as {Role(role).label.lower()}.")
    if used:
        click.echo("The password is shown only now:")
        click.echo(password)
    elif generate:
        click.echo("They sign in with the password they already have.")


def _asked() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password

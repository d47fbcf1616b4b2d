"""`tessera staff`: who may sign in to the console."""

import json
import secrets
import sys
from typing import TYPE_CHECKING

import click

from tessera.cli import project
from tessera.cli.columns import columns

if TYPE_CHECKING:
    from tessera.organizations.models import Organization, Staff

_GENERATED_BYTES = 15  # 20 characters


@click.group("staff")
def command() -> None:
    """Let people sign in to the console, and stop them."""


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


@command.command("list")
@click.option("--organization", "slug", help="Whose staff; not needed where there is only one organization.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_staff(slug: str | None, as_json: bool) -> None:
    """List who works or worked for the organization: e-mail, name, role, and who is disabled."""
    project.start()
    from tessera.core import ids
    from tessera.organizations.queries import staff_of

    found = staff_of(project.organization(slug))
    if as_json:
        facts = [
            {
                "id": ids.to_text(ids.Prefix.STAFF, row.id),
                "email": row.email,
                "name": row.name,
                "role": str(row.role),
                "disabled": row.disabled,
            }
            for row in found
        ]
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    for line in columns((row.email, row.name, str(row.role), "disabled" if row.disabled else "") for row in found):
        click.echo(line)


@command.command("disable")
@click.argument("email")
@click.option("--organization", "slug", help="Where; not needed if there is only one organization.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def disable(email: str, slug: str | None, as_json: bool) -> None:
    """Shut a person out of the organization: the console, in every session, and every key they made.

    It holds from their next request on. What they do for other organizations stays theirs.
    """
    project.start()
    from tessera import organizations
    from tessera.events.types import Actor
    from tessera.organizations.staff import disable_staff, staff_by_email

    club = project.organization(slug)
    member = staff_by_email(club, email)
    disable_staff(staff=member, at=organizations.now(club), actor=Actor.system("staff"))
    _say(club, member, f"{member.user.email} and the keys they made may do nothing for {club.name} any more.", as_json)


@command.command("enable")
@click.argument("email")
@click.option("--organization", "slug", help="Where; not needed if there is only one organization.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def enable(email: str, slug: str | None, as_json: bool) -> None:
    """Let a disabled person work for the organization again, in the role they had. Their keys work again too."""
    project.start()
    from tessera import organizations
    from tessera.events.types import Actor
    from tessera.organizations.rights import Role
    from tessera.organizations.staff import enable_staff, staff_by_email

    club = project.organization(slug)
    member = staff_by_email(club, email)
    enable_staff(staff=member, at=organizations.now(club), actor=Actor.system("staff"))
    role = Role(member.role).label.lower()
    _say(club, member, f"{member.user.email} works for {club.name} as {role}.", as_json)


@command.command("password")
@click.argument("email")
@click.option("--generate-password", "generate", is_flag=True, help="Make a password and print it, once.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def password(email: str, generate: bool, as_json: bool) -> None:
    """Give a person another password and sign them out everywhere. Asks for it; otherwise reads one line."""
    project.start()
    from tessera import organizations
    from tessera.events.types import Actor
    from tessera.organizations.staff import set_password, user_by_email

    user = user_by_email(email)
    chosen = secrets.token_urlsafe(_GENERATED_BYTES) if generate else _asked()
    set_password(user=user, password=chosen, now=organizations.now, actor=Actor.system("staff"))
    if as_json:
        click.echo(json.dumps({"email": user.email, "password": chosen if generate else None}))
        return
    click.echo(f"{user.email} has a new password and is signed out everywhere.")
    if generate:
        click.echo("It is shown only now:")
        click.echo(chosen)


@command.command("reset-factors")
@click.argument("email")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def reset_factors(email: str, as_json: bool) -> None:
    """Take a person's second factors and recovery codes away, and sign them out everywhere.

    For somebody who has lost them all. Where their role needs one, they set a new one up as they sign in.
    """
    project.start()
    from tessera.events.types import Actor
    from tessera.organizations.rescuing import reset_for
    from tessera.organizations.staff import user_by_email

    user = user_by_email(email)
    had_some = reset_for(user=user, actor=Actor.system("staff"))
    if as_json:
        click.echo(json.dumps({"email": user.email, "removed": had_some}))
    elif had_some:
        click.echo(f"{user.email} has no second factor any more, and is signed out everywhere.")
    else:
        click.echo(f"{user.email} had no second factor.")


def _say(club: "Organization", member: "Staff", sentence: str, as_json: bool) -> None:
    if not as_json:
        click.echo(sentence)
        return
    from tessera.core import ids

    member.refresh_from_db()
    facts = {"id": ids.to_text(ids.Prefix.STAFF, member.pk), "organization": club.slug, "role": member.role}
    click.echo(json.dumps({**facts, "email": member.user.email, "disabled": member.disabled_at is not None}))


def _asked() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password

"""`tessera organization`: founding organizations."""

import json

import click

from tessera.cli import project


@click.group("organization")
def command() -> None:
    """Found organizations."""


@command.command("create")
@click.argument("name")
@click.option("--timezone", "time_zone", required=True, help="IANA name, such as Europe/London.")
@click.option("--currency", required=True, help="ISO 4217, such as GBP.")
@click.option("--slug", help="What it is called in addresses; made from the name if not given.")
@click.option("--locale", default="en-GB", show_default=True)
@click.option("--test", "is_test", is_flag=True, help="One for tests, with a clock of its own that stands still.")
@click.option("--now", "starts_at", help="Where a test organization's clock stands at first; otherwise at real time.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def create(
    name: str,
    time_zone: str,
    currency: str,
    slug: str | None,
    locale: str,
    is_test: bool,
    starts_at: str | None,
    as_json: bool,
) -> None:
    """Found an organization."""
    if starts_at is not None and not is_test:
        raise click.UsageError("--now belongs to a test organization: say --test too")
    project.start()
    from django.utils.text import slugify

    from tessera.core import clock, ids
    from tessera.core.instants import instant_text
    from tessera.events.types import Actor
    from tessera.organizations import rules
    from tessera.organizations.models import Organization
    from tessera.organizations.services import create_organization

    at = clock.now()
    test_now = at if is_test else None
    if starts_at is not None:
        test_now = project.instant(starts_at, Organization(time_zone=rules.check_time_zone(time_zone)))
    made = create_organization(
        slug=slug if slug is not None else slugify(name)[:60].strip("-"),
        name=name,
        time_zone=time_zone,
        currency=currency.upper(),
        locale=locale,
        test_now=test_now,
        at=at,
        actor=Actor.system("organization"),
    )
    facts = {
        "id": ids.to_text(ids.Prefix.ORGANIZATION, made.pk),
        "slug": made.slug,
        "name": made.name,
        "time_zone": made.time_zone,
        "currency": made.currency,
        "test": made.is_test,
        "now": instant_text(made.test_now) if made.test_now is not None else None,
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    kind = f"for tests, its clock at {facts['now']}" if made.is_test else "live"
    click.echo(f"{made.name} is founded ({kind}). In addresses and commands it is called:")
    click.echo(made.slug)

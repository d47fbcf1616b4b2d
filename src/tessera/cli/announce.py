"""`tessera announce`: records the expiries that are due, for whoever runs no worker."""

import json

import click

from tessera.cli import project


@click.command("announce")
@click.option("--organization", "slug", help="Only this one; otherwise all.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(slug: str | None, as_json: bool) -> None:
    """Record `membership.expired` once for each membership past its end and grace.

    Expiry itself needs no command: this only records it. Two at once do no harm, and what was missed is caught up with.
    """
    project.start()
    from tessera import organizations
    from tessera.memberships.expiring import announce_expiries
    from tessera.organizations.models import Organization

    chosen = Organization.objects.order_by("slug") if slug is None else [project.organization(slug)]
    announced = {each.slug: announce_expiries(organization=each, at=organizations.now(each)) for each in chosen}
    if as_json:
        click.echo(json.dumps({"announced": sum(announced.values()), "organizations": announced}))
        return
    total = sum(announced.values())
    click.echo(f"{total} {'expiry' if total == 1 else 'expiries'} announced")

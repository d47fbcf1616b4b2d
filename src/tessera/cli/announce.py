"""`tessera announce`: records what has come of memberships, for whoever runs no worker."""

import json
from collections import Counter
from collections.abc import Mapping

import click

from tessera.cli import project

_WORDS = {
    "membership.started": ("start", "starts"),
    "membership.pause_started": ("pause begun", "pauses begun"),
    "membership.pause_ended": ("pause over", "pauses over"),
    "membership.renewal_due": ("renewal due", "renewals due"),
    "membership.expiry_due": ("expiry to come", "expiries to come"),
    "membership.expired": ("expiry", "expiries"),
}


@click.command("announce")
@click.option("--organization", "slug", help="Only this one; otherwise all.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(slug: str | None, as_json: bool) -> None:
    """Record what has come of memberships with nobody doing anything, once each.

    That they have started or expired, that a planned pause has begun or is over, and that their end is near, as many
    days before it as the organization wants. It comes by itself and needs no command: this only records it. Two at once
    do no harm, and what was missed is caught up with.
    """
    project.start()
    from tessera import organizations
    from tessera.memberships.announcing import announce
    from tessera.organizations.models import Organization

    chosen = Organization.objects.order_by("slug") if slug is None else [project.organization(slug)]
    announced = {each.slug: announce(organization=each, at=organizations.now(each)) for each in chosen}
    kinds: Counter[str] = Counter()
    for found in announced.values():
        kinds.update(found)
    if as_json:
        by_organization = {each: found.total() for each, found in announced.items()}
        click.echo(json.dumps({"announced": kinds.total(), "organizations": by_organization, "kinds": kinds}))
        return
    click.echo(f"announced: {in_words(kinds)}")


def in_words(kinds: Mapping[str, int]) -> str:
    """Return how many there are of each kind: "1 start, 2 expiries"."""
    said = [f"{many} {_WORDS[kind][many != 1]}" for kind in _WORDS if (many := kinds.get(kind, 0))]
    return ", ".join(said) or "nothing, for nothing was due"

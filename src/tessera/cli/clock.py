"""`tessera clock`: a test organization's own time."""

import json

import click

from tessera.cli import project


@click.command("clock")
@click.argument("slug", metavar="ORGANIZATION")
@click.argument("time", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(slug: str, time: str | None, as_json: bool) -> None:
    """Print where the clock of a test ORGANIZATION stands; with a TIME, move it forward to it first.

    TIME is an instant (2026-03-31T10:00:00Z) or local wall-clock time of the organization (2026-03-31). All that falls
    due on the way happens at its own instant.
    """
    project.start()
    from tessera.core.instants import instant_text
    from tessera.events.types import Actor
    from tessera.organizations.clock import move_clock
    from tessera.organizations.queries import organization_by_slug, test_clock

    club = organization_by_slug(slug)
    clock = test_clock(club)
    if time is not None:
        move_clock(organization=club, to=project.instant(time, club), at=clock.now, actor=Actor.system("clock"))
        clock = test_clock(club)
    if as_json:
        status = "advancing" if clock.advancing else "ready"
        click.echo(json.dumps({"now": instant_text(clock.now), "status": status}))
        return
    click.echo(instant_text(clock.now))

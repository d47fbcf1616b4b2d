"""`tessera export`: a list as CSV, into a file or to stdout."""

import shutil
import sys
from pathlib import Path

import click

from tessera.cli import project
from tessera.core.errors import Invalid

_LISTS = ("customers", "companies", "affiliations", "memberships", "events", "plans")


class FilterUnreadable(Invalid):
    """Not NAME=VALUE, or not a filter of the list."""

    code = "filter_unreadable"


@click.command("export")
@click.argument("name", metavar="LIST", type=click.Choice(_LISTS))
@click.option("--organization", "slug", help="Whose; not needed where there is only one organization.")
@click.option("--filter", "filters", multiple=True, metavar="NAME=VALUE", help="Such as status=active; again for each.")
@click.option("--excel", is_flag=True, help="For a spreadsheet: a mark of UTF-8, separated as the country expects.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Into this file; else to stdout.")
def command(name: str, slug: str | None, filters: tuple[str, ...], excel: bool, output: Path | None) -> None:
    """Export a LIST: customers, companies, affiliations, memberships, events or plans.

    It is of one instant. That it was taken along is in the log. A file is made for its owner's eyes only.
    """
    project.start()
    from tessera import organizations
    from tessera.events.types import Actor
    from tessera.transfer import exporting
    from tessera.transfer.lists import list_named

    club, actor = project.organization(slug), Actor.system("export")
    told = dict(part.partition("=")[::2] for part in filters)
    known = list_named(name).filters
    if unknown := [each for each in told if each not in known]:
        raise FilterUnreadable(
            f"{name} cannot be filtered by {', '.join(unknown)}; only by {', '.join(known) or 'nothing'}"
        )
    at = organizations.now(club)
    row = exporting.request(organization=club, name=name, filters=told, selection=None, excel=excel, at=at, actor=actor)
    try:
        many = exporting.write(row, at=at)
        with exporting.download(organization=club, export_id=row.pk, at=at, actor=actor) as source:
            if output is None:
                shutil.copyfileobj(source, sys.stdout.buffer)
                sys.stdout.buffer.flush()
            else:
                output.touch(mode=0o600, exist_ok=True)
                with output.open("wb") as target:
                    shutil.copyfileobj(source, target)
                output.chmod(0o600)
    finally:
        exporting.remove(organization=club, export_id=row.pk, at=at, actor=actor)
    click.echo(f"{many:,} rows", err=True)

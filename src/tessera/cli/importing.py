"""`tessera import`: a file of another system, checked and then written, with a bar."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tessera.cli import project
from tessera.cli.moving import bar
from tessera.core.errors import Invalid

if TYPE_CHECKING:
    from tessera.transfer.models import Import
    from tessera.transfer.queries import ImportFacts
    from tessera.transfer.types import Setup

_SOME_LEFT_OUT = 3
_KINDS = ("customers", "companies", "affiliations", "memberships")
_MATCHES = ("external_id", "number", "email", "verified_email", "name")


class MappingUnreadable(Invalid):
    """Not FIELD=COLUMN or FIELD=VALUE."""

    code = "mapping_unreadable"


@click.command("import")
@click.argument("kind", type=click.Choice(_KINDS))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--organization", "slug", help="Whose; not needed where there is only one organization.")
@click.option(
    "--map", "maps", multiple=True, metavar="FIELD=COLUMN", help="Which column holds a field; again for each."
)
@click.option(
    "--set", "constants", multiple=True, metavar="FIELD=VALUE", help="What rows have where the file has none."
)
@click.option("--dates", type=click.Choice(("iso", "dmy", "mdy")), help="How days are written; found out if not given.")
@click.option("--match", type=click.Choice(_MATCHES), multiple=True, help="What tells that a row is known already.")
@click.option("--on-duplicate", type=click.Choice(("skip", "update", "refuse")), default="skip", show_default=True)
@click.option("--welcome", is_flag=True, help="Send each new holder of a membership the welcome mail.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--errors", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Rows left out go here.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(
    context: click.Context,
    kind: str,
    file: Path,
    slug: str | None,
    maps: tuple[str, ...],
    constants: tuple[str, ...],
    dates: str | None,
    match: tuple[str, ...],
    on_duplicate: str,
    welcome: bool,
    dry_run: bool,
    errors: Path | None,
    as_json: bool,
) -> None:
    """Import rows of FILE, a CSV file with a first row of headers, as KIND.

    Columns are recognised by their headers, in English, German and French; --map says what they do not. All rows are
    checked before the first is written. Stopped in between, a worker goes on with it.

    Exit code 0: all rows are in; 3: some were left out (see --errors); 1: refused as a whole; 2: not understood.
    """
    project.start()
    from tessera import organizations
    from tessera.events.types import Actor
    from tessera.transfer import importing
    from tessera.transfer.types import ImportStatus, Kind

    club, actor = project.organization(slug), Actor.system("import")
    at = organizations.now(club)
    with file.open("rb") as source:
        row = importing.upload(
            organization=club, kind=Kind(kind), source=source, file_name=file.name, at=at, actor=actor
        )
    setup = _setup(row, maps, constants, dates, match, on_duplicate, welcome=welcome)
    importing.prepare(organization=club, import_id=row.pk, setup=setup, at=at, actor=actor)
    found = _work(row, "checking")
    if not dry_run and found.status is ImportStatus.CHECKED and found.checked.created + found.checked.updated:
        importing.start(organization=club, import_id=row.pk, at=at, actor=actor)
        found = _work(row, "importing")
    if errors is not None:
        from tessera.transfer.mending import left_out_csv

        with errors.open("w", encoding="utf-8", newline="") as target:
            target.writelines(left_out_csv(found))
    _say(found, dry_run=dry_run, as_json=as_json)
    if dry_run:
        importing.cancel(organization=club, import_id=row.pk, at=at, actor=actor)
    tally = found.written if found.started_at is not None else found.checked
    if found.status is ImportStatus.FAILED:
        context.exit(1)
    context.exit(_SOME_LEFT_OUT if tally.refused else 0)


def _setup(
    row: "Import",
    maps: tuple[str, ...],
    constants: tuple[str, ...],
    dates: str | None,
    match: tuple[str, ...],
    on_duplicate: str,
    *,
    welcome: bool,
) -> "Setup":
    from tessera.core import ids
    from tessera.transfer import cells, queries
    from tessera.transfer.fields import FIELDS, MATCHES
    from tessera.transfer.types import DateOrder, Kind, Match, Policy, Setup

    found = queries.import_by_ref(row.organization, ids.to_text(ids.Prefix.IMPORT, row.pk))
    columns, _last = queries.proposed(row.organization, found)
    for name, header in map(_parted, maps):
        places = {each.casefold(): place for place, each in enumerate(found.headers)}
        if header.casefold() not in places:
            raise MappingUnreadable(f"there is no column {header!r}; there are {', '.join(found.headers)[:300]}")
        columns[name] = places[header.casefold()]
    order = DateOrder(dates) if dates else None
    if order is None:
        days = [columns[each.name] for each in FIELDS[found.kind] if each.is_date and each.name in columns]
        texts = [line.cells[at] for line in queries.first_rows(found, 50) for at in days if at < len(line.cells)]
        order = cells.likely_order(texts, month_first=row.organization.locale == "en-US")
    usual = tuple(each for each in MATCHES[Kind(row.kind)] if each not in (Match.EMAIL, Match.VERIFIED_EMAIL))
    return Setup(
        columns=columns,
        constants=dict(map(_parted, constants)),
        dates=order,
        match=tuple(Match(each) for each in match) or usual,
        policy=Policy(on_duplicate),
        welcome=welcome,
    )


def _parted(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise MappingUnreadable(f"{text[:60]!r} is not FIELD=VALUE, such as first_name=Vorname")
    return name.strip(), value.strip()


def _work(row: "Import", what: str) -> "ImportFacts":
    from tessera import db
    from tessera.core import ids
    from tessera.transfer import blocks, queries

    ref = ids.to_text(ids.Prefix.IMPORT, row.pk)

    def facts() -> "ImportFacts":
        return queries.import_by_ref(row.organization, ref)

    def step() -> bool:
        return db.retrying_deadlocks(lambda: blocks.advance(row.pk))

    _with_bar(step, facts, what)
    return facts()


def _with_bar(step: Callable[[], bool], facts: "Callable[[], ImportFacts]", what: str) -> None:
    with bar(what) as told:
        while step():
            now = facts()
            told(now.percent, f"{now.rows:,} rows")


def _say(found: "ImportFacts", *, dry_run: bool, as_json: bool) -> None:
    from tessera.core import ids
    from tessera.transfer import queries

    tally = found.written if found.started_at is not None else found.checked
    if as_json:
        counts = {name: getattr(tally, name) for name in ("created", "updated", "skipped", "refused")}
        key = ids.to_text(ids.Prefix.IMPORT, found.id)
        click.echo(json.dumps({"import": key, "status": found.status, "dry_run": dry_run, **counts}))
        return
    would = "would be " if found.started_at is None else ""
    click.echo(
        f"{tally.created:,} {would}created, {tally.updated:,} {would}updated, "
        f"{tally.skipped:,} passed over, {tally.refused:,} refused"
    )
    if found.failure:
        click.echo(found.failure, err=True)
    for each in queries.reasons(found):
        click.echo(f"  {each.many:,} of {each.code}: {each.detail} (first on line {each.line})", err=True)

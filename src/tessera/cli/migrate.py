"""`tessera migrate`: the database, brought up to this version."""

import click

from tessera.cli import project


@click.command("migrate")
def command() -> None:
    """Make the database's tables, or bring them up to this version. Safe to repeat. Back up first."""
    project.start()
    for line in run():
        click.echo(line)


def run() -> list[str]:
    """Migrate, have the database count its rows, and return what was done, in words. Raises SchemaAhead."""
    from django.core.management import call_command

    from tessera.config import boot
    from tessera.db import health

    before = health.schema()
    if before.unknown:
        boot.refuse_wrong_schema()
    if before.missing:
        call_command("migrate", interactive=False, verbosity=0)
        health.analyze()
        done = f"{len(before.missing)} migrations were applied."
    else:
        health.analyze()
        done = "The database is up to date."
    return [done, *(f"warning: {each}" for each in boot.warnings())]

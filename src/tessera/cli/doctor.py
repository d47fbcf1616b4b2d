"""`tessera doctor`: examines the database."""

import json
from dataclasses import asdict

import click

from tessera.cli import project


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Examine the database and say what is wrong; exit code 1 if anything is. It changes nothing."""
    project.start()
    from tessera.cli.examination import examine

    results = []
    for result in examine():
        results.append(result)
        if as_json:
            continue
        mark = click.style("wrong", fg="red", bold=True) if result.wrong else click.style("ok   ", fg="green")
        click.echo(f"{mark}  {result.what} ({result.examined:,} examined, {result.wrong:,} wrong)")
        for example in result.examples:
            click.echo(f"         {example}")
    wrong = any(result.wrong for result in results)
    if as_json:
        click.echo(json.dumps({"ok": not wrong, "checks": [asdict(result) for result in results]}))
    ctx.exit(1 if wrong else 0)

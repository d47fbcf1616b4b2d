"""`tessera schedule`: the terms that a rule makes, without a database."""

import json
from datetime import datetime

import click

from tessera.core import local_time, periods
from tessera.core.periods import Anchor, FixedCycle, Interval


@click.command("schedule")
@click.option("--start", "starts", required=True, help="Local wall-clock time: 2026-01-31, 2026-01-31T09:00.")
@click.option("--every", type=click.Choice([each.value for each in Interval]), help="The interval of the price.")
@click.option("--count", type=int, default=1, show_default=True, help="Intervals a term; of a fixed cycle: years.")
@click.option("--zone", "zone_name", default="UTC", show_default=True, help="IANA time zone.")
@click.option("--anchor-day", type=int, help="Day of the month that is meant, where the start's month is shorter.")
@click.option("--take", type=int, default=12, show_default=True, help="How many terms.")
@click.option("--fixed-start", help="A fixed cycle begins yearly on this day: MM-DD.")
@click.option("--rollover", help="Joining on or after this day adds a year: MM-DD.")
def command(
    starts: str,
    every: str | None,
    count: int,
    zone_name: str,
    anchor_day: int | None,
    take: int,
    fixed_start: str | None,
    rollover: str | None,
) -> None:
    """Print a JSON list of terms: starts_at and ends_at (UTC; the end is exclusive), last_day (local)."""
    if every is None and fixed_start is None:
        raise click.UsageError("say --every day, week, month or year")
    if rollover is not None and fixed_start is None:
        raise click.UsageError("--rollover belongs to a fixed cycle: say --fixed-start too")
    zone = local_time.zone_named(zone_name)
    listed = periods.terms(
        Anchor.on(_wall_clock(starts), day=anchor_day),
        every=Interval(every or Interval.YEAR),
        count=count,
        zone=zone,
        take=take,
        cycle=FixedCycle.parse(fixed_start, rollover) if fixed_start is not None else None,
    )
    lines = [
        {
            "starts_at": _text(starts_at),
            "ends_at": _text(ends_at),
            "last_day": local_time.last_day(ends_at, zone).isoformat(),
        }
        for starts_at, ends_at in listed
    ]
    click.echo(json.dumps(lines, indent=2))


def _wall_clock(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as reason:
        wrong = f"{text!r} is not a day or time such as 2026-01-31T09:00"
        raise click.BadParameter(wrong, param_hint="--start") from reason


def _text(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")

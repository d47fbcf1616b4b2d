"""`tessera jobs`: what is to be done, and what was given up."""

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from tessera.cli import project
from tessera.cli.columns import columns

if TYPE_CHECKING:
    from tessera.jobs.parked import Parked


@click.group("jobs")
def command() -> None:
    """See jobs that failed for good, run them again, or drop them."""


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Say how many jobs wait, run and are parked, and for how long the first has been due."""
    project.start()
    from tessera.core import clock
    from tessera.jobs.parked import standing

    at = clock.now()
    found = standing(at=at)
    if as_json:
        click.echo(json.dumps({**found.counts, "due_seconds": found.due_seconds}))
        return
    for state, many in found.counts.items():
        click.echo(f"{state:8} {many:,}")
    if found.due_seconds:
        click.echo(f"the first of those that are due has waited {found.due_seconds:.0f} s: does a worker run?")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with all that is known of each failure.")
def list_jobs(as_json: bool) -> None:
    """List parked jobs, the latest first: id, when it was given up, task, failures, why."""
    project.start()
    from tessera.jobs.parked import parked_jobs

    found = [_facts(job) for job in parked_jobs(everywhere=True)]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    if not found:
        click.echo("No job was given up.")
    for line in columns(
        (each["id"], each["parked_at"] or "", each["task"], str(each["failures"]), each["error"]) for each in found
    ):
        click.echo(line)


@command.command("retry")
@click.argument("job_ids", metavar="ID…", nargs=-1, required=True)
def retry(job_ids: tuple[str, ...]) -> None:
    """Have parked jobs (job_…, see `tessera jobs list`) carried out again, as if they were new."""
    project.start()
    from tessera.jobs.parked import run_again

    for job_id in job_ids:
        job = run_again(_key(job_id), everywhere=True)
        click.echo(f"{job_id} ({job.task}) will be carried out again.")


@command.command("drop")
@click.argument("job_ids", metavar="ID…", nargs=-1, required=True)
def drop(job_ids: tuple[str, ...]) -> None:
    """Give parked jobs up for good."""
    project.start()
    from tessera.jobs.parked import drop

    for job_id in job_ids:
        job = drop(_key(job_id), everywhere=True)
        click.echo(f"{job_id} ({job.task}) is dropped.")


def _key(text: str) -> UUID:
    from tessera.core import ids
    from tessera.jobs.parked import JobUnknown

    key = ids.from_text(ids.Prefix.JOB, text)
    if key is None:
        raise JobUnknown("a job's id is job_ and 26 more characters: see tessera jobs list")
    return key


def _facts(job: "Parked") -> dict[str, Any]:
    from tessera.core import ids
    from tessera.core.instants import instant_text

    return {
        "id": ids.to_text(ids.Prefix.JOB, job.id),
        "organization": job.organization_id and ids.to_text(ids.Prefix.ORGANIZATION, job.organization_id),
        "task": job.task,
        "arguments": job.arguments,
        "failures": job.failures,
        "losses": job.losses,
        "parked_at": job.parked_at and instant_text(job.parked_at),
        "error": job.error,
        "trace": job.trace,
    }

"""`tessera worker`: carries out jobs, beside any number of web processes and other workers."""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import Final

import click

from tessera.cli import project
from tessera.cli.supervising import Part, supervise

_NICENESS: Final = 10


@click.command("worker")
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="How many workers to run.")
def command(processes: int) -> None:
    """Carry out jobs (announcing, webhooks, mails) until told to stop (SIGTERM, Ctrl-C).

    `tessera serve` runs one by itself. Any number at once is fine; one of them leads.
    """
    if processes > 1:
        sys.exit(supervise([Part(f"worker {number}", ("worker",)) for number in range(1, processes + 1)]))
    # A connection for each thread: one that waits for somebody's answer must not keep another from its work.
    os.environ.pop("TESSERA_DATABASE_POOL_FILE", None)
    os.environ["TESSERA_DATABASE_POOL"] = "0"
    project.start()
    run()


def run() -> None:
    """Work in this process until told to stop. Raises SchemaBehind, SchemaAhead."""
    from django.conf import settings

    from tessera.config import boot
    from tessera.config.schedule import SCHEDULE
    from tessera.jobs.types import Queue
    from tessera.jobs.worker import Worker

    boot.refuse_wrong_schema()
    with suppress(OSError):  # whoever waits at a door comes before what happens afterwards
        os.nice(_NICENESS)
    worker = Worker(SCHEDULE, threads={Queue.DEFAULT: 1, Queue.NETWORK: settings.NETWORK_THREADS})

    def stop(number: int, frame: FrameType | None) -> None:
        worker.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    worker.run()

"""A midnight at which many memberships end: how long announcing them takes, and how long others wait to write.

`python -m benchmarks.announcing` is the other writer: it makes a small change every 20 ms until its standard input
ends, and then prints how many seconds each took.
"""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import django

from benchmarks.report import Result

_ROOT = Path(__file__).resolve().parent.parent
_EVERY_SECONDS = 0.02


def measure(database: str, *, many: int) -> Iterator[Result]:
    """Announce the expiries of `many` memberships, next to somebody who changes something else all the time."""
    from benchmarks import crowd as crowds
    from tessera.memberships import announcing

    midnight = crowds.AT + timedelta(days=31)
    club = crowds.found()
    crowds.ending(club, many, at=midnight)
    waits: list[float] = []
    with _another_writer(waits):
        began = time.perf_counter()
        announced = announcing.run_due(organization=club.club, at=midnight)
        seconds = time.perf_counter() - began
    assert announced == many
    yield Result(
        f"announcing {many:,} expiries of one midnight",
        database,
        300,
        at_most=True,
        unit=" s",
        value=seconds,
        note=f"{many / seconds:.0f} a second",
    )
    waits.sort()
    yield Result(
        "a change meanwhile, 99th percentile",
        database,
        250,
        at_most=True,
        unit=" ms",
        value=waits[len(waits) * 99 // 100] * 1e3 if waits else None,
        note=f"median {statistics.median(waits) * 1e3:.1f} ms, longest {waits[-1] * 1e3:.0f} ms" if waits else "",
    )


@contextmanager
def _another_writer(waits: list[float]) -> Iterator[None]:
    """Run the other writer for the length of the block; what it waited is appended then."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.announcing"],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdin is not None and writer.stdout is not None
    writer.stdout.readline()  # it has begun
    try:
        yield
    finally:
        output, _ = writer.communicate()
        waits.extend(json.loads(output))


def _write_all_the_time() -> None:
    from django.db.models import F

    from tessera import db
    from tessera.organizations.models import Organization
    from tests import make

    club = make.organization("Somebody else", slug="somebody-else")
    told = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), told.set()), daemon=True).start()
    waits = []
    sys.stdout.write("writing\n")
    sys.stdout.flush()
    while not told.wait(_EVERY_SECONDS):
        began = time.perf_counter()
        with db.transaction():
            Organization.objects.filter(pk=club.pk).update(version=F("version") + 1)
        waits.append(time.perf_counter() - began)
    sys.stdout.write(json.dumps(waits))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tessera.config.settings")
    django.setup()
    _write_all_the_time()

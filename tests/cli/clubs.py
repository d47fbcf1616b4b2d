"""Installations with a club in them, for tests of what operators do to a whole database."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.cli.installation import Installation, fresh

# What a restore changes, and nothing else: see tests/cli/test_restore.py.
CHANGED_BY_RESTORE = frozenset({"django_session", "events_event", "events_eventcounter", "events_feedepoch"})


@contextmanager
def with_a_club(home: Path) -> Iterator[Installation]:
    """Yield an installation in which a club has lived for a year."""
    with fresh(home) as installation:
        installation.migrate()
        environment = {**installation.environ, "DJANGO_SETTINGS_MODULE": "tessera.config.settings"}
        subprocess.run([sys.executable, "-m", "tests.migrations"], env=environment, check=True, timeout=90)
        yield installation


def that_stay(rows: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return all rows but those that a restore adds, changes or takes away."""
    return {name: found for name, found in rows.items() if name not in CHANGED_BY_RESTORE}

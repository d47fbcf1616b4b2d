"""Installations with a club in them: a new one with its staff, or one with a year behind it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.cli import founding, templates
from tests.cli.installation import Installation, Server, fresh

MAIL = {"TESSERA_MAIL_URL": "mailbox:", "TESSERA_MAIL_FROM": "Strand House <hello@strand.example>"}

# What a restore changes, and nothing else: see tests/cli/test_restore.py.
CHANGED_BY_RESTORE = frozenset({"django_session", "events_event", "events_eventcounter", "events_feedepoch"})


@contextmanager
def founded(home: Path, *, test: bool = False, settings: Mapping[str, str] | None = None) -> Iterator[Installation]:
    """Yield an installation with a new club, its staff and its key (tests/cli/founding.py): live, or for tests."""
    with fresh(home) as empty:
        installation = Installation({**empty.environ, **(settings or {})})
        templates.lay(installation.environ, templates.made_by("tests.cli.founding", *(["--test"] if test else [])))
        yield installation


@contextmanager
def served(home: Path, *, test: bool = False, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Serve such an installation; yield its server, with the key to call it."""
    with founded(home, test=test, settings=settings) as installation, installation.served() as server:
        yield replace(server, key=founding.key(test=test))


@contextmanager
def with_a_club(home: Path) -> Iterator[Installation]:
    """Yield an installation in which a club has lived for a year."""
    with fresh(home) as installation:
        templates.lay(installation.environ, templates.made_by("tests.migrations"))
        yield installation


def that_stay(rows: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return all rows but those that a restore adds, changes or takes away."""
    return {name: found for name, found in rows.items() if name not in CHANGED_BY_RESTORE}

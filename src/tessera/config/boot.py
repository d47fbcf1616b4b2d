"""What must hold before the installation serves, and what begins with each process that does."""

import gc
import logging
import os
from ipaddress import ip_address
from multiprocessing import parent_process
from multiprocessing.util import Finalize
from signal import SIGKILL
from typing import Final

from django.conf import settings
from django.db import DatabaseError
from django.urls import get_resolver

from tessera.config.env import PREFIX
from tessera.core.errors import Conflict
from tessera.db import checks, health
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.jobs.processes import end_with_parent
from tessera.organizations import last_use
from tessera.organizations.models import Organization

_WARMING: Final = 20  # full collections; templates, addresses and catalogues are loaded by then
DEMO_ACTOR = Actor.system("demo")
_KNOWN_PASSWORDS = (
    "this database has made-up people with known passwords: serve it with `tessera demo`, on 127.0.0.1 only"
)

log = logging.getLogger(__name__)


class SchemaBehind(Conflict):
    """The database lacks migrations of this version."""

    code = "schema_behind"


class SchemaAhead(Conflict):
    """The database was migrated by a later version than this one."""

    code = "schema_ahead"


class RestoreUnfinished(Conflict):
    """A restore has put tables into the database and was stopped before its end."""

    code = "restore_unfinished"


class DemoInTheOpen(Conflict):
    """The database has made-up people with known passwords, and is to be served where others can reach it."""

    code = "demo_in_the_open"


def refuse_wrong_schema() -> None:
    """Raises SchemaAhead or SchemaBehind unless the database is exactly of this version; RestoreUnfinished."""
    found = health.schema()
    if health.half_restored():
        raise RestoreUnfinished(
            "a restore was stopped before its end: run it again, or `tessera restore --by-other-means` to finish it"
        )
    if found.unknown:
        raise SchemaAhead(
            "the database is of a later version: it has " + ", ".join(found.unknown) + "; run that version instead"
        )
    if found.missing:
        raise SchemaBehind(
            f"the database lacks {len(found.missing)} migrations, first {found.missing[0]}: run `tessera migrate`"
        )


def is_demo() -> bool:
    """Whether `tessera demo` made this database: the first event of an organization tells, and cannot be changed."""
    return Event.objects.filter(organization__in=Organization.objects.all(), sequence=1, actor=str(DEMO_ACTOR)).exists()


def refuse_demo_in_the_open(host: str) -> None:
    """Raises DemoInTheOpen if a demo's database is served elsewhere than on a loopback address, or not as a demo."""
    if (settings.DEMO or is_demo()) and not (settings.DEMO and is_loopback(host)):
        raise DemoInTheOpen(_KNOWN_PASSWORDS)


def refuse_demo_unannounced() -> None:
    """Raises DemoInTheOpen if this is a demo's database, but the settings do not say so (TESSERA_DEMO)."""
    if not settings.DEMO and is_demo():
        raise DemoInTheOpen(_KNOWN_PASSWORDS)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address of this name."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def warnings() -> list[str]:
    """Return what the database's checks find, in words."""
    found = [check(databases=["default"]) for check in (checks.check_sqlite_version, checks.check_rules_are_kept)]
    return [f"{message.msg} {message.hint}" for messages in found for message in messages]


def begin() -> None:
    """Begin the work of a web process: log warnings, load every page, note when keys are used.

    It ends with the process that started it: one that is left over would keep the port from its successor.
    """
    parent = parent_process()
    # Outright: the server's own stopping needs the process that is gone.
    end_with_parent(parent.pid if parent else None, by=SIGKILL)
    _forget_settings()
    for warning in warnings():
        log.warning(warning)
    assert get_resolver().url_patterns  # loaded now, so that the first request is as quick as the second
    last_use.keep_written()
    # A forked process ends without `atexit`.
    Finalize(None, _end, exitpriority=0)


def _forget_settings() -> None:
    """The web server hands its environment to every request: settings, which hold secrets, have been read by now."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]


def _end() -> None:
    try:
        last_use.flush()
    except DatabaseError:
        log.warning("when keys were last used could not be written", exc_info=True)


def settle() -> None:
    """Keep what has been loaded, and what the first requests still load, out of the collector's sight: looking through
    all of it again and again stops some requests for a tenth of a second."""
    left = iter(range(_WARMING))

    def keep_out(phase: str, info: dict[str, int]) -> None:
        if phase != "stop" or info["generation"] != 2:  # after a full collection there is nothing but what stays
            return
        gc.freeze()
        if next(left, None) is None:
            gc.callbacks.remove(keep_out)

    gc.callbacks.append(keep_out)
    gc.collect()

"""How the suite runs: on which database, with which settings, within which limits. pytest loads it for every run.

`--database=sqlite` (a file, never in memory) or `--database=postgresql` (a server of the suite's own).
"""

import atexit
import gc
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from ipaddress import ip_address
from pathlib import Path

import hypothesis
import pytest

from tests import debian, postgres

_ENVIRONMENT = ExitStack()
_TESTS = Path(__file__).resolve().parent
_LONG = ("accessible", "cli", "journeys", "packaging")  # they start installations and browsers


class OutsideNetwork(Exception):
    """A test tried to reach something beyond this machine: give it a fake of that service."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--database` and `--soak`."""
    group = parser.getgroup("tessera")
    group.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="what the tests run on")
    group.addoption("--soak", action="store_true", help="run the tests marked soak too")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Set the environment before anything reads Django's settings; workers inherit it from the first process."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        os.environ.update(_settings(early_config.known_args_namespace.database))
    sys.dont_write_bytecode = False
    sys.addaudithook(_refuse_outside_network)
    return (yield)


def pytest_configure() -> None:
    """Set hypothesis up: no stopwatch on a busy machine, and the same examples for everybody where CI is set."""
    hypothesis.settings.register_profile("tessera", deadline=None, derandomize="CI" in os.environ)
    hypothesis.settings.load_profile("tessera")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None]:
    """Load what there is without looking for garbage in it: it all stays, and later searches pass it by."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the soak tests out unless asked for, begin with what takes longest, and get the browser if it is needed."""
    if not config.getoption("soak"):
        kept = [item for item in items if item.get_closest_marker("soak") is None]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
    # A module is one worker's (`--dist=loadscope`): begun last, a long one would keep the others waiting.
    items.sort(key=lambda item: item.path.relative_to(_TESTS).parts[0] not in _LONG)
    if any(item.get_closest_marker("browser") for item in items):
        debian.chromium()


def pytest_unconfigure() -> None:
    """Stop the server and remove the files, if this process made them."""
    _ENVIRONMENT.close()


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's program, for tests marked `browser`."""
    return debian.chromium()


@pytest.fixture(scope="session")
def durable_postgres() -> Iterator[postgres.Server]:
    """A second server that keeps what it acknowledged through a crash (fsync on), for tests of faults."""
    with postgres.running(durable=True) as server:
        yield server


def _settings(database: str) -> dict[str, str]:
    """Return the environment of a run. What it names (a folder, a server) goes away with this process."""
    for name in list(os.environ):
        if name.startswith("TESSERA_") and not name.startswith("TESSERA_TEST_"):
            del os.environ[name]  # an operator's settings are none of the suite's
    # Hundreds of commands are started, each of which would compile all it imports.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    atexit.register(_ENVIRONMENT.close)
    home = tempfile.mkdtemp(prefix="tessera-tests-")
    _ENVIRONMENT.callback(shutil.rmtree, home, ignore_errors=True)
    if database == "sqlite":
        url = f"sqlite:///{home}/tessera.sqlite3"
    else:
        url = _ENVIRONMENT.enter_context(postgres.running()).url
    return {
        "DJANGO_SETTINGS_MODULE": "tessera.config.settings",
        "TESSERA_HOME": home,
        "TESSERA_SECRET_KEY": secrets.token_urlsafe(48),
        "TESSERA_DATABASE_URL": url,
    }


def _refuse_outside_network(event: str, arguments: tuple[object, ...]) -> None:
    """Audit hook (PEP 578): nothing that Python opens may leave this machine. libpq is told its address by us."""
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not _is_here(host.decode() if isinstance(host, bytes) else host):
        raise OutsideNetwork(f"{event} to {host!r}")


def _is_here(host: object) -> bool:
    if host in (None, "", "localhost", "testserver"):
        return True
    try:
        return ip_address(str(host)).is_loopback
    except ValueError:
        return False

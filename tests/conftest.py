"""What all tests of this process share: a database that is a copy of a migrated one, and a hash that takes no time."""

import os
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings
from whitenoise.middleware import WhiteNoiseMiddleware

from tests.cli import templates
from tests.emptying import database_is_emptied_quickly

__all__ = ["database_is_emptied_quickly"]


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings: None) -> bool:
    """True: it is there when pytest-django looks, and goes away with the run's folder or server."""
    environ = {**os.environ}
    name = str(connection.creation._get_test_db_name())  # type: ignore[attr-defined]
    if connection.vendor == "sqlite":
        shutil.copyfile(templates.file_of(templates.tables(), environ), name)
    else:
        url = urlsplit(environ["TESSERA_DATABASE_URL"])._replace(path=f"/{name}").geturl()
        templates.copy_in_server(url, environ, templates.tables())
    return True


@pytest.fixture(scope="session", autouse=True)
def passwords_are_hashed_quickly() -> Iterator[None]:
    """Good hashes are slow on purpose; those of processes that tests start are the installation's own."""
    quick = "django.contrib.auth.hashers.MD5PasswordHasher"
    with override_settings(PASSWORD_HASHERS=[quick, *settings.PASSWORD_HASHERS]):
        yield


@pytest.fixture(scope="session", autouse=True)
def static_files_are_found_once() -> Iterator[None]:
    """A test's client makes the middleware anew, and looking for every static file takes as long as most requests."""
    found: dict[str, object] = {}
    look = WhiteNoiseMiddleware.add_files_from_finders

    def add(middleware: WhiteNoiseMiddleware) -> None:
        if not found:
            look(middleware)
            found.update(middleware.files)
        middleware.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add)
        yield


@pytest.fixture(scope="session", autouse=True)
def files_are_not_synced() -> Iterator[None]:
    """Nobody pulls the plug on this process; the installations that tests start sync as everybody's do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda file: None)
        yield

"""The database that Django's tests run on: a copy of one that the real command has migrated, which takes long."""

import os
import shutil
from urllib.parse import urlsplit

import pytest
from django.db import connection

from tests.cli import templates


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

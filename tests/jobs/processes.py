"""Real processes of the product on the database of the present test, which both can see."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from django.db import connection


def environ() -> dict[str, str]:
    """Settings that name the database of the present test; it must be one whose changes are committed."""
    suite = urlsplit(os.environ["TESSERA_DATABASE_URL"])
    name = connection.settings_dict["NAME"]
    url = f"sqlite:///{name}" if suite.scheme == "sqlite" else suite._replace(path=f"/{name}").geturl()
    return {**os.environ, "TESSERA_DATABASE_URL": url}


def start(*arguments: str, env: dict[str, str] | None = None) -> "subprocess.Popen[bytes]":
    """Start `tessera` with these arguments; what it logs comes with the test's output."""
    return subprocess.Popen([sys.executable, "-m", "tessera.cli", *arguments], env=env or environ())


@contextmanager
def running(*arguments: str, env: dict[str, str] | None = None) -> "Iterator[subprocess.Popen[bytes]]":
    """Run it for the length of the block; it must end by itself when told to."""
    process = start(*arguments, env=env)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

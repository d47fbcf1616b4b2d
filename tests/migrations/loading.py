"""Putting a dump into the empty database of an installation, with no help from the code that is to migrate it."""

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg

from tests.cli.installation import Installation

HERE = Path(__file__).resolve().parent


def names() -> list[str]:
    """Return the versions that there are dumps of, in the order of their names."""
    return sorted(path.stem for path in HERE.glob("*.json"))


def load(name: str, installation: Installation) -> None:
    """Put the dump of this name and of the installation's kind of database into it."""
    url = installation.environ.get("TESSERA_DATABASE_URL")
    kind = "sqlite" if url is None else "postgresql"
    script = gzip.decompress((HERE / f"{name}.{kind}.sql.gz").read_bytes()).decode()
    if url is None:
        home = Path(installation.environ["TESSERA_HOME"])
        home.mkdir(exist_ok=True)
        with closing(sqlite3.connect(home / "tessera.sqlite3")) as file:
            file.executescript(script)
        return
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(script.encode())

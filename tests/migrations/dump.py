"""Makes the dumps that migrations are tested with: `python -m tests.migrations.dump NAME` writes them beside this file.

To be run where the code is of the version that NAME says (a commit, or a release), with this folder put into its
`tests`: `git worktree add ../there NAME && cp -r tests/migrations ../there/tests/`. NAME.sqlite.sql.gz and
NAME.postgresql.sql.gz hold the club; NAME.json what its systems were told by that version.
"""

import gzip
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests import postgres
from tests.cli.installation import Installation, Server, fresh
from tests.migrations.answers import SLUG, ask

HERE = Path(__file__).resolve().parent


def main(name: str) -> None:
    """Write the three files."""
    told = {}
    with tempfile.TemporaryDirectory() as folder, postgres.running() as server:
        for kind, url in (("sqlite", "sqlite:///"), ("postgresql", server.url)):
            os.environ["TESSERA_DATABASE_URL"] = url
            (home := Path(folder) / kind).mkdir()
            with fresh(home) as installation:
                live(installation)
                text = _sqlite(home) if kind == "sqlite" else _postgresql(installation)
                with gzip.GzipFile(HERE / f"{name}.{kind}.sql.gz", "wb", mtime=0) as file:
                    file.write(text.encode())
                # After the dump: the key that is asked with must not be in the repository.
                with served_to_the_club(installation) as api:
                    told[kind] = ask(api)
    if told["sqlite"] != told["postgresql"]:
        raise SystemExit("the two databases do not answer alike")
    (HERE / f"{name}.json").write_text(json.dumps(told["sqlite"], indent=1, ensure_ascii=False) + "\n", "utf-8")


def live(installation: Installation) -> None:
    """Make the tables and the club."""
    installation.run("migrate")
    environment = {**installation.environ, "DJANGO_SETTINGS_MODULE": "tessera.config.settings"}
    subprocess.run([sys.executable, "-m", "tests.migrations"], env=environment, check=True, timeout=90)


@contextmanager
def served_to_the_club(installation: Installation) -> Iterator[Server]:
    """Serve for the length of the block, and call with a new key of the club."""
    made = installation.run("key", "create", "--organization", SLUG, "--name", "Dump", "--scopes", "all")
    with installation.served() as server:
        yield Server(server.address, made.stdout.splitlines()[-1])


def _sqlite(home: Path) -> str:
    with closing(sqlite3.connect(home / "tessera.sqlite3")) as database:
        return "\n".join(database.iterdump()) + "\n"


def _postgresql(installation: Installation) -> str:
    """INSERTs rather than COPY, so that any client can run it; without psql's own commands (a line that begins \\)."""
    command = ["pg_dump", "--no-owner", "--no-privileges", "--inserts", "--rows-per-insert=100"]
    url = installation.environ["TESSERA_DATABASE_URL"]
    text = subprocess.run([*command, url], capture_output=True, text=True, check=True, timeout=90).stdout
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("\\"))


if __name__ == "__main__":
    main(sys.argv[1])

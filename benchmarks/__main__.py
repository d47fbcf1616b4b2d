"""`make bench`: measure on both databases and say plainly what is met and what is not reached.

`--memberships`, `--people`, `--ending`, `--customers` make it smaller; `--only=sqlite|postgresql|starting` runs a part.
Exit code 0 whatever the verdicts are, 1 if something could not be run.
"""

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks import starting
from benchmarks.report import Result, table
from tests import postgres

_ROOT = Path(__file__).resolve().parent.parent
_PARTS = ("starting", "sqlite", "postgresql")


def main() -> int:
    """Run the parts one after the other and print the table."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure what the product promises.")
    parser.add_argument("--memberships", type=int, default=1_000_000, help="how far the club grows (1,000,000)")
    parser.add_argument("--people", type=int, default=100_000, help="people of the large company (100,000)")
    parser.add_argument("--ending", type=int, default=100_000, help="memberships that end at one midnight (100,000)")
    parser.add_argument("--customers", type=int, default=1_000_000, help="whom lists are of (1,000,000)")
    parser.add_argument("--lists-only", action="store_true", help="of the databases, measure lists and search alone")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="with --lists-only: keep the club there, use it again"
    )
    parser.add_argument("--only", action="append", choices=_PARTS, help="only this part; may be given again")
    wanted = parser.parse_args()
    results: list[Result] = []
    failed: list[str] = []
    for part in wanted.only or _PARTS:
        sys.stderr.write(f"measuring: {part}\n")
        found = list(starting.measure()) if part == "starting" else _on(part, wanted)
        if not found:
            failed.append(part)
        results += found
    print(table(results))
    missed = sum(result.verdict != "met" for result in results)
    print(
        f"{len(results) - missed} of {len(results)} met" + (f"; could not run: {', '.join(failed)}" if failed else "")
    )
    return 1 if failed else 0


def _on(database: str, wanted: argparse.Namespace) -> list[Result]:
    """Return what a process of its own measures on one database; nothing if it fails."""
    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="tessera-benchmark-"))
        kept = wanted.keep / f"{database}-{wanted.customers}" if wanted.keep and wanted.lists_only else None
        if kept is not None:
            kept.mkdir(parents=True, exist_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TESSERA_")}
        environment |= {
            "TESSERA_HOME": home,
            "TESSERA_SECRET_KEY": secrets.token_urlsafe(48),
            "TESSERA_DATABASE_URL": (
                stack.enter_context(postgres.running(folder=kept)).url
                if database == "postgresql"
                else f"sqlite:///{(kept or Path(home)).resolve()}/benchmark.sqlite3"
            ),
        }
        small = min(10_000, wanted.memberships)
        command = [sys.executable, "-m", "benchmarks.on_database", database]
        command += [f"--small={small}", f"--large={wanted.memberships}"]
        command += [f"--people={wanted.people}", f"--ending={wanted.ending}", f"--customers={wanted.customers}"]
        command += ["--lists-only"] if wanted.lists_only else []
        run = subprocess.run(command, cwd=_ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    lines = [line for line in run.stdout.splitlines() if line.startswith("{")]
    return [Result.parse(line) for line in lines] if run.returncode == 0 else []


if __name__ == "__main__":
    sys.exit(main())

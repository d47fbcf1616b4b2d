"""`make test`: the whole suite on SQLite and on a PostgreSQL server of its own, both at once; one verdict.

Many tests wait for processes: while those of one database do, those of the other work. What PostgreSQL's say is shown
when SQLite's are done. With `--soak`, when a single test may take half an hour, one comes after the other.

`make quick` is `--quick`: nine of ten of SQLite's tests in a third of the time, without those that start commands,
servers and browsers or race.

Options are pytest's, and `--only=sqlite` or `--only=postgresql`. `TESSERA_TEST_MINUTES` bounds each of the two: 25, and
180 with `--soak`.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
DATABASES = ("sqlite", "postgresql")
# On both: whatever asks a database something of its own (lists, search, numbers, status, locks, races, merging,
# imports, deliveries, jobs, backups), the API, what happens when servers die, the main job. Once is enough for what
# knows no database, or asks it through what is tested on both:
_SQLITE_ALONE: dict[str, tuple[str, ...]] = {
    # Pure rules, the repository's own checkers, what is shipped, pages and their looks.
    "core": ("*",), "packaging": ("*",), "tools": ("*",), "clients": ("*",), "accessible": ("*",),
    "config": ("settings",),
    "files": ("decoding",),
    "identity": ("signatures", "site_examples"),
    "memberships": ("milestones",),
    "organizations": ("formatting", "issuer_keys"),
    "people": ("address_lists", "hostile_text"),
    "plans": ("formatting",),
    "transfer": ("hostile_files",),
    "webhooks": ("examples", "filters", "retries"),
    # Talking to other machines, and the form of requests.
    "http": (
        "client_address", "limits", "mail", "mail_url", "mailbox", "networks", "openapi", "outbound", "outbound_tls",
        "targets",
    ),
    # Words and signatures over answers that are tested on both.
    "access": ("explanations", "tokens"),
    "notices": ("languages", "mailbox", "mails"),
    # Which key may what, what makes no sense, and what reading costs: the same code before any database.
    "api": ("bad_input", "pictures", "reading", "strangers"),
    # Commands that call what is tested on both, and processes that only begin, end and show pages.
    "cli": (
        "archive", "behind_a_proxy", "commands", "demo", "receiver", "schedule", "start", "static_files", "supervising",
        "transfer", "website", "withdrawing",
    ),
    # Pages ask nothing themselves: signing up and the portal by what stands below them, the console but for a few.
    "console": tuple(
        name
        for path in sorted((ROOT / "tests" / "console").glob("test_*.py"))
        if (name := path.stem.removeprefix("test_"))
        not in ("companies", "events", "find", "home", "linking_many", "lists", "merging", "races", "staff_races")
    ),
    "portal": ("access", "companies", "memberships", "own_data", "passkeys", "signin"),
    "signup": ("checking", "flow", "framing", "injected", "loader", "offers"),
    "journeys": (
        "console", "embedding", "lists", "mailbox", "passkeys", "portal", "profiles", "settings", "transfer",
        "webhooks",
    ),
}  # fmt: skip
# PostgreSQL is the stricter of the two about numbers and texts that do not fit, which is what this finds.
_POSTGRESQL_ALONE: dict[str, tuple[str, ...]] = {"api": ("schema",)}


def _paths(folders: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the modules, or whole folders, as paths from the root."""
    return tuple(
        f"tests/{folder}" if name == "*" else f"tests/{folder}/test_{name}.py"
        for folder, names in folders.items()
        for name in names
    )


LEFT_OUT = {"sqlite": _paths(_POSTGRESQL_ALONE), "postgresql": _paths(_SQLITE_ALONE)}
_QUICK = (
    *("-m", "not browser and not concurrency"),
    *(f"--ignore=tests/{folder}" for folder in ("accessible", "cli", "clients", "journeys", "packaging")),
)
_STOP_SECONDS = 60
_SOAK_TEST_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run of the suite came to. `exit_code` is pytest's: 0 if all passed."""

    database: str
    exit_code: int
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __str__(self) -> str:
        verdict = "" if self.exit_code == 0 else f", exit code {self.exit_code}"
        return (
            f"{self.database}: {self.passed} passed, {self.failed} failed, {self.skipped} skipped"
            f" in {self.seconds:.0f} s{verdict}"
        )


@dataclass(slots=True)
class Run:
    """The suite on one database, begun. What it prints is kept until its turn; None: it is seen at once."""

    database: str
    process: "subprocess.Popen[bytes]"
    report: Path
    minutes: float
    printed: IO[bytes] | None
    started: float = field(default_factory=time.monotonic)

    def outcome(self) -> Outcome:
        """Wait for its end, and bring it about when its time is over."""
        try:
            exit_code = self.process.wait(max(0.0, self.started + 60 * self.minutes - time.monotonic()))
        except subprocess.TimeoutExpired:
            sys.stderr.write(f"\nThe tests took longer than {self.minutes:g} minutes and were stopped.\n")
            exit_code = self.stop() or 1
        self.show()
        return Outcome(self.database, exit_code, time.monotonic() - self.started, *counted(self.report))

    def show(self) -> None:
        """Print what it has printed, unless that was seen at once or is shown already."""
        if self.printed is not None:
            self.printed.seek(0)
            shutil.copyfileobj(self.printed, sys.stdout.buffer)
            sys.stdout.flush()
            self.printed.close()
            self.printed = None

    def stop(self) -> int:
        """Interrupt it so that it can clean up, then end what is left of it, and all it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        try:
            return self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            return self.process.wait()


def begin(database: str, arguments: list[str], folder: Path, *, quietly: bool) -> Run:
    """Start pytest on one database, its report and, if `quietly`, what it prints in files of the folder."""
    report = folder / f"{database}.xml"
    command = [sys.executable, "-m", "pytest", f"--database={database}", f"--junitxml={report}"]
    command += [] if _has_workers(arguments) else ["--numprocesses=2", "--dist=loadscope", "--no-loadscope-reorder"]
    command += [f"--ignore={path}" for path in LEFT_OUT[database]]
    soak = "--soak" in arguments
    command += [f"--override-ini=faulthandler_timeout={_SOAK_TEST_SECONDS}"] if soak else []
    minutes = float(os.environ.get("TESSERA_TEST_MINUTES", "180" if soak else "25"))
    printed = (folder / f"{database}.txt").open("w+b") if quietly else None
    process = subprocess.Popen(
        [*command, *arguments],
        cwd=ROOT, process_group=0, stdin=subprocess.DEVNULL, stdout=printed, stderr=printed and subprocess.STDOUT,
    )  # fmt: skip
    return Run(database, process, report, minutes, printed)


def run_on(databases: Sequence[str], arguments: list[str]) -> Iterator[Outcome]:
    """Run the suite on the databases, all at once; yield what each came to. On Ctrl-C all are stopped."""
    with tempfile.TemporaryDirectory(prefix="tessera-report-") as folder:
        runs: list[Run] = []
        try:
            for database in databases:
                runs.append(begin(database, arguments, Path(folder), quietly=bool(runs)))
            yield from (run.outcome() for run in runs)
        finally:
            for run in runs:
                run.stop()
                run.show()


def counted(report: Path) -> tuple[int, int, int]:
    """Return how many tests passed, failed (errors too) and were skipped, from a JUnit report; 0 without one."""
    if not report.exists():
        return 0, 0, 0
    failed = skipped = total = 0
    for suite in ElementTree.parse(report).iter("testsuite"):
        total += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0))
    return max(0, total - failed - skipped), failed, skipped


def _has_workers(arguments: list[str]) -> bool:
    return any(argument.startswith(("-n", "--numprocesses")) for argument in arguments)


def main(arguments: list[str]) -> int:
    """Run the suite on both databases and print one verdict. 0 only if both ran tests and all passed."""
    only = [argument.removeprefix("--only=") for argument in arguments if argument.startswith("--only=")]
    rest = [argument for argument in arguments if argument != "--quick" and not argument.startswith("--only=")]
    if "--quick" in arguments:
        only, rest = only or ["sqlite"], [*_QUICK, *rest]
    # Said outright: a shell that starts this in the background has Ctrl-C ignored, for us and all we start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        turns = [[each] for each in only or DATABASES] if "--soak" in rest else [only or DATABASES]
        outcomes = [outcome for databases in turns for outcome in run_on(databases, rest)]
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        return 130
    lines = ["", *(str(outcome) for outcome in outcomes)]
    lines.append(
        f"total: {sum(outcome.passed for outcome in outcomes)} passed, "
        f"{sum(outcome.failed for outcome in outcomes)} failed, "
        f"{sum(outcome.skipped for outcome in outcomes)} skipped"
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return next((outcome.exit_code for outcome in outcomes if outcome.exit_code), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

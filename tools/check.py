"""`make check`: everything that can be said about the code without running it. Each step runs; the end sums up.

`make check ARGS="lint types"` runs only those.
"""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_PROGRAMS = Path(sys.executable).parent
STEPS: dict[str, list[str]] = {
    "lint": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "rules": ["python", "-m", "tools.rules"],
    "layers": ["lint-imports"],
    "templates": ["python", "-m", "tools.templates"],
    "markup": ["djlint", "src", "--lint", "--quiet"],
    "wording": ["python", "-m", "tools.wording"],
    "migrations": ["python", "-m", "django", "makemigrations", "--check", "--dry-run"],
    "messages": ["python", "-m", "tools.messages", "--check"],
    "docs": ["python", "-m", "tools.docs"],
    "types": ["mypy"],
}


def settings(home: Path) -> dict[str, str]:
    """Return the environment of the steps: this one, with settings that touch no database of anybody's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TESSERA_")}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "tessera.config.settings",
        "TESSERA_HOME": str(home),
        "TESSERA_DATABASE_URL": f"sqlite:///{home}/tessera.sqlite3",
        "TESSERA_SECRET_KEY": secrets.token_urlsafe(48),
    }


def run(name: str, environment: dict[str, str]) -> bool:
    """Run one step, its output passed on; whether it found nothing."""
    program, *arguments = STEPS[name]
    sys.stdout.write(f"\n== {name}: {' '.join(STEPS[name])}\n")
    sys.stdout.flush()
    started = time.monotonic()
    done = subprocess.run(
        [str(_PROGRAMS / program), *arguments], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False
    )
    sys.stdout.write(f"   {name} took {time.monotonic() - started:.1f} s\n")
    return done.returncode == 0


def main(chosen: list[str]) -> int:
    """Run the chosen steps, or all; 0 if none found anything."""
    if unknown := [name for name in chosen if name not in STEPS]:
        sys.stderr.write(f"No such check: {', '.join(unknown)}. There are: {', '.join(STEPS)}\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="tessera-check-") as home:
        environment = settings(Path(home))
        verdicts = {name: run(name, environment) for name in chosen or STEPS}
    failed = [name for name, fine in verdicts.items() if not fine]
    sys.stdout.write(f"\nchecks: {len(verdicts) - len(failed)} clean, {len(failed)} with findings")
    sys.stdout.write(f" ({', '.join(failed)})\n" if failed else "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Pin every package with hashes: `constraints.txt` for running, `constraints-dev.txt` for working on the project.

The second holds the first and more, at the same versions; `constraints-postgresql.txt` is a server for tests.
All serve every Python and platform the project supports (markers), and name no package index: that is the business
of whoever installs.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Made by `make lock`; do not edit. Every package with its hashes, for Python 3.11 and newer.\n"


def without_addresses(text: str) -> str:
    """Return a compiled requirements file without comments and without lines that name an index or an address."""
    kept = [
        line
        for line in text.splitlines()
        if (line.strip() and not line.lstrip().startswith(("#", "-"))) or line.lstrip().startswith("--hash=")
    ]
    without = "\n".join(kept) + "\n"
    if named := re.search(r"\S*(?:https?:|file:)\S*", without):
        raise ValueError(f"a package is pinned by address, not by version: {named.group()}")
    return HEADER + without


def for_servers(text: str) -> str:
    """Return compiled requirements without what packages need only inside a browser (Emscripten)."""
    pins = re.split(r"(?m)^(?=\S)", text)
    kept = "".join(pin for pin in pins if "sys_platform == 'emscripten'" not in pin)
    return re.sub(r" (?:and|;) sys_platform != 'emscripten'(?= |$)", "", kept, flags=re.MULTILINE)


def compile_constraints(target: Path, source: list[str], *, upgrade: bool) -> None:
    """Resolve `source` (uv's arguments) into `target`, keeping the versions that are there unless `upgrade`."""
    command = [str(Path(sys.executable).parent / "uv"), "pip", "compile", "--quiet", "--system-certs", *source]
    command += ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate"]
    command += ["--output-file", target.name, *(["--upgrade"] if upgrade else [])]
    subprocess.run(command, cwd=ROOT, check=True)
    target.write_text(for_servers(without_addresses(target.read_text(encoding="utf-8"))), encoding="utf-8")


def main() -> None:
    """Write the constraints files; with --upgrade, at the newest versions `pyproject.toml` allows."""
    upgrade = "--upgrade" in sys.argv[1:]
    running = ["pyproject.toml", "--group", "setup"]
    developing = [*running, "--group", "dev", "--constraints", "constraints.txt"]
    compile_constraints(ROOT / "constraints.txt", running, upgrade=upgrade)
    compile_constraints(ROOT / "constraints-dev.txt", developing, upgrade=upgrade)
    compile_constraints(ROOT / "constraints-postgresql.txt", ["--group", "postgresql"], upgrade=upgrade)


if __name__ == "__main__":
    main()

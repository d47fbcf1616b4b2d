"""Make or refresh a virtual environment from a hashed constraints file, with nothing but a bare Python.

Runs before anything is installed, so it uses the standard library alone. uv installs (seconds); where uv cannot be had
or cannot reach the packages (it does not read pip's configuration), pip does the same, more slowly.
Every archive is checked against the hash in the constraints file; what is installed but not listed is left alone.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)


class SetupFailed(Exception):
    """The environment cannot be made; the text says what is missing and what to do."""


def requirement_blocks(text: str) -> dict[str, str]:
    """Return each pinned requirement of a constraints file with its hashes, by normalised name."""
    blocks: dict[str, str] = {}
    for block in re.findall(r"^[A-Za-z0-9].*?(?=^[A-Za-z0-9]|\Z)", text, re.MULTILINE | re.DOTALL):
        name = re.split(r"[^A-Za-z0-9._-]", block, maxsplit=1)[0]
        blocks[re.sub(r"[-_.]+", "-", name).lower()] = "".join(
            line for line in block.splitlines(keepends=True) if not line.lstrip().startswith("#")
        )
    return blocks


def make_environment(folder: Path) -> Path:
    """Return the Python of the environment in `folder`, making the environment if there is none that works.

    Raises SetupFailed if this Python is too old or comes without the means to make one.
    """
    if sys.version_info < OLDEST:
        raise SetupFailed(f"Tessera needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    python = folder / "bin" / "python"
    if not _answers(python, "import pip"):
        shutil.rmtree(folder, ignore_errors=True)
        try:
            venv.create(folder, with_pip=True, symlinks=True)
        except (subprocess.CalledProcessError, ImportError) as cause:
            raise SetupFailed(
                f"{sys.executable} cannot make an environment with pip: install its venv module "
                "(on Debian: apt-get install python3-venv)."
            ) from cause
    return python


def install_project(python: Path, constraints: Path) -> None:
    """Install everything in `constraints`, then the project itself, editable.

    Raises SetupFailed if neither uv nor pip can.
    """
    install_hashed(python, constraints)
    if not _run(_pip(python, "install", "--no-deps", "--no-build-isolation", "-e", ROOT)):
        raise SetupFailed("Could not install the project itself; see above.")


def install_hashed(python: Path, constraints: Path) -> None:
    """Install everything in `constraints`, hashes checked. Raises SetupFailed if neither uv nor pip can."""
    blocks = requirement_blocks(constraints.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="tessera-setup-") as scratch:
        uv = _installed_uv(python, blocks["uv"], Path(scratch))
        command = [uv or "uv", "pip", "install", "--quiet", "--system-certs", "--python", python]
        if uv is not None and _run([*command, "--require-hashes", "-r", constraints]):
            return
        _say("uv cannot install here; pip takes over (slower).")
        without_uv = Path(scratch) / "without-uv.txt"
        without_uv.write_text("".join(text for name, text in blocks.items() if name != "uv"), encoding="utf-8")
        if not _run(_pip(python, "install", "--require-hashes", "-r", without_uv)):
            raise SetupFailed(f"Could not install what {constraints.name} lists; see above.")


def _installed_uv(python: Path, pinned: str, scratch: Path) -> Path | None:
    """Return the pinned uv of the environment, or None if it cannot be installed."""
    uv = python.parent / "uv"
    version = re.split(r"==|[\s;]", pinned)[1]
    if uv.exists() and version in subprocess.run([uv, "--version"], capture_output=True, text=True).stdout:
        return uv
    source = scratch / "uv.txt"
    source.write_text(pinned, encoding="utf-8")
    return uv if _run(_pip(python, "install", "--require-hashes", "-r", source)) else None


def _pip(python: Path, *arguments: str | Path) -> list[str | Path]:
    return [python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]


def _run(command: list[str | Path]) -> bool:
    environment = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def _answers(python: Path, statement: str) -> bool:
    return python.exists() and subprocess.run([python, "-c", statement], capture_output=True).returncode == 0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main() -> int:
    """Set up the environment named on the command line. Exit code 1 and one sentence if that is not possible."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="where the environment is or will be")
    parser.add_argument("constraints", type=Path, help="the hashed constraints file to install")
    chosen = parser.parse_args()
    _say(f"Setting up {chosen.folder} from {chosen.constraints} ...")
    try:
        install_project(make_environment(ROOT / chosen.folder), ROOT / chosen.constraints)
    except SetupFailed as failure:
        _say(str(failure))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

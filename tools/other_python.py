"""`make test-all`: the suite again under another Python, in an environment of its own (`.venv-3.13`)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def find_python(release: str) -> Path | None:
    """Return an interpreter of `release` ("3.13"), on the PATH or installed by pyenv; None if none answers."""
    candidates = [shutil.which(f"python{release}")]
    candidates += [
        str(path)
        for folder in (Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions",)
        for path in sorted(folder.glob(f"{release}.*/bin/python{release}"), reverse=True)
    ]
    for candidate in filter(None, candidates):
        said = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False)
        if said.returncode == 0 and said.stdout.startswith(f"Python {release}."):
            return Path(candidate)
    return None


def main(release: str, arguments: list[str]) -> int:
    """Run the suite under `release`. Fails, saying so, if there is no such Python: nothing is skipped silently."""
    python = find_python(release)
    if python is None:
        sys.stderr.write(f"There is no Python {release} here: install it, or run `make test` alone.\n")
        return 1
    folder = ROOT / f".venv-{release}"
    made = subprocess.run([python, "tools/environment.py", folder.name, "constraints-dev.txt"], cwd=ROOT, check=False)
    if made.returncode != 0:
        return made.returncode
    return subprocess.run([folder / "bin" / "python", "-m", "tests.run", *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))

"""Programs that Python packages do not bring: taken from the machine, or else installed from Debian's packages."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

_LIMIT_SECONDS = 600


class NotInstallable(Exception):
    """A program the suite needs is missing and cannot be installed here; the text says what was tried."""


def install(package: str) -> None:
    """Install one of Debian's packages; callers in several processes wait for each other.

    Raises NotInstallable without apt-get or the right to use it, or if apt-get fails.
    """
    apt = shutil.which("apt-get")
    sudo = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    if apt is None or (sudo and shutil.which("sudo") is None):
        raise NotInstallable(f"{package} is missing: no apt-get here, or no right to use it")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with (Path(tempfile.gettempdir()) / f"tessera-apt-{os.geteuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for action in (["update"], ["install", "--yes", "--no-install-recommends", package]):
            done = subprocess.run(
                [*sudo, apt, "-o", "DPkg::Lock::Timeout=300", "--quiet", *action],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_LIMIT_SECONDS,
                check=False,
            )
            if done.returncode != 0:
                said = (done.stderr or done.stdout).strip()[-500:]
                raise NotInstallable(f"apt-get {action[0]} failed for {package}: {said}")


def chromium() -> Path:
    """Return the browser that tests marked `browser` drive, installing Debian's when there is none.

    Raises NotInstallable if there is none and none can be installed.
    """
    if (found := _browser()) is None:
        install("chromium")
        found = _browser()
    if found is None:
        raise NotInstallable("Debian's chromium is installed, but there is no `chromium` to run")
    return found


def _browser() -> Path | None:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    return Path(found) if found else None

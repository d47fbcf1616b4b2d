"""What is shipped runs where there is nothing else: the wheel, in an environment with its dependencies and no more."""

import json
import os
import re
import secrets
import subprocess
import sys
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.cli.installation import Installation
from tools.environment import requirement_blocks
from tools.findings import ROOT, SOURCE


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as releases are."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def shipped(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel, installed with what it says it needs, far from the repository."""
    folder = tmp_path_factory.mktemp("shipped")
    venv.create(folder / "env", with_pip=False, symlinks=True)
    python = folder / "env" / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--python", str(python), "install", "--no-index", "--no-deps",
         str(wheel)],
        check=True, capture_output=True,
    )  # fmt: skip
    (packages,) = (folder / "env").glob("lib/python*/site-packages")
    for each in dependencies(wheel):
        link(each, packages)
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    return Installation(
        {**kept, "TESSERA_HOME": str(folder / "home"), "TESSERA_SECRET_KEY": secrets.token_urlsafe(48)},
        command=(str(folder / "env" / "bin" / "tessera"),),
        folder=folder,
    )


def dependencies(wheel: Path) -> Iterator[Distribution]:
    """Yield what the wheel says it needs, and what those need, of the versions that are pinned."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = archive.read(name).decode()
    waiting = [Requirement(line) for line in re.findall(r"^Requires-Dist: (.*)$", metadata, re.MULTILINE)]
    assert waiting
    seen: set[tuple[str, str]] = set()
    yielded: set[str] = set()
    while waiting:
        wanted = waiting.pop()
        for extra in ("", *sorted(wanted.extras)):
            key = (canonicalize_name(wanted.name), extra)
            if key in seen or (wanted.marker and not wanted.marker.evaluate({"extra": extra})):
                continue
            seen.add(key)
            found = distribution(wanted.name)
            for line in found.requires or ():
                needed = Requirement(line)
                if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                    needed.marker = None
                    waiting.append(needed)
            if key[0] not in yielded:
                yielded.add(key[0])
                yield found


def link(installed: Distribution, into: Path) -> None:
    """Put an installed package into another environment without copying it."""
    for file in installed.files or ():
        top = file.parts[0]
        if top == ".." or top.startswith("__") or (into / top).exists():
            continue
        (into / top).symlink_to(Path(str(installed.locate_file(top))))


def test_everything_that_belongs_to_the_product_is_in_it_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    # The club's own website is an example of the repository; the demo serves it from the wheel too.
    expected = {
        f"{place}/{path.relative_to(folder).as_posix()}"
        for place, folder in (("tessera", SOURCE), ("tessera/cli/demo/club_site", ROOT / "examples" / "club-site"))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert inside == expected
    for kind in (".html", ".css", ".js", ".mo", ".woff2"):
        assert any(name.endswith(kind) for name in inside) or not any(name.endswith(kind) for name in expected), kind


def test_all_that_it_needs_is_pinned(wheel: Path) -> None:
    pinned = requirement_blocks((ROOT / "constraints.txt").read_text(encoding="utf-8"))

    needed = {canonicalize_name(each.name) for each in dependencies(wheel)}

    assert needed <= set(pinned), "`make lock` pins them"


def test_it_is_set_up_and_served_from_an_empty_place(shipped: Installation) -> None:
    version = shipped.run("--version").stdout
    assert version.startswith("tessera, version ")
    assert "migrations were applied" in shipped.run("migrate").stdout
    shipped.run("organization", "create", "Strand House", "--timezone", "Europe/London", "--currency", "GBP")
    key = shipped.run("key", "create", "--name", "Door", "--scopes", "all").stdout.splitlines()[-1]

    with shipped.served() as server:
        assert server.call("GET", "/readyz").json["status"] == "ok"
        page = _page(f"{server.address}/console/")
        assert "<form" in page
        for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
            assert _page(server.address + address), address
        assert "/static/console/tessera" in page
        _page(f"{server.address}/api/v1/docs")
        asked = urllib.request.Request(
            f"{server.address}/api/v1/organization", headers={"Authorization": f"Bearer {key}"}
        )
        with urllib.request.urlopen(asked, timeout=20) as answer:
            assert json.load(answer)["slug"] == "strand-house"

    file = shipped.folder / "backup.tar" if shipped.folder else Path()
    shipped.run("backup", str(file))
    assert shipped.run("restore", "--check", str(file)).stdout.startswith("Whole")


def _page(address: str) -> str:
    with urllib.request.urlopen(address, timeout=20) as answer:
        assert answer.status == 200
        text: str = answer.read().decode("utf-8", "replace")
        return text


@pytest.mark.soak  # the demo is made and walked through on every run; here only that its parts are shipped too
def test_the_demo_is_made_from_it(shipped: Installation) -> None:
    made = shipped.run("demo", "--no-serve", "--home", "demo")

    assert "Strand House" in made.stdout


def test_it_comes_from_the_wheel_and_speaks_other_languages(shipped: Installation) -> None:
    assert shipped.folder is not None
    program = (
        "import django; django.setup()\n"
        "import tessera\n"
        "from django.utils import translation\n"
        "print(tessera.__file__)\n"
        "with translation.override('de'): print(translation.gettext('Held by'))\n"
    )
    done = subprocess.run(
        [str(shipped.folder / "env" / "bin" / "python"), "-c", program],
        cwd=shipped.folder, env={**shipped.environ, "DJANGO_SETTINGS_MODULE": "tessera.config.settings"},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip

    where, word = done.stdout.splitlines()
    assert where.startswith(str(shipped.folder))
    assert word == "Inhaber"

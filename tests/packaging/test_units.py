"""The units of systemd: they set what exists, are hardened alike, and systemd understands them."""

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from tessera.cli import main
from tessera.config.env import PREFIX, Settings
from tools.findings import ROOT

UNITS = sorted((ROOT / "deploy").glob("tessera*"))
SERVICES = [path for path in UNITS if path.suffix == ".service"]
# A unit is as safe as its worst: above this, `systemd-analyze security` finds something that is open without need.
MOST_EXPOSED = 1.6


def lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def values(path: Path, name: str) -> list[str]:
    return [line.partition("=")[2] for line in lines(path) if line.startswith(f"{name}=")]


def test_there_are_units_for_serving_working_and_backing_up() -> None:
    assert [path.name for path in UNITS] == [
        "tessera-backup.service", "tessera-backup.timer", "tessera-worker.service", "tessera.service",
    ]  # fmt: skip


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_settings_that_they_make_exist_and_secrets_come_as_credentials(unit: Path) -> None:
    made = [value.partition("=") for value in values(unit, "Environment") if value.startswith(PREFIX)]
    names = {name.removeprefix(PREFIX).removesuffix("_FILE").lower() for name, _, _ in made}
    credentials = {value.partition(":")[0] for value in values(unit, "LoadCredential")}

    assert names <= set(Settings.model_fields)
    assert {"secret_key", "encryption_keys", "home"} <= names
    assert {value.removeprefix("%d/") for _, _, value in made if value.startswith("%d/")} == credentials


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_commands_that_they_run_exist_with_their_options(unit: Path) -> None:
    ran = re.findall(r"/opt/tessera/bin/tessera ([a-z]+)((?: --[a-z-]+)*)", unit.read_text(encoding="utf-8"))

    assert ran
    for name, options in ran:
        found = main.get_command(click.Context(main), name)
        assert found is not None
        known = {option for parameter in found.params for option in parameter.opts}
        assert set(options.split()) <= known


def test_all_are_locked_in_alike() -> None:
    def hardening(unit: Path) -> list[str]:
        text = "\n".join(lines(unit))
        return text[text.index("UMask=") :].partition("\n[Install]")[0].splitlines()

    assert len({tuple(hardening(unit)) for unit in SERVICES}) == 1
    assert len(hardening(SERVICES[0])) > 20


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_understands_them_and_finds_little_that_is_open(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace(
            "/opt/tessera/bin/tessera", "/bin/true"
        )  # it looks whether it is there
        (tmp_path / unit.name).write_text(text, encoding="utf-8")

    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / unit.name) for unit in UNITS)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (verified.returncode, verified.stderr) == (0, "")
    for unit in SERVICES:
        told = subprocess.run(
            ["systemd-analyze", "security", "--offline=yes", "--no-pager", str(tmp_path / unit.name)],
            capture_output=True, text=True, timeout=60,
        ).stdout  # fmt: skip
        exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
        assert exposure, told
        assert float(exposure.group(1)) <= MOST_EXPOSED

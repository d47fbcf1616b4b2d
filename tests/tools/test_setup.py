"""The environment is made from pins with hashes, and nothing records where packages come from."""

from pathlib import Path

import pytest

from tools import audit, environment, lock, other_python
from tools.findings import ROOT

PINS = """\
# Made by hand.
Django==5.2.19 \\
    --hash=sha256:aaaa \\
    --hash=sha256:bbbb
typing_extensions==4.16.0 ; python_version < '3.13' \\
    --hash=sha256:cccc
"""


def test_pins_are_read_with_their_hashes_and_markers() -> None:
    blocks = environment.requirement_blocks(PINS)
    assert list(blocks) == ["django", "typing-extensions"]
    assert blocks["django"].count("--hash") == 2
    assert "python_version" in blocks["typing-extensions"]
    assert "by hand" not in "".join(blocks.values())


@pytest.mark.parametrize("name", ["constraints.txt", "constraints-dev.txt", "constraints-postgresql.txt"])
def test_every_pin_of_the_project_is_exact_and_hashed(name: str) -> None:
    assert list(audit.check_pins(ROOT / name, {})) == []
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert "index" not in text


def test_what_runs_is_pinned_alike_for_running_and_for_development() -> None:
    running, developing = (
        environment.requirement_blocks((ROOT / name).read_text(encoding="utf-8"))
        for name in ("constraints.txt", "constraints-dev.txt")
    )
    first_lines = {name: block.splitlines()[0] for name, block in developing.items()}
    assert {name: block.splitlines()[0] for name, block in running.items()}.items() <= first_lines.items()


def test_a_lock_file_keeps_no_trace_of_an_index() -> None:
    compiled = "--index-url https://example.org/simple\n# via somebody\na==1 \\\n    --hash=sha256:aa\n\n"
    assert lock.without_addresses(compiled) == lock.HEADER + "a==1 \\\n    --hash=sha256:aa\n"


def test_what_is_needed_only_inside_a_browser_is_not_pinned() -> None:
    pins = (
        "a==1 ; sys_platform != 'emscripten' \\\n    --hash=sha256:aa\n"
        "b==2 ; python_version < '3.12' and sys_platform != 'emscripten' \\\n    --hash=sha256:bb\n"
        "c==3 ; python_version >= '3.12' and sys_platform == 'emscripten' \\\n    --hash=sha256:cc\n"
    )
    assert lock.for_servers(pins) == (
        "a==1 \\\n    --hash=sha256:aa\nb==2 ; python_version < '3.12' \\\n    --hash=sha256:bb\n"
    )


def test_a_package_pinned_by_address_is_refused() -> None:
    with pytest.raises(ValueError, match=r"example\.org"):
        lock.without_addresses("a @ https://example.org/a.whl\n")


def test_another_version_than_pinned_and_a_stranger_are_found(tmp_path: Path) -> None:
    constraints = tmp_path / "constraints.txt"
    constraints.write_text(PINS, encoding="utf-8")
    found = list(audit.check_pins(constraints, {"django": "5.2.18", "typing-extensions": "4.16.0", "left-pad": "1.0"}))
    assert [finding.text.split()[0] for finding in found] == ["django", "left-pad"]


@pytest.mark.parametrize("licence", ["GPL-3.0-or-later", "AGPL-3.0-only", "GNU General Public License v3 (GPLv3)"])
def test_strong_copyleft_is_refused(licence: str) -> None:
    assert audit.forbidden_licence(licence)


@pytest.mark.parametrize(
    "licence",
    [
        "MIT",
        "LGPL-3.0-only",
        "GNU Lesser General Public License v3 (LGPLv3)",
        "MPL-2.0",
        "GPL-2.0-only OR MIT",
        "BSD License",
    ],
)
def test_what_can_be_shipped_under_mit_is_accepted(licence: str) -> None:
    assert not audit.forbidden_licence(licence)


def test_a_requirement_without_bounds_and_one_that_nothing_uses_are_found() -> None:
    found = audit.check_direct(["django~=5.2", "click", "left-pad~=1.0"], {"django", "click"}, "")
    assert [finding.text for finding in found] == [
        "click has no bounds: say ~=",
        "left-pad is required, but nothing uses it",
    ]


def test_a_python_that_is_not_here_is_not_found() -> None:
    assert other_python.find_python("3.2") is None

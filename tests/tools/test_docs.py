"""The documentation is held to what exists."""

import re
from pathlib import Path

import pytest

from tessera.access.types import Reason
from tools import docs
from tools.findings import ROOT


@pytest.mark.parametrize(
    "path",
    [
        "src/tessera/core/periods.py",
        "core/periods.py",
        "tests/tools/",
        "./pyproject.toml",
        "src/tessera/*/models.py",
        "src/tessera/core/periods.py::boundary",
    ],
)
def test_a_path_that_exists_is_fine(path: str) -> None:
    named = list(docs.paths_named(f"See `{path}`."))
    assert len(named) == 1
    assert docs.exists(named[0][1], beside=ROOT)


@pytest.mark.parametrize("path", ["src/tessera/core/gone.py", "docs/gone.md", "tests/gone/", "core/gone.py"])
def test_a_path_that_is_gone_is_found_with_its_line(path: str, tmp_path: Path) -> None:
    assert list(docs.paths_named(f"First line.\nSee `{path}`.")) == [(2, path)]
    assert not docs.exists(path, beside=tmp_path)


def test_the_target_of_a_link_is_a_path_too() -> None:
    text = "[settings](settings.md#all) [site](https://example.org/a.md) [above](#top)"
    assert list(docs.paths_named(text)) == [(1, "settings.md")]


@pytest.mark.parametrize(
    "words",
    ["/api/v1/customers", "application/problem+json", "customers:read", "plans/{id}", "make demo", "*.py", "and/or"],
)
def test_what_only_looks_a_little_like_a_path_is_left_alone(words: str) -> None:
    assert list(docs.paths_named(f"`{words}`")) == []


def test_an_undocumented_name_is_found_and_a_ghost_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    (tmp_path / "errors.md").write_text("| `not_found` | 404 |\n| `gone_for_good` | 410 |\n", encoding="utf-8")

    missing = docs.check_documented("errors.md", {"not_found", "conflict"}, what="error code")
    ghosts = docs.check_no_ghosts("errors.md", {"not_found", "conflict"}, pattern="[a-z_]+", what="error code")

    assert [finding.text for finding in missing] == ["does not document the error code `conflict`"]
    assert [finding.line for finding in ghosts] == [2]


def test_a_missing_page_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    assert len(list(docs.check_documented("errors.md", {"a", "b"}, what="error code"))) == 1


def test_every_reason_of_a_decision_is_demanded_of_the_page_about_access() -> None:
    what, names = docs.interface_names()["docs/access.md"]
    assert (what, names) == ("reason", {reason.value for reason in Reason})


def test_reasons_are_documented_in_the_order_in_which_a_refusal_names_them() -> None:
    page = (ROOT / "docs/access.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z_]+)` \|", page, flags=re.MULTILINE) == [reason.value for reason in Reason]

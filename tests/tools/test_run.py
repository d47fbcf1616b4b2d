"""The verdict of `make test`, and how long long tests are."""

from pathlib import Path

import pytest

from tests import run
from tests.scale import scaled

REPORT = """<testsuites><testsuite tests="10" failures="2" errors="1" skipped="3"/></testsuites>"""


def test_a_report_is_counted_and_an_error_is_a_failure(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT, encoding="utf-8")
    assert run.counted(report) == (4, 3, 3)


def test_a_run_that_died_counts_nothing_and_says_how_it_ended(tmp_path: Path) -> None:
    assert run.counted(tmp_path / "none.xml") == (0, 0, 0)
    assert "exit code 3" in str(run.Outcome("sqlite", 3, 1.0))
    assert "exit code" not in str(run.Outcome("sqlite", 0, 1.0, passed=5))


def test_what_runs_on_one_database_is_there_and_runs_on_the_other() -> None:
    assert not [path for paths in run.LEFT_OUT.values() for path in paths if not (run.ROOT / path).exists()]
    assert not set(run.LEFT_OUT["sqlite"]) & set(run.LEFT_OUT["postgresql"])


@pytest.mark.parametrize(("scale", "rounds"), [("1", 1000), ("0.1", 100), ("0.0001", 1)])
def test_long_tests_are_as_long_as_the_scale_says(scale: str, rounds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESSERA_TEST_SCALE", scale)
    assert scaled(1000) == rounds


def test_a_tenth_is_the_daily_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TESSERA_TEST_SCALE", raising=False)
    assert scaled(50) == 5

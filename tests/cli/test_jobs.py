"""`tessera jobs` and `tessera worker`, as an operator calls them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli import installation
from tests.cli.installation import Installation
from tests.ports import free_port

pytestmark = pytest.mark.concurrency


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Installation]:
    with installation.fresh(tmp_path) as made:
        made.migrate()
        yield made


def test_a_fresh_installation_has_no_jobs(site: Installation) -> None:
    assert json.loads(site.run("jobs", "status", "--json").stdout) == {
        "waiting": 0,
        "running": 0,
        "done": 0,
        "parked": 0,
        "due_seconds": 0.0,
    }
    assert site.run("jobs", "list").stdout == "No job was given up.\n"
    assert json.loads(site.run("jobs", "list", "--json").stdout) == []


@pytest.mark.parametrize("job_id", ["nonsense", "job_01h2xcejqtf2nbrexx3vqjhp41"])
def test_a_job_that_there_is_not_is_named_so(site: Installation, job_id: str) -> None:
    for verb in ("retry", "drop"):
        assert "[job_unknown]" in site.run("jobs", verb, job_id, exit_code=1).stderr


def test_a_worker_refuses_a_database_of_another_version(tmp_path: Path) -> None:
    with installation.fresh(tmp_path) as made:
        assert "[schema_behind]" in made.run("worker", exit_code=1).stderr


def test_workers_that_refuse_to_start_are_not_started_again(tmp_path: Path) -> None:
    with installation.fresh(tmp_path) as made:
        assert "[schema_behind]" in made.run("worker", "--processes", "2", exit_code=1).stderr
        assert "[schema_behind]" in made.run("serve", "--port", str(free_port()), exit_code=1).stderr

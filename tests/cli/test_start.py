"""How commands and the server start, refuse to, and stop: with real processes."""

import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.cli.installation import fresh


def test_help_answers_without_loading_django() -> None:
    program = (
        "import sys; from click.testing import CliRunner; from tessera.cli import main\n"
        "done = CliRunner().invoke(main, ['--help'])\n"
        "assert done.exit_code == 0 and 'schedule' in done.output, done.output\n"
        "loaded = {'django', 'ninja', 'pydantic', 'rich', 'granian'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr


def test_wrong_settings_are_listed_and_end_the_command_with_2(tmp_path: Path) -> None:
    with fresh(tmp_path) as installation:
        wrong = {"TESSERA_THREADS": "many", "TESSERA_COLOUR": "red", "TESSERA_SECRET_KEY": "x"}
        environ = {**installation.environ, **wrong}
        done = subprocess.run(
            [sys.executable, "-m", "tessera.cli", "migrate"], env=environ, capture_output=True, text=True, timeout=60
        )

    assert done.returncode == 2
    assert "TESSERA_THREADS" in done.stderr
    assert "TESSERA_COLOUR: there is no such setting" in done.stderr


def test_the_server_starts_only_on_a_database_of_its_version_and_a_free_port(tmp_path: Path) -> None:
    with fresh(tmp_path) as installation:
        behind = installation.run("serve", exit_code=1)
        assert "run `tessera migrate` [schema_behind]" in behind.stderr
        unmade = installation.run("announce", exit_code=1)
        assert "[database_unusable]" in unmade.stderr

        installation.migrate()
        with closing(socket.socket()) as occupied:
            occupied.bind(("127.0.0.1", 0))
            occupied.listen()
            taken = installation.run("serve", "--port", str(occupied.getsockname()[1]), exit_code=1)
        assert "[port_taken]" in taken.stderr

        with installation.served() as server:
            ready = server.call("GET", "/readyz")
            assert (ready.status, ready.json["status"]) == (200, "ok")
            unknown = server.call("GET", "/api/v1/nothing")
            assert unknown.status == 404

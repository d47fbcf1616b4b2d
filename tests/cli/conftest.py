from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from tessera.cli import main

Tessera = Callable[..., Result]


@pytest.fixture
def tessera() -> Tessera:
    """Runs a command in this process, on the test's database."""

    def run(*arguments: str, stdin: str = "", exit_code: int = 0) -> Result:
        done = CliRunner().invoke(main, list(arguments), input=stdin)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == exit_code, done.output
        return done

    return run

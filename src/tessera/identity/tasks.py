"""The jobs of signing in."""

from tessera.identity import codes, injection, sessions
from tessera.jobs.queue import task


@task(attempts=3)
def prune() -> None:
    """Forget sessions that are over, yesterday's codes, used tokens that are too old anyway, and tries long past."""
    sessions.forget_over()
    codes.forget_old()
    injection.forget_old()

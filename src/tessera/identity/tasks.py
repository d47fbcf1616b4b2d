"""The jobs of signing in."""

from tessera.core import clock
from tessera.events.types import Actor
from tessera.identity import codes, injection, sessions, signing_keys
from tessera.jobs.queue import task
from tessera.organizations import former_emails


@task(attempts=3)
def prune() -> None:
    """Forget sessions that are over, yesterday's codes, former addresses, used tokens too old anyway, old tries."""
    sessions.forget_over()
    codes.forget_old()
    injection.forget_old()
    former_emails.forget_old()


@task(attempts=3)
def tend_signing_keys() -> None:
    """Publish the next signing key in time, and forget the private parts of those that are over."""
    signing_keys.tend(at=clock.now(), actor=Actor.system("signing-keys"))

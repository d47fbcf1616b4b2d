"""What happens by itself around signing in. Real time."""

from tessera.core import clock
from tessera.events.types import Actor
from tessera.identity import signing_keys
from tessera.jobs.queue import task


@task(queue="default", attempts=3)
def tend_signing_keys() -> None:
    """Publish the next signing key in time, and forget the private parts of those that are over."""
    signing_keys.tend(at=clock.now(), actor=Actor.system("signing-keys"))

"""Signed-in browsers."""

from django.contrib.sessions.backends.db import SessionStore

from tessera.jobs.queue import task


@task()
def forget_old_sessions() -> None:
    """Delete the sessions that are over, in real time."""
    SessionStore.clear_expired()

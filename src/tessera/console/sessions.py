"""Signed-in browsers."""

from django.contrib.sessions.backends.db import SessionStore

from tessera.jobs.queue import task
from tessera.organizations import sessions


@task()
def forget_old_sessions() -> None:
    """Delete the sessions that are over, in real time, and what was known of their browsers."""
    SessionStore.clear_expired()
    sessions.forget_old()

"""Telling workers that there is something to do, and hearing it.

PostgreSQL has NOTIFY: best effort, after the commit, at most ten a second from a process; whoever misses one looks by
itself a moment later. On SQLite a worker sees cheaply whether the file has changed (`PRAGMA data_version`).
"""

import logging
import threading
import time
from typing import Final

import psycopg
from django.conf import settings
from django.db import DatabaseError, connection, transaction

CHANNEL: Final = "tessera_jobs"
_SHORTEST: Final = 0.1  # seconds between two notifications of this process
_RECONNECT_SECONDS: Final = 5.0

log = logging.getLogger(__name__)


class _Last:
    at = 0.0


def after_commit() -> None:
    """Tell workers once the present transaction is committed (or now, outside one). Costs nothing on SQLite."""
    waiting = connection.run_on_commit
    if connection.vendor == "postgresql" and not (waiting and waiting[-1][1] is _notify):
        transaction.on_commit(_notify)


def _notify() -> None:
    now = time.monotonic()
    if now - _Last.at < _SHORTEST:
        return
    _Last.at = now
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")
    except DatabaseError:
        log.debug("workers could not be woken; they look by themselves", exc_info=True)


class Listener(threading.Thread):
    """Sets `woken` whenever somebody notifies. Connects again by itself."""

    def __init__(self, woken: threading.Event) -> None:
        super().__init__(name="listener", daemon=True)
        self._woken = woken
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.is_set():
            try:
                self._listen()
            except psycopg.Error:
                log.info("listening for jobs was interrupted; trying again")
                self._over.wait(_RECONNECT_SECONDS)

    def stop(self) -> None:
        """End with the next second."""
        self._over.set()

    def _listen(self) -> None:
        with psycopg.connect(settings.DATABASE_DIRECT_DSN, autocommit=True) as driver:
            driver.execute(f"LISTEN {CHANNEL}")
            self._woken.set()  # what came while nobody listened
            while not self._over.is_set():
                for _ in driver.notifies(timeout=1.0, stop_after=1):
                    self._woken.set()


def file_version() -> int:
    """Return a number that differs when another connection has written to the SQLite file. Takes no lock."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA data_version")
        return int(cursor.fetchone()[0])

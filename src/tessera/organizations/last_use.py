"""When keys were last used: collected in memory, written at most once a minute, never by a request."""

import atexit
import logging
import threading
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, close_old_connections, connection
from django.db.models import Case, DateTimeField, Value, When

from tessera import db
from tessera.organizations.models import ApiKey

SECONDS = 60.0
_BATCH = 500

log = logging.getLogger(__name__)


class _Uses:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[UUID, datetime] = {}

    def note(self, key_id: UUID, at: datetime) -> None:
        self._seen[key_id] = at

    def taken(self) -> dict[UUID, datetime]:
        with self._lock:
            seen, self._seen = self._seen, {}
        return seen


_uses = _Uses()
_keeper: list[threading.Thread] = []


def note(key_id: UUID, at: datetime) -> None:
    """Remember that the key was used at `at` (real time). Costs no query."""
    _uses.note(key_id, at)


def flush() -> int:
    """Write what was collected and return how many keys that were. What cannot be written is tried again later."""
    seen = _uses.taken()
    keys = sorted(seen)
    try:
        for start in range(0, len(keys), _BATCH):
            _write({key: seen[key] for key in keys[start : start + _BATCH]})
    except DatabaseError:
        for key, at in seen.items():
            _uses.note(key, at)
        raise
    return len(keys)


def _write(seen: Mapping[UUID, datetime]) -> None:
    with db.transaction():
        ApiKey.objects.filter(pk__in=seen).update(
            last_used_at=Case(
                *(When(pk=key, then=Value(at, DateTimeField())) for key, at in seen.items()),
                output_field=DateTimeField(),
            )
        )


def keep_written() -> None:
    """Start the thread that flushes once a minute, and flush at the process's end. For servers; once is enough."""
    if _keeper:
        return
    stop = threading.Event()

    def keep() -> None:
        while not stop.wait(SECONDS):
            _flush_quietly()

    thread = threading.Thread(target=keep, name="last-use", daemon=True)
    _keeper.append(thread)
    thread.start()

    def finish() -> None:
        stop.set()
        _flush_quietly()

    atexit.register(finish)


def _flush_quietly() -> None:
    try:
        close_old_connections()
        flush()
    except DatabaseError:
        log.warning("when keys were last used could not be written; trying again in a minute", exc_info=True)
    finally:
        connection.close()

"""Transactions that write (`transaction`) and reads that must agree with each other (`snapshot`).

Where rows are counted before one is added, there is no row to lock: `one_at_a_time` is for that.

What must happen last in a transaction, such as numbering its events, is handed to `before_commit`: it runs as the
outermost transaction closes, so that the locks it takes are held for the shortest time (3-architecture, rule 7).
"""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import OperationalError, connection
from django.db import transaction as django_transaction

T = TypeVar("T")

_ATTEMPTS = 4
_DEADLOCK, _SERIALIZATION = "40P01", "40001"


@dataclass(slots=True)
class _Unit:
    """One outermost transaction: what its parts have handed in, by who will handle it."""

    items: dict[Callable[[list[Any]], None], list[Any]] = field(default_factory=dict)

    def marks(self) -> dict[Callable[[list[Any]], None], int]:
        return {handler: len(items) for handler, items in self.items.items()}

    def back_to(self, marks: dict[Callable[[list[Any]], None], int]) -> None:
        for handler, items in self.items.items():
            del items[marks.get(handler, 0) :]


class _Thread(threading.local):
    unit: _Unit | None = None


_thread = _Thread()


@contextmanager
def transaction() -> Iterator[None]:
    """Everything inside is kept, or nothing. Inside another one it is a savepoint of it."""
    unit = _thread.unit
    if unit is not None:
        marks = unit.marks()
        try:
            with django_transaction.atomic():
                yield
        except BaseException:
            unit.back_to(marks)
            raise
        return
    unit = _thread.unit = _Unit()
    try:
        with django_transaction.atomic():
            yield
            for handler, items in unit.items.items():
                if items:
                    handler(items)
    finally:
        _thread.unit = None


def before_commit(handler: Callable[[list[T]], None], items: list[T]) -> None:
    """Hand `items` to `handler`, which gets all that was handed in, in order, once, as the transaction closes.

    Raises RuntimeError outside a transaction: that is a bug of the caller.
    """
    if _thread.unit is None:
        raise RuntimeError("before_commit() needs a db.transaction() around it")
    _thread.unit.items.setdefault(handler, []).extend(items)


def one_at_a_time(*about: str) -> None:
    """Let one transaction at a time go on that says the same words here, until it ends; others wait for it.

    SQLite has one writer at a time anyway. Raises RuntimeError outside a transaction: nothing would be held.
    """
    if _thread.unit is None:
        raise RuntimeError("one_at_a_time() needs a db.transaction() around it")
    if connection.vendor == "postgresql":
        # Two that are hashed alike by chance wait for each other, and no more than that.
        digest = hashlib.blake2b("\0".join(about).encode(), digest_size=8).digest()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(digest, "big", signed=True)])


@contextmanager
def snapshot() -> Iterator[None]:
    """Reads inside see the database as it was at one instant; writing is refused on PostgreSQL.

    Inside a transaction it does nothing: that one decides what is seen.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        with connection.reading(), django_transaction.atomic():  # type: ignore[attr-defined]
            yield
    else:
        with django_transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield


def retrying_deadlocks(run: Callable[[], T]) -> T:
    """Return `run()`, tried again when the database chose it as the victim of a deadlock. For the edge only.

    Raises OperationalError after the fourth attempt. Inside a transaction it is tried once: a part cannot be retried.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return run()
        except OperationalError as failure:
            state = getattr(failure.__cause__, "sqlstate", None)
            retriable = state in (_DEADLOCK, _SERIALIZATION)
            if not retriable or attempt == _ATTEMPTS or connection.in_atomic_block:
                raise
    raise AssertionError("unreachable")

"""The engine: `ENGINE = "tessera.db.sqlite"`."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.sqlite3 import base, features


class DatabaseFeatures(features.DatabaseFeatures):
    # SQLite's own default limit since 3.32; Django 5.2 still assumes 999 and splits bulk writes needlessly.
    max_query_params = 32766


class DatabaseWrapper(base.DatabaseWrapper):
    features_class = DatabaseFeatures
    _reads_only = False

    def _start_transaction_under_autocommit(self) -> None:
        """Begin as a writer (IMMEDIATE) unless this is a snapshot, which must not take the write lock."""
        if self._reads_only:
            self.cursor().execute("BEGIN DEFERRED")
        else:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # not in the stubs

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Transactions begun inside only read."""
        self._reads_only = True
        try:
            yield
        finally:
            self._reads_only = False

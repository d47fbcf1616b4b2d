"""The databases: one SQLite file or PostgreSQL. Transactions, snapshot reads, and the constraints Django lacks."""

from tessera.db.transactions import before_commit, one_at_a_time, retrying_deadlocks, snapshot, transaction

__all__ = ["before_commit", "one_at_a_time", "retrying_deadlocks", "snapshot", "transaction"]

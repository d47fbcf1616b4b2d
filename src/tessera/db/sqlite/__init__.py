"""Django's SQLite backend on a current SQLite (see docs/decisions/0003-sqlite-engine.md)."""

# Here and not in `base`, where sorted imports would put it behind Django's backend: too late.
from tessera.db.sqlite import driver

__all__ = ["driver"]

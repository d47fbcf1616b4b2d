"""Django's SQLite backend on a current SQLite (see docs/decisions/0003-sqlite-engine.md)."""

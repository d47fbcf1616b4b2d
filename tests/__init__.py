"""The suite. It mirrors `src/tessera`; `make test` runs it on SQLite and on PostgreSQL."""

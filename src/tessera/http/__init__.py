"""What every router shares: scopes, problem documents, cursors, idempotency, limits."""

"""What routers share (scopes, problem documents, cursors, idempotency, limits), and what goes out: requests, mail."""

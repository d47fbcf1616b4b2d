"""What happened: one append-only log, which is audit trail, timeline, feed and, later, the source of webhooks."""

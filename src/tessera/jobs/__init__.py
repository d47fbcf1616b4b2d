"""Background jobs behind Django's Tasks API, kept in the project's own database; the worker that runs them."""

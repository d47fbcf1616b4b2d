"""Real time, for keys, sessions, leases, limits and signatures. What the domain calls now is `organizations.now`."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)

"""How an instant is written for programs."""

from datetime import UTC, datetime


def instant_text(at: datetime) -> str:
    """Return the instant in RFC 3339, UTC, ending in Z; fractions of a second only where there are some."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")

"""What makers share: the instants of most tests, and numbers that are never the same."""

from datetime import UTC, datetime
from itertools import count

JAN_10 = datetime(2026, 1, 10, 12, tzinfo=UTC)
FEB_10 = datetime(2026, 2, 10, 12, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
ACTOR = "system:tests"

serials = count(1)

"""How large imports may be, and how long files are kept: real time, for a file knows no organization's clock."""

from datetime import datetime, timedelta
from typing import Final

from tessera.core import clock

LARGEST_FILE: Final = 200_000_000  # bytes
MOST_ROWS: Final = 1_000_000
MOST_COLUMNS: Final = 500
LONGEST_RECORD: Final = 1_000_000  # bytes of one row, however many lines it is written on
LONGEST_HEADER: Final = 200
MOST_SELECTED: Final = 10_000
SHOWN_ROWS: Final = 5

_IMPORT_KEPT: Final = timedelta(days=30)
_EXPORT_KEPT: Final = timedelta(hours=24)


def import_kept_until() -> datetime:
    """Return until when an import, its file and what was refused are kept."""
    return clock.now() + _IMPORT_KEPT


def export_kept_until() -> datetime:
    """Return until when an export can be downloaded."""
    return clock.now() + _EXPORT_KEPT


def now() -> datetime:
    """Return the instant that files are kept by."""
    return clock.now()

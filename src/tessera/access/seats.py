"""Who has a seat: those who came first, as long as there are seats (2-domain, "Inheritance")."""

from datetime import datetime
from typing import Any, Final

from django.db import connection

from tessera.access.facts import AffiliationRow, instant
from tessera.core.intervals import Span, at_most

# Those before one in the queue who may take a seat at `at` or later. Growth: with the people before one.
_AHEAD: Final = """
FROM people_affiliation a CROSS JOIN people_customer c
WHERE a.company_id = %s AND (a.queue_at, a.id) < (%s, %s) AND (a.ends_at IS NULL OR a.ends_at > %s)
    AND c.id = a.customer_id AND c.status = 'active'
"""


def free_spans(affiliation: AffiliationRow, *, seats: int, at: datetime) -> list[Span]:
    """Return when, from `at` on, fewer people than there are `seats` come before this affiliation.

    Ordered by the later of start and record, then id; only affiliations that cover the instant, of people who are
    neither banned nor archived now. Most people are well within the seats: then nothing but a count is read.
    Read once for one affiliation row, which serves one instant.
    """
    if seats not in affiliation.free:
        affiliation.free[seats] = _read(affiliation, seats, at) if seats else []
    return affiliation.free[seats]


def _read(affiliation: AffiliationRow, seats: int, at: datetime) -> list[Span]:
    ever = Span(at, None)
    parameters = (
        affiliation.company_id,
        affiliation.queue_at,
        affiliation.id,
        connection.ops.adapt_datetimefield_value(at),
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM (SELECT 1 {_AHEAD} LIMIT %s) ahead", (*parameters, seats))
        if cursor.fetchone()[0] < seats:
            return [ever]
        cursor.execute(f"SELECT a.starts_at, a.ends_at {_AHEAD}", parameters)
        ahead = [_span(row) for row in cursor.fetchall()]
    return at_most(ahead, seats, ever)


def _span(row: tuple[Any, Any]) -> Span:
    return Span(instant(row[0]), None if row[1] is None else instant(row[1]))

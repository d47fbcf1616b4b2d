"""When an affiliation has a seat, if only time passes: `memberships.seats` says who comes before it."""

from datetime import datetime
from typing import Any

from django.db import connection

from tessera.access.facts import AffiliationRow, instant
from tessera.core.intervals import Span, at_most
from tessera.memberships.seats import AHEAD


def free_spans(affiliation: AffiliationRow, *, seats: int, at: datetime) -> list[Span]:
    """Return when, from `at` on, fewer people than there are `seats` come before this affiliation.

    Most people are well within the seats: then nothing but a count is read. Read once for one affiliation row, which
    serves one instant.
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
        cursor.execute(f"SELECT count(*) FROM (SELECT 1 {AHEAD} LIMIT %s) ahead", (*parameters, seats))
        if cursor.fetchone()[0] < seats:
            return [ever]
        cursor.execute(f"SELECT a.starts_at, a.ends_at {AHEAD}", parameters)
        ahead = [_span(row) for row in cursor.fetchall()]
    return at_most(ahead, seats, ever)


def _span(row: tuple[Any, Any]) -> Span:
    return Span(instant(row[0]), None if row[1] is None else instant(row[1]))

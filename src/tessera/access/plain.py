"""The plain case of a decision, read straight off the rows: running terms, nothing paused, ended or limited by seats.

Most questions are of this kind, and their answer is asked for at every door and page. It is a shortcut through
`engine.judge`, which decides everything else by the one definition of status; a property test holds both against the
same naive reading. Instants are compared as the driver returns them: SQLite's text sorts as time does.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tessera.access.facts import Row, instant, key_of, question
from tessera.access.types import Decision, Reason, Source
from tessera.people.types import CustomerStatus


def decision(rows: Sequence[Row], at: datetime) -> Decision | None:
    """Return the decision that the rows of `facts.fetch` come to at `at`, or None where it takes more to decide.

    Decided here: that no plan of theirs grants what is asked, and that exactly one own membership, or else exactly
    one inherited one, has a term that covers `at` and grants it.
    """
    if not rows or rows[0][0] or rows[0][5] != CustomerStatus.ACTIVE:
        return None
    known, granting = question(rows[0][21])
    if known is None:
        return None
    relevant = [row for row in rows if row[10] in granting and row[0]]
    if not relevant:
        return Decision(False, Reason.NOT_IN_ANY_PLAN, known, None, None, "", None, None, "", False, None, None, at)
    now = _comparable(at, relevant[0][7])
    spans: list[tuple[Any, Any]] = []
    winner: Row | None = None
    for row in relevant:
        if _takes_more(row):
            return None
        span = _span(row, rows)
        if span[1] is not None and (span[1] <= now or span[1] <= span[0]):
            continue
        spans.append(span)
        if span[0] <= now:
            if winner is not None and winner[0] == row[0]:
                return None  # which is the longest, which the oldest?
            winner = winner or row  # own ones come first
    if winner is None or (winner[8] is not None and winner[8] <= now):
        return None  # refused, or in grace
    inherited = winner[16] is not None
    return Decision(
        True,
        Reason.GRANTED,
        granting[winner[10]],
        key_of(winner[1]),
        key_of(winner[10]),
        winner[11],
        Source.COMPANY if inherited else Source.OWN,
        key_of(winner[20]) if inherited else None,
        winner[21] if inherited else "",
        False,
        None,
        _until(spans, now),
        at,
    )


def _takes_more(row: Row) -> bool:
    """Whether the membership is pending, ended, paused at some time, or inherited with a number of seats."""
    return (
        row[7] is None
        or row[4] is not None
        or row[13] is not None
        or (row[16] is not None and (row[6] is not None or row[12] is not None))
    )


def _span(row: Row, rows: Sequence[Row]) -> tuple[Any, Any]:
    """Return from when until when a term grants: itself, its grace up to the next term, within the affiliation."""
    starts_at, ends_at = row[7], row[8]
    if row[2] and row[9] is not None:
        following = [other[7] for other in rows if other[1] == row[1] and other[16] == row[16] and other[7] >= ends_at]
        ends_at = min(row[9], *following) if following else row[9]
    if row[16] is not None:
        if row[17] > starts_at:
            starts_at = row[17]
        if row[18] is not None and (ends_at is None or row[18] < ends_at):
            ends_at = row[18]
    return starts_at, ends_at


def _until(spans: list[tuple[Any, Any]], now: Any) -> datetime | None:
    """Return where the stretch ends that covers `now`: spans that overlap or touch are one."""
    until = now
    if len(spans) > 1:
        spans.sort(key=_start)
    for starts_at, ends_at in spans:
        if starts_at > until:
            break
        if ends_at is None:
            return None
        if ends_at > until:
            until = ends_at
    return instant(until)


def _start(span: tuple[Any, Any]) -> Any:
    return span[0]


def _comparable(at: datetime, like: Any) -> Any:
    """Return an instant in the form of another that the driver returned."""
    if isinstance(like, str):
        return str((at if at.tzinfo is UTC else at.astimezone(UTC)).replace(tzinfo=None))
    return at

"""Half-open intervals [starts_at, ends_at) of instants and what the decision asks of them: plain, fast, pure.

A list is *merged* when it is in order and none of its spans overlap or touch, as `union` returns it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tessera.core.errors import Invalid


class InvalidSpan(Invalid):
    """An interval that ends before it starts, or is empty, or whose instants have no time zone."""

    code = "invalid_span"


@dataclass(frozen=True, slots=True)
class Span:
    """The instants from `starts_at` up to, but without, `ends_at`; an end of None never comes.

    Raises InvalidSpan if an instant is naive or the end is not later than the start.
    """

    starts_at: datetime
    ends_at: datetime | None

    def __post_init__(self) -> None:
        end = self.ends_at
        if self.starts_at.tzinfo is None or (end is not None and end.tzinfo is None):
            raise InvalidSpan("an interval's instants need a time zone")
        if end is not None and end <= self.starts_at:
            raise InvalidSpan("an interval's end must be later than its start")

    def covers(self, at: datetime) -> bool:
        """Is `at` within: not before the start, and before the end?"""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)

    def overlaps(self, other: "Span") -> bool:
        """Do the two share an instant? Those that only touch do not."""
        return (other.ends_at is None or self.starts_at < other.ends_at) and (
            self.ends_at is None or other.starts_at < self.ends_at
        )

    def intersect(self, other: "Span") -> "Span | None":
        """Return what both cover, or None if that is nothing."""
        if not self.overlaps(other):
            return None
        return Span(max(self.starts_at, other.starts_at), _earlier(self.ends_at, other.ends_at))


def union(spans: Iterable[Span]) -> list[Span]:
    """Return what any of `spans` covers, merged: overlapping and touching ones become one."""
    ordered = sorted(spans, key=_start)
    if len(ordered) < 2:
        return ordered
    merged: list[Span] = []
    start, end = ordered[0].starts_at, ordered[0].ends_at
    for span in ordered[1:]:
        if end is None:
            break
        if span.starts_at > end:
            merged.append(Span(start, end))
            start, end = span.starts_at, span.ends_at
        elif span.ends_at is None or span.ends_at > end:
            end = span.ends_at
    merged.append(Span(start, end))
    return merged


def intersect_all(a: Iterable[Span], b: Iterable[Span]) -> list[Span]:
    """Return what some span of `a` and some span of `b` both cover, merged."""
    left, right = union(a), union(b)
    found: list[Span] = []
    i = j = 0
    while i < len(left) and j < len(right):
        if (both := left[i].intersect(right[j])) is not None:
            found.append(both)
        if _ends_first(left[i], right[j]):
            i += 1
        else:
            j += 1
    return found


def subtract(a: Iterable[Span], b: Iterable[Span]) -> list[Span]:
    """Return what some span of `a` covers and no span of `b` does, merged."""
    left, holes = union(a), union(b)
    if not holes:
        return left
    found: list[Span] = []
    first = 0
    for span in left:
        while first < len(holes) and _is_over_by(holes[first], span.starts_at):
            first += 1
        found.extend(_outside(span, holes, first))
    return found


def flips_at(merged: Sequence[Span], at: datetime) -> datetime | None:
    """Return the first instant later than `at` at which `merged` starts or stops to cover; None if never."""
    for span in merged:
        if at < span.starts_at:
            return span.starts_at
        if span.ends_at is None or at < span.ends_at:
            return span.ends_at
    return None


def at_most(spans: Sequence[Span], n: int, within: Span) -> list[Span]:
    """Return the parts of `within`, merged, during which fewer than `n` of `spans` cover.

    With `spans` the affiliations that come before one's own and `n` the seats: when one has a seat.
    """
    if n <= 0:
        return []
    if len(spans) < n:
        return [within]
    changes: Counter[datetime] = Counter()
    for span in spans:
        if not span.overlaps(within):
            continue
        changes[max(span.starts_at, within.starts_at)] += 1
        if span.ends_at is not None and (within.ends_at is None or span.ends_at < within.ends_at):
            changes[span.ends_at] -= 1
    free: list[Span] = []
    since: datetime | None = within.starts_at
    taken = 0
    for instant in sorted(changes):
        taken += changes[instant]
        if since is not None and taken >= n:
            if since < instant:
                free.append(Span(since, instant))
            since = None
        elif since is None and taken < n:
            since = instant
    if since is not None:
        free.append(Span(since, within.ends_at))
    return free


def _outside(span: Span, holes: Sequence[Span], first: int) -> list[Span]:
    """Return the parts of `span` that none of the merged `holes`, from number `first` on, covers."""
    left: list[Span] = []
    since = span.starts_at
    for hole in holes[first:]:
        if span.ends_at is not None and span.ends_at <= hole.starts_at:
            break
        if since < hole.starts_at:
            left.append(Span(since, hole.starts_at))
        if hole.ends_at is None or (span.ends_at is not None and span.ends_at <= hole.ends_at):
            return left
        since = hole.ends_at
    left.append(Span(since, span.ends_at))
    return left


def _start(span: Span) -> datetime:
    return span.starts_at


def _earlier(a: datetime | None, b: datetime | None) -> datetime | None:
    if a is None or b is None:
        return b if a is None else a
    return min(a, b)


def _ends_first(a: Span, b: Span) -> bool:
    return a.ends_at is not None and (b.ends_at is None or a.ends_at <= b.ends_at)


def _is_over_by(span: Span, at: datetime) -> bool:
    return span.ends_at is not None and span.ends_at <= at

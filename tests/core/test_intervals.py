"""Unions, intersections and seats of intervals, against a walk over every minute."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.core.intervals import InvalidSpan, Span, at_most, flips_at, intersect_all, subtract, union

START = datetime(2026, 1, 10, 12, tzinfo=UTC)
MINUTES = range(40)
WALKED = range(-2, 50)


def minute(n: int) -> datetime:
    return START + timedelta(minutes=n)


def span(start: int, end: int | None) -> Span:
    return Span(minute(start), None if end is None else minute(end))


def covered(spans: list[Span]) -> set[int]:
    return {n for n in WALKED if any(one.covers(minute(n)) for one in spans)}


def is_merged(spans: list[Span]) -> bool:
    return all(a.ends_at is not None and a.ends_at < b.starts_at for a, b in itertools.pairwise(spans))


@st.composite
def a_span(draw: st.DrawFn) -> Span:
    start = draw(st.integers(0, MINUTES.stop - 1))
    return span(start, draw(st.none() | st.integers(start + 1, MINUTES.stop)))


some_spans = st.lists(a_span(), max_size=7)
a_minute = st.sampled_from(WALKED)


@given(some_spans)
def test_a_union_covers_what_any_span_covers_and_is_merged(spans: list[Span]) -> None:
    merged = union(spans)
    assert covered(merged) == covered(spans)
    assert is_merged(merged)
    assert union(merged) == merged
    assert union(reversed(spans)) == merged


@given(some_spans, some_spans)
def test_an_intersection_covers_what_both_cover(a: list[Span], b: list[Span]) -> None:
    both = intersect_all(a, b)
    assert covered(both) == covered(a) & covered(b)
    assert is_merged(both)
    assert intersect_all(b, a) == both


@given(some_spans, some_spans)
def test_a_subtraction_leaves_what_only_the_first_covers(a: list[Span], b: list[Span]) -> None:
    left = subtract(a, b)
    assert covered(left) == covered(a) - covered(b)
    assert is_merged(left)


@given(a_span(), a_span())
def test_two_spans_overlap_if_they_share_a_minute(a: Span, b: Span) -> None:
    shared = covered([a]) & covered([b])
    both = a.intersect(b)
    assert a.overlaps(b) == b.overlaps(a) == bool(shared)
    assert covered([] if both is None else [both]) == shared


@given(some_spans, a_minute)
def test_a_flip_is_the_first_later_instant_at_which_membership_changes(spans: list[Span], at: int) -> None:
    inside = covered(spans)
    later = [n for n in WALKED if n > at and (n in inside) != (at in inside)]
    assert flips_at(union(spans), minute(at)) == (minute(later[0]) if later else None)


@given(some_spans, st.integers(0, 4), a_span())
def test_a_seat_is_free_while_fewer_than_that_many_are_before(spans: list[Span], seats: int, own: Span) -> None:
    free = at_most(spans, seats, own)
    assert covered(free) == {n for n in covered([own]) if sum(one.covers(minute(n)) for one in spans) < seats}
    assert is_merged(free)


def test_intervals_that_only_touch_share_nothing_but_unite() -> None:
    first, second = span(0, 5), span(5, 10)
    assert first.intersect(second) is None
    assert intersect_all([first], [second]) == []
    assert union([second, first]) == [span(0, 10)]
    assert not first.covers(minute(5))
    assert second.covers(minute(5))


def test_what_begins_anew_in_the_instant_it_ended_does_not_flip() -> None:
    assert flips_at(union([span(0, 5), span(5, 10)]), minute(3)) == minute(10)


def test_a_flip_is_later_than_the_instant_asked_about() -> None:
    assert flips_at([span(0, 5)], minute(0)) == minute(5)
    assert flips_at([span(0, 5)], minute(5)) is None
    assert flips_at([span(0, None)], minute(0)) is None


def test_a_seat_freed_in_an_instant_is_taken_in_that_instant() -> None:
    assert at_most([span(0, 5)], 1, span(0, None)) == [span(5, None)]
    assert at_most([span(0, 5), span(5, 10)], 1, span(0, None)) == [span(10, None)]
    assert at_most([span(0, 5), span(5, 10)], 2, span(0, None)) == [span(0, None)]


def test_without_seats_nobody_has_one_and_without_others_everybody_has() -> None:
    assert at_most([], 0, span(0, 5)) == []
    assert at_most([], 1, span(0, 5)) == [span(0, 5)]


@pytest.mark.parametrize("end", [0, -1])
def test_an_interval_that_ends_before_it_starts_or_is_empty_is_refused(end: int) -> None:
    with pytest.raises(InvalidSpan, match="later than its start") as refusal:
        span(0, end)
    assert (refusal.value.code, refusal.value.status) == ("invalid_span", 422)


def test_an_interval_of_naive_instants_is_refused() -> None:
    naive = START.replace(tzinfo=None)
    for start, end in ((naive, None), (naive, START), (START, naive + timedelta(days=1))):
        with pytest.raises(InvalidSpan, match="need a time zone"):
            Span(start, end)

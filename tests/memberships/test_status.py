"""What a membership is at an instant: the table of 2-domain, and that its twins agree with it."""

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tessera.core.ids import new_id
from tessera.memberships.models import Membership, Term
from tessera.memberships.status import (
    Facts,
    TermFact,
    granting_spans,
    lapses_at,
    last_ended,
    state_at,
    term_covering,
    term_held,
)
from tessera.memberships.status_sql import with_plan, with_status
from tessera.memberships.types import EndedReason, Status
from tests import make
from tests.memberships import histories
from tests.memberships.desk import Desk, facts, status
from tests.memberships.histories import MICROSECOND, History, day
from tests.scale import scaled

pytestmark = pytest.mark.django_db

COLUMNS = ("pk", "status_at", "in_grace_at", "plan_at")


def written(desk: Desk, **membership: object) -> Membership:
    """A membership without terms, as `make.membership` has it."""
    plan = make.plan(desk.club)
    return make.membership(plan, customer=make.customer(desk.club), starts_at=None, **membership)  # type: ignore[arg-type]


def booked(desk: Desk, *intervals: tuple[int, int | None, int | None], **membership: object) -> Membership:
    """A membership with terms `(first day, end, days of grace)`."""
    row = written(desk, **membership)
    for start, end, grace in intervals:
        make.term(
            row,
            make.plan(desk.club),
            starts_at=day(start),
            ends_at=None if end is None else day(end),
            grace_until=None if end is None or grace is None else day(end + grace),
        )
    return row


def test_without_a_term_it_is_pending_until_it_is_abandoned(desk: Desk) -> None:
    waits = written(desk, pending_until=day(1), awaits_payment=True)
    patient = written(desk, needs_approval=True)

    assert status(waits, day(0)) == "pending"
    assert status(waits, day(1) - MICROSECOND) == "pending"
    assert status(waits, day(1)) == "expired: abandoned"
    assert status(patient, day(1000)) == "pending"


def test_a_term_makes_it_scheduled_then_active_then_lapsed(desk: Desk) -> None:
    membership = booked(desk, (1, 3, None))

    assert status(membership, day(0)) == "scheduled"
    assert status(membership, day(1) - MICROSECOND) == "scheduled"
    assert status(membership, day(1)) == "active"
    assert status(membership, day(3) - MICROSECOND) == "active"
    assert status(membership, day(3)) == "expired: lapsed"


def test_an_open_term_never_ends(desk: Desk) -> None:
    assert status(booked(desk, (1, None, None)), day(30_000)) == "active"


def test_terms_that_touch_leave_no_gap_and_between_others_it_is_scheduled(desk: Desk) -> None:
    membership = booked(desk, (0, 2, None), (2, 4, None), (6, 8, None))

    assert [status(membership, day(number)) for number in range(9)] == [
        *("active", "active", "active", "active"),
        *("scheduled", "scheduled"),
        *("active", "active", "expired: lapsed"),
    ]


def test_it_is_in_grace_while_it_still_renews(desk: Desk) -> None:
    renewing = booked(desk, (0, 2, 7), renews=True)
    stopped = booked(desk, (0, 2, 7), renews=False)

    assert status(renewing, day(2) - MICROSECOND) == "active"
    assert status(renewing, day(2)) == "active in grace"
    assert status(renewing, day(9) - MICROSECOND) == "active in grace"
    assert status(renewing, day(9)) == "expired: lapsed"
    assert status(stopped, day(2)) == "expired: lapsed"


def test_grace_is_that_of_the_term_that_ended_last_and_gives_way_to_the_next(desk: Desk) -> None:
    membership = booked(desk, (0, 2, 7), (4, 6, 1), renews=True)

    assert status(membership, day(3)) == "active in grace"
    assert status(membership, day(4)) == "active"
    assert status(membership, day(6)) == "active in grace"
    assert status(membership, day(7)) == "expired: lapsed"


def test_a_pause_takes_effect_only_where_a_term_covers(desk: Desk) -> None:
    membership = booked(desk, (0, 4, 3), renews=True)
    make.pause(membership, starts_at=day(2), ends_at=day(5))

    assert status(membership, day(2) - MICROSECOND) == "active"
    assert status(membership, day(2)) == "paused"
    assert status(membership, day(4)) == "active in grace"
    assert status(membership, day(5)) == "active in grace"


def test_a_pause_ends_at_its_end(desk: Desk) -> None:
    membership = booked(desk, (0, None, None))
    make.pause(membership, starts_at=day(2), ends_at=day(3))

    assert status(membership, day(3) - MICROSECOND) == "paused"
    assert status(membership, day(3)) == "active"


def test_an_extending_pause_that_began_inside_a_term_outlives_it(desk: Desk) -> None:
    inside, outside = booked(desk, (0, 2, 3), renews=True), booked(desk, (0, 2, None))
    make.pause(inside, starts_at=day(1), extends=True)
    make.pause(outside, starts_at=day(2), extends=True)

    assert status(inside, day(100)) == "paused"
    assert status(outside, day(2)) == "expired: lapsed"


@pytest.mark.parametrize("reason", ["canceled", "refunded", "revoked", "rejected"])
def test_an_end_by_somebody_wins_over_everything(desk: Desk, reason: str) -> None:
    membership = booked(desk, (0, None, None), ended_at=day(2), ended_reason=EndedReason(reason))
    make.pause(membership, starts_at=day(1), extends=True)

    assert status(membership, day(2) - MICROSECOND) == "paused"
    assert status(membership, day(2)) == f"expired: {reason}"
    assert status(membership, day(100)) == f"expired: {reason}"


def test_the_plan_is_that_of_the_term_that_covers_else_of_the_last_else_of_the_first_to_come(desk: Desk) -> None:
    membership = booked(desk, (1, 2, None), (4, 5, None))
    first, second = Term.objects.filter(membership=membership).order_by("starts_at")

    held = [term_held(facts(membership).terms, day(number)) for number in range(7)]

    assert held == [first, first, first, first, second, second, second]
    assert term_held([], day(0)) is None


@settings(max_examples=scaled(300), deadline=None)
@given(
    st.lists(histories.histories(), min_size=4, max_size=12),
    st.lists(st.sampled_from(histories.instants()), min_size=8, max_size=8, unique=True),
)
def test_status_in_sql_is_status_in_python(drawn: list[History], instants: list[datetime]) -> None:
    with histories.taken_back():
        club = make.organization()
        plans = [make.plan(club), make.plan(club)]
        kept = {(row := histories.write(each, club, plans)).pk: facts(row) for each in drawn}
        for stored, each in zip(kept.values(), drawn, strict=True):
            assert _shape(stored) == _shape(histories.imagined(each, (plans[0].pk, plans[1].pk)))
        for at in instants:
            rows = with_plan(with_status(Membership.objects.filter(pk__in=kept), at), at)
            found = {row["pk"]: row for row in rows.values(*COLUMNS)}
            for pk, known in kept.items():
                expected, held = state_at(known, at), term_held(known.terms, at)
                assert found[pk]["status_at"] == expected.status, (at, known)
                assert found[pk]["in_grace_at"] is expected.in_grace, (at, known)
                plan_id = held.plan_id if isinstance(held, Term) else plans[0].pk
                assert found[pk]["plan_at"] == plan_id, (at, known)


def _shape(known: Facts) -> tuple[object, ...]:
    """All of the facts that the status depends on."""
    held = known.membership
    return (
        (held.renews, held.pending_until, held.ended_at, held.ended_reason),
        [(each.starts_at, each.ends_at, each.grace_until) for each in known.terms],
        [(each.starts_at, each.ends_at, each.extends) for each in known.pauses],
    )


@settings(max_examples=scaled(1000), deadline=None)
@given(histories.histories())
def test_it_grants_exactly_within_its_granting_spans(history: History) -> None:
    first, second = new_id(), new_id()
    known = histories.imagined(history, (first, second))

    def of_the_first_plan(term: TermFact) -> bool:
        return isinstance(term, Term) and term.plan_id == first

    spans = granting_spans(known, of_the_first_plan)

    assert all(a.ends_at is not None and a.ends_at < b.starts_at for a, b in pairwise(spans))
    for at in histories.instants():
        now = state_at(known, at)
        grants = now.status is Status.ACTIVE and now.term is not None and of_the_first_plan(now.term)
        assert any(span.covers(at) for span in spans) is grants, at


@settings(max_examples=scaled(1000), deadline=None)
@given(histories.histories())
def test_it_lapses_at_the_first_instant_from_which_it_is_expired_for_ever(history: History) -> None:
    known = histories.imagined(history)
    lapse = lapses_at(known)
    instants = [*histories.instants(), day(5000)]
    expired = [state_at(known, at).status is Status.EXPIRED for at in instants]

    if known.membership.ended_at is not None:
        assert lapse is None
    elif lapse is None:
        assert not expired[-1]
    else:
        assert state_at(known, lapse - MICROSECOND).status != Status.EXPIRED
        assert all(over for at, over in zip(instants, expired, strict=True) if at >= lapse)


@settings(max_examples=scaled(500), deadline=None)
@given(histories.histories())
def test_a_state_names_what_it_rests_on(history: History) -> None:
    known = histories.imagined(history)
    for at in histories.instants():
        now = state_at(known, at)
        assert (now.reason is not None) is (now.status is Status.EXPIRED)
        assert now.unended is (now.status is not Status.EXPIRED)
        assert (now.pause is not None) is (now.status is Status.PAUSED)
        if now.status is Status.ACTIVE:
            expected = last_ended(known.terms, at) if now.in_grace else term_covering(known.terms, at)
            assert now.term is expected is not None

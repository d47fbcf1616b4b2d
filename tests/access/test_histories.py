"""The decision against a naive reading of random histories, at every boundary and a minute to either side of it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from tessera import db
from tessera.access.engine import decide, judge, standing_of
from tessera.access.types import Decision, Source, Target
from tessera.memberships.models import Membership
from tests import make
from tests.access import histories
from tests.access.histories import History
from tests.scale import scaled

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


class _Undo(Exception):
    """Takes an example's rows back."""


@contextmanager
def undone() -> Iterator[None]:
    """What is written inside is taken back at the end."""
    with suppress(_Undo), db.transaction():
        yield
        raise _Undo


@settings(
    max_examples=scaled(500),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories.histories())
def test_the_decision_is_what_a_naive_reading_of_the_history_says(history: History) -> None:
    with undone():
        club = make.organization()
        make.permission(club, "pool", targets=["swim water:*"])
        written = histories.write(history, club)
        walked = sorted(
            edge + offset for edge in histories.boundaries(history) for offset in (-MINUTE, timedelta(), MINUTE)
        )
        naive = [histories.granting(history, written, at) for at in walked]
        for position, at in enumerate(walked):
            decision = decide(organization_id=club.pk, customer_id=written.customer.pk, asked="pool", at=at)
            by_target = decide(
                organization_id=club.pk, customer_id=written.customer.pk, asked=Target("swim", "water", "deep"), at=at
            )
            assert by_target == decision
            standing = standing_of(organization_id=club.pk, customer_id=written.customer.pk, asked="pool")
            assert judge(standing, standing.question, at) == decision, "the shortcut for plain cases decides alike"
            assert decision.allow is bool(naive[position])
            flips = (later for later in range(position, len(walked)) if bool(naive[later]) is not decision.allow)
            flip = next(flips, None)
            assert decision.valid_until == (None if flip is None else walked[flip]), at
            _agrees_on_the_winner(decision, naive[position])


def _agrees_on_the_winner(decision: Decision, naive: list[tuple[bool, Membership, bool]]) -> None:
    if not decision.allow:
        assert decision.reason.value not in ("granted", "in_grace")
        return
    own = [each for each in naive if each[0]]
    assert decision.source == (Source.OWN if own else Source.COMPANY)
    candidates = {row.pk: in_grace for _, row, in_grace in own or naive}
    assert decision.membership_id is not None
    assert decision.in_grace is candidates[decision.membership_id]
    assert decision.reason == ("in_grace" if decision.in_grace else "granted")

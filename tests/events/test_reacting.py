"""What follows from what happened: each line once, in order, whatever fails in between."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest
from django.db import OperationalError
from pytest_django import DjangoAssertNumQueries

from tessera import db
from tessera.config import reactions
from tessera.events import queries, reacting
from tessera.events import services as events
from tessera.events.models import EventCounter, ReactionCursor
from tessera.events.queries import EventLine
from tessera.events.types import Actor, EventType
from tessera.jobs.models import Job
from tessera.jobs.types import State
from tessera.organizations.models import Organization
from tests import make
from tests.people.racing import at_once

pytestmark = pytest.mark.django_db


class Heard:
    """A reaction that remembers what it was told, and can be made to fail."""

    def __init__(self) -> None:
        self.blocks: list[list[int]] = []
        self.fault: Exception | None = None

    def __call__(self, organization: Organization, lines: Sequence[EventLine]) -> None:
        if self.fault is not None:
            raise self.fault
        self.blocks.append([line.sequence for line in lines])

    @property
    def sequences(self) -> list[int]:
        return [sequence for block in self.blocks for sequence in block]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    """The only reaction there is."""
    reaction = Heard()
    monkeypatch.setattr(reactions, "REACTIONS", {"heard": reaction})
    return reaction


@pytest.fixture(autouse=True)
def as_wired() -> Iterator[None]:
    yield
    reacting.set_reaction(reactions.react)


def happen(club: Organization, times: int = 1) -> None:
    """Record something, in one transaction."""
    line = events.Happened(
        organization_id=club.pk, type=EventType.ORGANIZATION_UPDATED, at=make.JAN_10, actor=Actor.system("tests")
    )
    with db.transaction():
        events.record(*[line] * times)


def react(club: Organization) -> None:
    reacting.react.call(str(club.pk))


def test_each_line_is_reacted_to_once_and_in_order(heard: Heard) -> None:
    club, other = make.organization(), make.organization()
    happen(club, 3)
    happen(other)
    react(club)
    react(club)
    happen(club, 2)
    react(club)

    assert heard.blocks == [[1, 2, 3], [4, 5]]


def test_many_lines_are_reacted_to_block_by_block(heard: Heard) -> None:
    club = make.organization()
    happen(club, reacting.BLOCK * 2 + 1)

    react(club)

    assert [len(block) for block in heard.blocks] == [reacting.BLOCK, reacting.BLOCK, 1]
    assert heard.sequences == list(range(1, reacting.BLOCK * 2 + 2))


def test_recording_enqueues_reacting_once_for_as_long_as_it_waits() -> None:
    club, other = make.organization(), make.organization()
    for _ in range(5):
        happen(club)
    happen(other)

    assert Job.objects.filter(key__startswith="react:", state=State.WAITING).count() == 2
    assert set(Job.objects.values_list("organization_id", flat=True)) == {club.pk, other.pk}


def test_what_was_not_kept_is_not_reacted_to(heard: Heard) -> None:
    club = make.organization()

    def change_that_fails() -> None:
        with db.transaction():
            happen(club)
            raise LookupError

    with pytest.raises(LookupError):
        change_that_fails()
    react(club)

    assert heard.blocks == []
    assert not Job.objects.exists()


def test_a_reaction_that_fails_holds_nobody_up_and_is_tried_again_line_by_line(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    club, fine = make.organization(), Heard()
    monkeypatch.setattr(reactions, "REACTIONS", {"broken": heard, "fine": fine})
    heard.fault = ValueError("a bug")
    happen(club, 2)

    react(club)

    assert fine.sequences == [1, 2]
    assert ReactionCursor.objects.get().last == 2
    left = Job.objects.filter(task="tessera.config.reactions.react_alone").order_by("id")
    assert [job.arguments["args"] for job in left] == [["broken", str(club.pk), 1], ["broken", str(club.pk), 2]]
    heard.fault = None
    reactions.react_alone.call("broken", str(club.pk), 2)
    assert heard.sequences == [2]


def test_a_fault_of_the_database_undoes_the_block_so_that_all_of_it_is_tried_again(heard: Heard) -> None:
    club = make.organization()
    happen(club, 2)
    heard.fault = OperationalError("gone")
    with pytest.raises(OperationalError):
        react(club)
    heard.fault = None

    react(club)

    assert heard.blocks == [[1, 2]]


def test_made_up_history_can_be_passed_over(heard: Heard) -> None:
    club = make.organization()
    happen(club, 4)
    reacting.skip_to_present(club.pk)
    happen(club)

    react(club)

    assert heard.sequences == [5]


def test_what_was_left_over_is_found_again() -> None:
    behind, up_to_date = make.organization(), make.organization()
    happen(behind)
    happen(up_to_date)
    reacting.skip_to_present(up_to_date.pk)
    Job.objects.all().delete()

    reacting.catch_up.call()

    assert Job.objects.get().arguments["args"] == [str(behind.pk)]


def test_a_block_costs_the_same_however_many_lines_it_has(
    heard: Heard, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    club = make.organization()
    happen(club)
    react(club)
    for many in (1, 100):
        happen(club, many)
        with django_assert_num_queries(9):
            react(club)


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_several_that_react_at_once_tell_each_line_once(heard: Heard) -> None:
    club = make.organization()
    for _ in range(40):
        happen(club, 3)

    def reacting_now() -> int:
        react(club)
        return 0

    at_once([reacting_now] * 4)

    assert heard.sequences == list(range(1, 121))


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_reacting_while_things_happen_misses_nothing(heard: Heard) -> None:
    club = make.organization()

    def happening() -> int:
        for _ in range(60):
            happen(club)
        return 0

    def listening() -> int:
        while len(heard.sequences) < 120:
            react(club)
        return 0

    at_once([happening, happening, listening])

    assert heard.sequences == list(range(1, 121))
    assert EventCounter.objects.get().last == queries.feed(club, after=119).next_after


def test_the_reactor_knows_whose_lines_they_are(heard: Heard) -> None:
    told: list[UUID] = []
    reacting.set_reaction(lambda organization_id, lines: told.append(organization_id))
    club = make.organization()
    happen(club)

    react(club)

    assert told == [club.pk]

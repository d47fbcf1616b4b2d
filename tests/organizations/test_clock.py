"""A test organization's clock stands still until it is moved, forward, through everything that falls due."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from tessera import organizations
from tessera.core import clock as real
from tessera.core.ids import new_id
from tessera.events import queries as events
from tessera.events.types import Actor
from tessera.organizations import clock
from tessera.organizations.models import ClockMove, Organization
from tests import make
from tests.http.client import Api

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


class Alarms:
    """Falls due at given instants and notes what the organization's time then was."""

    def __init__(self, *at: datetime) -> None:
        self.pending = sorted(at)
        self.rung: list[tuple[datetime, datetime]] = []
        self.meanwhile: list[tuple[int, str]] = []
        self.api: Api | None = None
        self.broken = False

    def next_due(self, *, organization: Organization, after: datetime, until: datetime) -> datetime | None:
        return next((at for at in self.pending if after < at <= until), None)

    def run_due(self, *, organization: Organization, at: datetime) -> int:
        if self.api is not None:
            answer = self.api.put("/test-clock", {"now": "2027-01-01T00:00:00Z"})
            self.meanwhile.append((answer.status, answer.code))
            assert self.api.get("/test-clock").json["status"] == "advancing"
        for due in [each for each in self.pending if each <= at]:
            if self.broken:
                raise ZeroDivisionError
            self.pending.remove(due)
            organization.refresh_from_db()
            self.rung.append((due, organizations.now(organization)))
        return len(self.rung)


@pytest.fixture
def club() -> Organization:
    return make.organization(test_now=make.JAN_10)


@pytest.fixture
def alarms() -> Iterator[Alarms]:
    before = tuple(clock._works)
    work = Alarms(make.JAN_10 + DAY, make.JAN_10 + 2 * DAY, make.JAN_10 + 9 * DAY)
    clock.set_due_work(work)
    yield work
    clock.set_due_work(*before)


def text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def test_what_falls_due_happens_at_its_own_instant_before_the_clock_is_ready(
    club: Organization, alarms: Alarms
) -> None:
    api = Api(make.key(club)[1])
    bystander = make.organization(test_now=make.JAN_10)

    answer = api.put("/test-clock", {"now": text(make.JAN_10 + 5 * DAY)})

    assert answer.json == {"now": "2026-01-15T12:00:00Z", "status": "ready"}
    assert alarms.rung == [(make.JAN_10 + DAY, make.JAN_10 + DAY), (make.JAN_10 + 2 * DAY, make.JAN_10 + 2 * DAY)]
    assert api.get("/test-clock").json == answer.json
    assert api.get("/organization").json["now"] == "2026-01-15T12:00:00Z"
    line = events.feed(club).lines[-1]
    assert (line.type, line.at) == ("organization.clock_moved", make.JAN_10 + 5 * DAY)
    assert line.data == {"from": "2026-01-10T12:00:00Z", "to": "2026-01-15T12:00:00Z"}
    bystander.refresh_from_db()
    assert bystander.test_now == make.JAN_10


def test_several_works_take_turns_in_order_of_time_and_then_of_the_list(club: Organization, alarms: Alarms) -> None:
    """One stands on the others' instants too, and does what another made due right there."""
    told: list[tuple[str, int]] = []

    class Rings(Alarms):
        def __init__(self, name: str, *days: int, echo: Alarms | None = None) -> None:
            super().__init__(*(make.JAN_10 + day * DAY for day in days))
            self.name, self.echo = name, echo

        def run_due(self, *, organization: Organization, at: datetime) -> int:
            before = len(self.rung)
            super().run_due(organization=organization, at=at)
            for due, now in self.rung[before:]:
                assert due == now == at
                told.append((self.name, (at - make.JAN_10).days))
                if self.echo is not None:
                    self.echo.pending.append(at)
            return len(self.rung) - before

    last = Rings("last", 2, 5)
    clock.set_due_work(Rings("first", 2, 4, echo=last), Rings("second", 1, 2, 9), last)

    moved = clock.move_clock(organization=club, to=make.JAN_10 + 6 * DAY, at=make.JAN_10, actor=Actor.system("tests"))

    assert told == [
        ("second", 1),
        ("first", 2),
        ("second", 2),
        ("last", 2),
        ("last", 2),
        ("first", 4),
        ("last", 4),
        ("last", 5),
    ]
    assert moved.test_now == make.JAN_10 + 6 * DAY


def test_where_nothing_falls_due_the_clock_just_moves(club: Organization, alarms: Alarms) -> None:
    clock.set_due_work()

    clock.move_clock(organization=club, to=make.FEB_10, at=make.JAN_10, actor=Actor.system("tests"))

    club.refresh_from_db()
    assert club.test_now == make.FEB_10


def test_it_only_moves_forward(club: Organization) -> None:
    api = Api(make.key(club)[1])
    answer = api.put("/test-clock", {"now": text(make.JAN_10 - DAY)})

    assert (answer.status, answer.code) == (409, "clock_backwards")
    assert api.get("/test-clock").json["now"] == "2026-01-10T12:00:00Z"
    assert api.put("/test-clock", {"now": text(make.JAN_10)}).status == 200
    assert events.feed(club).lines == []


def test_a_second_move_meanwhile_is_refused(club: Organization, alarms: Alarms) -> None:
    alarms.api = api = Api(make.key(club)[1])

    assert api.put("/test-clock", {"now": text(make.JAN_10 + DAY)}).status == 200

    assert set(alarms.meanwhile) == {(409, "clock_advancing")}
    assert len(alarms.meanwhile) == 2


def test_a_move_whose_process_died_can_be_taken_over_after_a_minute(club: Organization) -> None:
    api = Api(make.key(club)[1])
    move = ClockMove.objects.create(
        organization=club, target=make.FEB_10, lease=new_id(), leased_until=real.now() + DAY
    )
    assert api.put("/test-clock", {"now": text(make.FEB_10)}).code == "clock_advancing"
    assert api.get("/test-clock").json["status"] == "advancing"
    ClockMove.objects.filter(pk=move.pk).update(leased_until=real.now() - DAY)

    assert api.put("/test-clock", {"now": text(make.FEB_10)}).json == {"now": "2026-02-10T12:00:00Z", "status": "ready"}


def test_a_fault_on_the_way_leaves_the_clock_where_it_happened(club: Organization, alarms: Alarms) -> None:
    alarms.broken = True
    with pytest.raises(ZeroDivisionError):
        clock.move_clock(organization=club, to=make.FEB_10, at=make.JAN_10, actor=Actor.system("tests"))

    club.refresh_from_db()
    assert club.test_now == make.JAN_10 + DAY
    alarms.broken = False
    clock.move_clock(organization=club, to=make.FEB_10, at=make.JAN_10 + DAY, actor=Actor.system("tests"))
    assert alarms.pending == []


def test_live_organizations_have_no_such_thing() -> None:
    api = Api(make.key(make.organization())[1])
    for answer in (api.get("/test-clock"), api.put("/test-clock", {"now": "2026-02-10T12:00:00Z"})):
        assert (answer.status, answer.code) == (404, "not_a_test_organization")


@pytest.mark.parametrize("now", ["2026-02-10T12:00:00", "soon", None, 5])
def test_a_naive_or_nonsense_instant_moves_nothing(club: Organization, now: object) -> None:
    api = Api(make.key(club)[1])

    assert list(api.put("/test-clock", {"now": now}).faults) == ["/now"]
    assert api.get("/test-clock").json["now"] == "2026-01-10T12:00:00Z"

"""What happens by itself: one leads, what is periodic is enqueued once, an idle leader leaves the database alone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tessera.jobs import leading, processes
from tessera.jobs.leading import Every, Schedule, lead
from tessera.jobs.models import Job, Lease, Periodic
from tests.jobs import sample
from tests.people.racing import at_once

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
HOURLY = Schedule(periodic=(Every("hourly", timedelta(hours=1), sample.nothing),))


def enqueued() -> int:
    """How many jobs there are; they are taken away, as a worker would."""
    return Job.objects.all().delete()[0]


def test_something_periodic_is_enqueued_at_once_and_then_in_its_interval() -> None:
    counts = []
    for minutes in (0, 1, 59, 60, 61, 240, 241):
        assert lead(HOURLY, worker="one", at=NOON + timedelta(minutes=minutes))
        counts.append(enqueued())

    assert counts == [1, 0, 0, 1, 0, 1, 0]  # what downtime left out is not made up for many times over


def test_only_one_leads_until_it_steps_down_or_its_lease_is_over() -> None:
    assert lead(HOURLY, worker="one", at=NOON)
    assert not lead(HOURLY, worker="two", at=NOON + timedelta(seconds=5))
    leading.step_down("one")
    assert lead(HOURLY, worker="two", at=NOON + timedelta(seconds=6))
    assert not lead(HOURLY, worker="one", at=NOON + timedelta(seconds=7))

    assert lead(HOURLY, worker="one", at=NOON + timedelta(hours=1))
    assert Lease.objects.get().holder == "one"


def test_a_dead_leader_of_this_machine_is_followed_at_once() -> None:
    host, pid, _, world = processes.own_name().split("/")
    assert lead(HOURLY, worker=f"{host}/{pid}/1/{world}", at=NOON)

    assert lead(HOURLY, worker="two", at=NOON + timedelta(seconds=1))


def test_a_clock_that_was_set_back_stops_nothing_for_long() -> None:
    lead(HOURLY, worker="one", at=NOON + timedelta(days=30))
    assert enqueued() == 1

    assert lead(HOURLY, worker="two", at=NOON)  # the lease lies further off than any lease reaches
    assert enqueued() == 1
    assert Periodic.objects.get().next_at == NOON + timedelta(hours=1)


def test_a_clock_that_jumped_forward_enqueues_once() -> None:
    lead(HOURLY, worker="one", at=NOON)
    enqueued()

    lead(HOURLY, worker="one", at=NOON + timedelta(days=400))
    lead(HOURLY, worker="one", at=NOON + timedelta(days=400, seconds=5))

    assert enqueued() == 1


def test_a_sweep_that_is_broken_keeps_nobody_from_work(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[datetime] = []

    def broken(at: datetime) -> None:
        raise ValueError("a bug")

    lead(Schedule(sweeps=(broken, seen.append), periodic=HOURLY.periodic), worker="one", at=NOON)

    assert seen == [NOON]
    assert enqueued() == 1
    assert "a sweep failed" in caplog.text


def test_an_idle_leader_only_reads() -> None:
    lead(HOURLY, worker="one", at=NOON)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        for seconds in range(1, 15):
            lead(HOURLY, worker="one", at=NOON + timedelta(seconds=seconds))

    assert len(asked) == 2 * 14
    assert all(query["sql"].startswith("SELECT") for query in asked.captured_queries)


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_two_that_lead_at_once_enqueue_once() -> None:
    """Even where a lease fails its purpose: both believe that they lead, again and again."""
    for hour in range(20):
        at = NOON + timedelta(hours=hour)
        Lease.objects.all().delete()

        def led(worker: str, at: datetime = at) -> bool:
            Lease.objects.filter(name="leader").exclude(holder=worker).delete()
            return lead(HOURLY, worker=worker, at=at)

        at_once([lambda: led("one"), lambda: led("two"), lambda: led("three")])
        assert enqueued() == 1


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_of_many_that_want_to_lead_one_does() -> None:
    for round_ in range(20):
        at = NOON + timedelta(days=round_)  # whoever led before is not heard of any more

        def wants(name: str, at: datetime = at) -> bool:
            return lead(Schedule(), worker=name, at=at)

        leads = at_once([lambda name=name: wants(name) for name in ("one", "two", "three", "four")])  # type: ignore[misc]
        assert leads.count(True) == 1

"""Taking jobs up and giving them back: order, pauses, parking, leases, and many workers at once."""

import threading
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from tessera import db
from tessera.core import clock
from tessera.jobs import processes, pruning, taking
from tessera.jobs.carrying_out import carry_out
from tessera.jobs.models import Job
from tessera.jobs.queue import enqueue
from tessera.jobs.taking import Done, Failed, Postponed, Taken
from tessera.jobs.types import Queue, State
from tests.jobs import sample
from tests.people.racing import at_once
from tests.scale import scaled

pytestmark = pytest.mark.django_db


def take(most: int = 100, *, at: datetime | None = None, worker: str = "tests") -> list[Taken]:
    """Take up what is due in the default queue."""
    return taking.exchange(ended=[], wanted={Queue.DEFAULT: most}, worker=worker, at=at or clock.now())


def give_back(*ended: Done | Failed | Postponed, at: datetime | None = None) -> None:
    taking.exchange(ended=ended, wanted={}, worker="tests", at=at or clock.now())


def test_the_urgent_come_first_then_those_that_have_waited_longest() -> None:
    at = clock.now()
    for name, priority, seconds in (("late", 0, 0), ("early", 0, -60), ("urgent", 5, 0), ("idle", -5, -90)):
        enqueue(sample.write_row, name, priority=priority, run_after=at + timedelta(seconds=seconds))

    taken = take(at=at)

    assert [job.row.arguments["args"][0] for job in taken] == ["urgent", "early", "late", "idle"]
    assert {job.row.worker for job in taken} == {"tests"}


def test_what_is_to_run_later_is_not_taken_before() -> None:
    due = clock.now() + timedelta(hours=1)
    enqueue(sample.nothing, run_after=due)

    assert take() == []
    assert taking.next_due([Queue.DEFAULT]) == due
    assert len(take(at=due)) == 1


def test_only_so_many_are_taken_and_each_once() -> None:
    for _ in range(5):
        enqueue(sample.nothing)

    assert len(take(3)) == 3
    assert len(take(3)) == 2
    assert take(3) == []


def test_a_failure_is_tried_again_later_and_parked_in_the_end(tmp_path: Path) -> None:
    enqueue(sample.fail, str(tmp_path / "lines"))
    at = clock.now()
    pauses = []
    for _ in range(3):
        (job,) = take(at=at)
        give_back(carry_out(job), at=at)
        run_after = Job.objects.get().run_after
        pauses.append(run_after - at)
        at = max(at, run_after)

    row = Job.objects.get()
    assert row.state == State.PARKED
    assert (row.failures, len(row.errors), row.errors[0]["class"]) == (3, 3, "builtins.ValueError")
    assert timedelta(seconds=1) < pauses[0] < timedelta(seconds=3)
    assert timedelta(seconds=4) < pauses[1] < timedelta(seconds=8)
    assert take(at=at + timedelta(days=1)) == []


def test_pauses_grow_to_four_hours_and_are_never_all_the_same() -> None:
    pauses = [taking.pause_after(failures) for failures in range(1, 40)]

    assert max(pauses) <= timedelta(hours=5)
    assert min(pauses[15:]) >= timedelta(hours=3)
    assert len({taking.pause_after(20) for _ in range(20)}) > 1


def test_asking_to_be_run_again_is_no_failure(tmp_path: Path) -> None:
    enqueue(sample.again_once, str(tmp_path / "lines"))
    at = clock.now()

    (job,) = take(at=at)
    give_back(carry_out(job), at=at)
    waiting = Job.objects.get()
    (job,) = take(at=at + timedelta(seconds=1))
    give_back(carry_out(job))

    assert (waiting.state, waiting.failures, waiting.run_after) == (State.WAITING, 0, at + timedelta(seconds=0.05))
    assert Job.objects.get().state == State.DONE


def test_a_task_that_is_gone_is_a_failure_like_any_other() -> None:
    enqueue(sample.nothing)
    Job.objects.update(task="tests.jobs.sample.gone")

    (job,) = take()
    give_back(carry_out(job))

    row = Job.objects.get()
    assert (row.state, row.failures) == (State.WAITING, 1)
    assert "ImportError" in row.errors[0]["class"]


def test_one_that_comes_back_gives_way_to_the_one_that_waits_with_its_key() -> None:
    at = clock.now()
    enqueue(sample.nothing, key="once")
    (job,) = take(at=clock.now())
    enqueue(sample.nothing, key="once", run_after=at + timedelta(hours=1))

    give_back(Postponed(job, 5), at=at)

    assert Job.objects.get(pk=job.id).state == State.DONE
    assert Job.objects.get(state=State.WAITING).run_after == at + timedelta(seconds=5)


def test_one_that_fails_hands_its_failures_and_its_pause_to_the_one_that_waits() -> None:
    at = clock.now()
    told = {"class": "builtins.ValueError", "traceback": "no"}
    enqueue(sample.nothing, key="once")
    (job,) = take(at=clock.now())
    enqueue(sample.nothing, key="once")

    give_back(Failed(job, 3, told), at=at)
    paused_until = Job.objects.get(state=State.WAITING).run_after
    enqueue(sample.nothing, key="once")

    waiting = Job.objects.get(state=State.WAITING)
    assert (waiting.failures, waiting.run_after) == (1, paused_until)
    assert paused_until > at
    for later in (paused_until, paused_until + timedelta(hours=1)):
        (job,) = take(at=later)
        give_back(Failed(job, 3, told), at=later)
    assert Job.objects.get(state=State.PARKED).failures == 3


def test_a_worker_does_not_take_its_own_jobs_for_a_dead_ones() -> None:
    """Whatever its clock says: after a jump, a suspend, or a database that was away."""
    enqueue(sample.nothing)
    at = clock.now()
    (job,) = take(at=at)

    assert taking.recover(at=at + timedelta(days=1), holding=[job.lease]) == 0
    assert taking.recover(at=at + timedelta(days=1)) == 1


def test_a_lease_from_before_a_clock_was_set_back_is_over() -> None:
    enqueue(sample.nothing)
    take(at=clock.now() + timedelta(days=1))

    assert taking.recover(at=clock.now()) == 1


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), -1.0, 1e18])
def test_asking_for_no_sensible_time_is_answered_sensibly(seconds: float) -> None:
    enqueue(sample.nothing)
    at = clock.now()

    (job,) = take(at=at)
    give_back(Postponed(job, seconds), at=at)

    assert at <= Job.objects.get().run_after <= at + timedelta(days=7)


def test_whoever_lost_the_lease_changes_nothing() -> None:
    enqueue(sample.nothing)
    at = clock.now()
    (thought_dead,) = take(at=at, worker="one")
    later = at + taking.LEASE
    assert taking.recover(at=later) == 1
    (again,) = take(at=later, worker="two")

    give_back(Failed(thought_dead, 1, {"class": "x", "traceback": "y"}), at=later)
    give_back(Done(thought_dead, "stale"), at=later)
    assert Job.objects.get().state == State.RUNNING
    give_back(Done(again), at=later)

    row = Job.objects.get()
    assert (row.state, row.failures, row.losses, row.result, row.attempts) == (State.DONE, 0, 1, None, 2)


def test_a_lease_that_is_extended_is_kept() -> None:
    enqueue(sample.nothing)
    at = clock.now()
    (job,) = take(at=at)

    taking.extend([job.lease], at=at + taking.LEASE / 2)

    assert taking.recover(at=at + taking.LEASE) == 0
    assert taking.recover(at=at + taking.LEASE * 1.5) == 1


def test_what_a_dead_process_of_this_machine_held_is_free_at_once() -> None:
    enqueue(sample.nothing)
    host, pid, _, world = processes.own_name().split("/")
    take(worker=f"{host}/{pid}/1/{world}")  # this process's number, but another's beginning

    assert taking.recover(at=clock.now()) == 1
    assert Job.objects.get().state == State.WAITING


@pytest.mark.parametrize("world", ["", "elsewhere"])
def test_of_a_process_elsewhere_nothing_is_presumed(world: str) -> None:
    host, pid, started, ours = processes.own_name().split("/")
    enqueue(sample.nothing)
    take(worker=f"{host}/{pid}/1/{world}")

    assert taking.recover(at=clock.now()) == 0
    assert not processes.is_dead(processes.own_name())
    assert processes.is_dead(f"{host}/999999999/{started}/{ours}")
    assert not processes.is_dead("nonsense")


def test_a_job_over_which_workers_die_again_and_again_is_parked() -> None:
    enqueue(sample.nothing)
    at = clock.now()
    for _ in range(taking.MOST_LOSSES):
        at += timedelta(minutes=5)
        take(at=at)
        at += taking.LEASE
        taking.recover(at=at)

    row = Job.objects.get()
    assert (row.state, row.losses, row.failures) == (State.PARKED, taking.MOST_LOSSES, 0)


def test_what_is_over_is_forgotten_after_a_while() -> None:
    long_ago = clock.now() - timedelta(hours=2)
    for _ in range(3):
        enqueue(sample.nothing)
    done, parked, recent = take()
    give_back(Done(done), Failed(parked, 1, {"class": "x", "traceback": "y"}), at=long_ago)
    give_back(Done(recent))

    pruning.forget_old_jobs.call()

    assert set(Job.objects.values_list("pk", flat=True)) == {parked.id, recent.id}


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_take_each_job_once() -> None:
    many = scaled(2_000)
    for _ in range(many):
        enqueue(sample.nothing)

    def work() -> list[str]:
        name, mine = str(uuid4()), []
        while taken := taking.exchange(ended=[], wanted={Queue.DEFAULT: 7}, worker=name, at=clock.now()):
            taking.exchange(ended=[Done(job) for job in taken], wanted={}, worker=name, at=clock.now())
            mine += [str(job.id) for job in taken]
        return mine

    carried_out = [each for mine in at_once([work] * 4) if isinstance(mine, list) for each in mine]

    assert len(carried_out) == len(set(carried_out)) == many
    assert set(Job.objects.values_list("state", flat=True)) == {State.DONE}


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_what_is_enqueued_with_a_key_while_workers_take_is_never_lost() -> None:
    """Each change asks for the same work; the last run begins after the last change is committed."""
    rounds, changed = scaled(300), threading.Event()

    def change() -> int:
        try:
            for number in range(rounds):
                with db.transaction():
                    sample.write_row.call(f"change-{number}")
                    enqueue(sample.count_rows, "change-", key="count")
        finally:
            changed.set()
        return 0

    def work() -> int:
        best = 0
        while best < rounds:
            over = changed.is_set()
            for job in taking.exchange(ended=[], wanted={Queue.DEFAULT: 3}, worker="w", at=clock.now()):
                ended = carry_out(job)
                assert isinstance(ended, Done)
                best = max(best, ended.result)
                taking.exchange(ended=[ended], wanted={}, worker="w", at=clock.now())
            if over and not Job.objects.filter(state__in=[State.WAITING, State.RUNNING]).exists():
                break
        return best

    results = at_once([change, work])

    assert results[1] == rounds

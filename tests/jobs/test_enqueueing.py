"""Asking for work: a part of the transaction that asks, once for a key, through Django's Tasks API too."""

from collections.abc import Callable
from datetime import timedelta
from typing import NoReturn
from uuid import UUID

import pytest
from django.test import override_settings
from django_tasks.backends.immediate import ImmediateBackend
from django_tasks.base import Task, TaskResultStatus
from django_tasks.exceptions import TaskResultDoesNotExist

from tessera import db
from tessera.core import clock
from tessera.jobs import taking
from tessera.jobs.carrying_out import carry_out
from tessera.jobs.models import Job, Periodic
from tessera.jobs.queue import enqueue
from tessera.jobs.types import Queue, State
from tests import make
from tests.jobs import sample

pytestmark = pytest.mark.django_db


def carry_all_out() -> None:
    """Take up and carry out all that is due, as a worker does."""
    at = clock.now()
    taken = taking.exchange(ended=[], wanted={Queue.DEFAULT: 100, Queue.NETWORK: 100}, worker="tests", at=at)
    taking.exchange(ended=[carry_out(job) for job in taken], wanted={}, worker="tests", at=at)


def test_a_job_is_kept_with_the_change_that_asked_for_it_or_not_at_all() -> None:
    def change_that_fails() -> None:
        with db.transaction():
            enqueue(sample.nothing)
            raise LookupError

    with pytest.raises(LookupError):
        change_that_fails()
    with db.transaction():
        enqueue(sample.add, 1, 2)

    (job,) = Job.objects.all()
    assert (job.task, job.arguments, job.queue, job.state) == (
        "tests.jobs.sample.add",
        {"args": [1, 2], "kwargs": {}},
        "default",
        State.WAITING,
    )


def test_what_the_backend_writes_by_hand_is_what_the_model_would_write() -> None:
    """The statement and Django's own way of storing agree on every column, on both databases."""
    organization_id, due = UUID(int=7), make.FEB_10
    enqueue(sample.nothing, key="k", organization_id=organization_id, run_after=due, priority=5)
    by_hand = Job.objects.get()
    fresh = Job(
        organization_id=organization_id,
        task=by_hand.task,
        arguments={"args": [], "kwargs": {}},
        queue="default",
        priority=5,
        key="k",
        state=State.WAITING,
        run_after=due,
        enqueued_at=by_hand.enqueued_at,
    )

    own = {each.attname: getattr(by_hand, each.attname) for each in Job._meta.concrete_fields if each.name != "id"}
    assert own == {name: getattr(fresh, name) for name in own}
    by_hand.delete()
    fresh.save(force_insert=True)
    assert Job.objects.filter(run_after=due, organization_id=organization_id).exists()


def test_with_a_key_one_waits_and_the_earlier_instant_counts() -> None:
    at = clock.now()
    for seconds in (60, 30, 90):
        enqueue(sample.nothing, key="once", run_after=at + timedelta(seconds=seconds))
    enqueue(sample.nothing, key="other")
    enqueue(sample.nothing)
    enqueue(sample.nothing)

    assert Job.objects.count() == 4
    assert Job.objects.get(key="once").run_after == at + timedelta(seconds=30)


def test_what_is_enqueued_while_one_of_its_key_runs_comes_after_it() -> None:
    at = clock.now()
    enqueue(sample.nothing, key="once")
    (running,) = taking.exchange(ended=[], wanted={Queue.DEFAULT: 9}, worker="one", at=clock.now())
    enqueue(sample.nothing, key="once")

    assert taking.exchange(ended=[], wanted={Queue.DEFAULT: 9}, worker="two", at=clock.now()) == []
    assert taking.next_due([Queue.DEFAULT]) is None
    after = taking.exchange(ended=[taking.Done(running)], wanted={Queue.DEFAULT: 9}, worker="one", at=clock.now())

    assert len(after) == 1
    assert after[0].row.enqueued_at >= at


@pytest.mark.parametrize("argument", [object(), {1, 2}, make.JAN_10, b"bytes"])
def test_an_argument_that_is_no_json_value_is_refused_at_once(argument: object) -> None:
    with pytest.raises(TypeError):
        enqueue(sample.add, argument, 1)
    assert not Job.objects.exists()


def test_a_result_can_be_asked_for_through_the_tasks_api() -> None:
    result = sample.add.enqueue(20, 22)
    assert result.status == TaskResultStatus.READY

    carry_all_out()
    result.refresh()

    assert (result.status, result.return_value, result.attempts) == (TaskResultStatus.SUCCESSFUL, 42, 1)
    assert sample.add.get_result(result.id).return_value == 42


@pytest.mark.parametrize("unknown", ["", "job_01h2xcejqtf2nbrexx3vqjhp41", "nonsense"])
def test_a_result_that_nobody_knows_is_said_to_be_unknown(unknown: str) -> None:
    with pytest.raises(TaskResultDoesNotExist):
        sample.add.get_result(unknown)


def test_a_failure_can_be_read_through_the_tasks_api(tmp_path_factory: pytest.TempPathFactory) -> None:
    result = sample.fail.enqueue(str(tmp_path_factory.mktemp("jobs") / "lines"))

    carry_all_out()
    result.refresh()

    assert result.status == TaskResultStatus.READY
    assert result.errors[0].exception_class is ValueError
    assert "this cannot be done" in result.errors[0].traceback


def test_a_task_says_to_which_queue_it_goes_and_how_urgent_it_is() -> None:
    enqueue(sample.write_line_from_network, "path", "line", priority=7)
    sample.nothing.using(priority=-3, run_after=make.FEB_10).enqueue()

    rows = Job.objects.order_by("-priority").values_list("queue", "priority", "run_after")
    assert [row[:2] for row in rows] == [("network", 7), ("default", -3)]
    assert rows[1][2] == make.FEB_10


IMMEDIATE = {
    "default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend", "QUEUES": ["default", "network"]}
}


@override_settings(TASKS=IMMEDIATE)
def test_another_backend_gets_the_job_when_the_change_is_committed(
    django_capture_on_commit_callbacks: Callable[..., object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("jobs") / "lines"
    waits: Task[..., None] = sample.write_line
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        enqueue(waits, str(path), "now", key="ignored there")
        enqueue(waits, str(path), "later", run_after=clock.now() + timedelta(hours=1))
        assert not path.exists()

    assert path.read_text(encoding="utf-8") == "now\n"
    assert not Job.objects.exists()


class Unreachable(ImmediateBackend):
    """A broker that is down."""

    def enqueue(self, task: object, args: object, kwargs: object) -> NoReturn:
        raise ConnectionError("nobody there")


@pytest.mark.django_db(transaction=True)
@override_settings(TASKS={"default": {**IMMEDIATE["default"], "BACKEND": f"{__name__}.Unreachable"}})
def test_a_change_is_kept_and_answered_though_another_backend_cannot_be_reached() -> None:
    with db.transaction():
        sample.write_row.call("kept")
        enqueue(sample.nothing)

    assert Periodic.objects.filter(name="kept").exists()

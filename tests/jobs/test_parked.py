"""What failed for good: seen by those whose it is, run again or dropped, and it is known who did."""

import pytest

from tessera.core import clock, ids
from tessera.events import queries
from tessera.events.types import Actor, EventType
from tessera.jobs import parked, taking
from tessera.jobs.models import Job
from tessera.jobs.parked import JobUnknown
from tessera.jobs.queue import enqueue
from tessera.jobs.taking import Failed
from tessera.jobs.types import Queue, State
from tessera.organizations import parked as of_staff
from tessera.organizations.models import Organization
from tests import make
from tests.jobs import sample

pytestmark = pytest.mark.django_db
STEWARD = Actor.system("tests")


def give_up(club: Organization | None = None, *, key: str = "") -> Job:
    """A job that has failed as often as it may."""
    enqueue(sample.add, 1, 2, key=key, organization_id=club.pk if club else None, priority=100)
    (taken,) = taking.exchange(ended=[], wanted={Queue.DEFAULT: 1}, worker="tests", at=clock.now())
    told = {"class": "builtins.ValueError", "traceback": "Traceback\n  ...\nValueError: this cannot be done\n"}
    taking.exchange(ended=[Failed(taken, 1, told)], wanted={}, worker="tests", at=clock.now())
    return Job.objects.get(pk=taken.id)


def test_staff_see_those_of_their_organization_and_the_operator_all() -> None:
    club, other = make.organization(), make.organization()
    mine, theirs, nobodys = give_up(club), give_up(other), give_up()

    assert [job.id for job in parked.parked_jobs(club.pk)] == [mine.pk]
    assert [job.id for job in parked.parked_jobs(None)] == [nobodys.pk]
    assert {job.id for job in parked.parked_jobs(everywhere=True)} == {mine.pk, theirs.pk, nobodys.pk}
    (shown,) = parked.parked_jobs(club.pk)
    assert (shown.error, shown.arguments, shown.failures) == ("ValueError: this cannot be done", [1, 2], 1)


def test_run_again_it_is_as_good_as_new_and_it_is_known_who_did_it() -> None:
    club = make.organization()
    job = give_up(club)

    of_staff.run_again(organization=club, job_id=job.pk, at=make.JAN_10, actor=STEWARD)

    job.refresh_from_db()
    assert (job.state, job.failures, job.finished_at) == (State.WAITING, 0, None)
    (line,) = queries.feed(club).lines
    assert (line.type, line.data["job"]) == (EventType.JOB_RUN_AGAIN, ids.to_text(ids.Prefix.JOB, job.pk))
    assert parked.parked_jobs(club.pk) == []


def test_dropped_it_is_gone() -> None:
    club = make.organization()
    job = give_up(club)

    of_staff.drop(organization=club, job_id=job.pk, at=make.JAN_10, actor=STEWARD)

    assert not Job.objects.filter(pk=job.pk).exists()
    assert [line.type for line in queries.feed(club).lines] == [EventType.JOB_DROPPED]


def test_one_of_another_organization_does_not_exist() -> None:
    club, other = make.organization(), make.organization()
    job = give_up(other)

    with pytest.raises(JobUnknown):
        of_staff.run_again(organization=club, job_id=job.pk, at=make.JAN_10, actor=STEWARD)
    with pytest.raises(JobUnknown):
        of_staff.drop(organization=club, job_id=job.pk, at=make.JAN_10, actor=STEWARD)

    assert Job.objects.get(pk=job.pk).state == State.PARKED
    assert queries.feed(club).lines == []


def test_where_one_of_its_key_waits_already_that_one_does_the_work() -> None:
    club = make.organization()
    job = give_up(club, key="once")
    enqueue(sample.add, 1, 2, key="once")

    parked.run_again(job.pk, organization_id=club.pk)

    assert Job.objects.filter(key="once").count() == 1
    assert Job.objects.get(key="once").state == State.WAITING


def test_how_all_jobs_stand() -> None:
    at = clock.now()
    give_up()
    enqueue(sample.nothing, run_after=at)

    found = parked.standing(at=clock.now())

    assert (found.counts["waiting"], found.counts["parked"], found.counts["running"]) == (1, 1, 0)
    assert found.due_seconds > 0

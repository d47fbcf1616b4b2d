"""What was given up, at the console: seen with its reason, run again, dropped."""

import pytest

from tessera.events.models import Event
from tessera.jobs.models import Job
from tessera.jobs.types import State
from tessera.organizations.rights import Role
from tests import make
from tests.console.visitor import Visitor, working_for

pytestmark = pytest.mark.django_db


def test_where_nothing_was_given_up_the_page_says_what_would_be_here(owner: Visitor) -> None:
    assert "Nothing was given up" in owner.get("jobs").words


def test_what_was_given_up_is_called_by_what_it_was_for_and_says_why(owner: Visitor) -> None:
    make.parked_job(owner.club, error="OutboundFailed: <b>gone</b>")
    make.parked_job(owner.club, "tessera.somewhere.tasks.count_the_chairs")
    make.parked_job(make.organization("Elsewhere"), error="ValueError: of somebody else")
    make.parked_job(None, error="ValueError: of nobody")

    page = owner.get("jobs")

    assert "Sending webhooks" in page.words
    assert "Count the chairs" in page.words
    assert "OutboundFailed: &lt;b&gt;gone" in page.text
    assert "somebody else" not in page.text
    assert "of nobody" not in page.text


def test_it_is_run_again_after_asking(owner: Visitor) -> None:
    job = make.parked_job(owner.club)
    asked = owner.get("job_again", job)
    assert "It is carried out as if it were new." in asked.words
    assert Job.objects.get(pk=job.pk).state == State.PARKED

    once = asked.value("once")
    assert owner.post("job_again", job, once=once).location == owner.address("jobs")
    assert owner.post("job_again", job, once=once).location == owner.address("jobs")

    assert Job.objects.get(pk=job.pk).state == State.WAITING
    assert list(Event.objects.values_list("type", flat=True)) == ["job.run_again"]


def test_it_is_dropped_after_asking(owner: Visitor) -> None:
    job = make.parked_job(owner.club)

    owner.post("job_drop", job)

    assert not Job.objects.filter(pk=job.pk).exists()
    assert owner.get("job_drop", job).status == 404


def test_only_owners_see_it(owner: Visitor) -> None:
    assert "Given up" in owner.get("settings").words
    for role in Role:
        if role is not Role.OWNER:
            assert "Given up" not in working_for(owner.club, role).get("settings").words


def test_many_cost_no_more_queries_than_one(owner: Visitor) -> None:
    make.parked_job(owner.club)
    few = owner.get("jobs").queries
    for _ in range(20):
        make.parked_job(owner.club)

    assert owner.get("jobs").queries == few

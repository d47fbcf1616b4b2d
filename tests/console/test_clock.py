"""The test clock at the console."""

from datetime import UTC, datetime

import pytest

from tessera.events.models import Event
from tessera.jobs.models import Job
from tessera.organizations import tasks
from tessera.organizations.models import ClockMove
from tests import make
from tests.console.visitor import Visitor
from tests.pages import Page

pytestmark = pytest.mark.django_db


def carried_out() -> None:
    """Carry out the moves that wait, as a worker does."""
    for job in Job.objects.filter(task="tessera.organizations.tasks.move_test_clock"):
        tasks.move_test_clock.call(*job.arguments["args"])
        job.delete()


def moved(owner: Visitor, **told: str) -> datetime | None:
    assert owner.post("clock", **told).location == owner.address("clock")
    carried_out()
    owner.club.refresh_from_db()
    return owner.club.test_now


@pytest.mark.parametrize(
    ("told", "stands"),
    [
        ({"by": "day"}, datetime(2026, 1, 11, 12, tzinfo=UTC)),
        ({"by": "week"}, datetime(2026, 1, 17, 12, tzinfo=UTC)),
        ({"by": "month"}, datetime(2026, 2, 10, 12, tzinfo=UTC)),
        ({"by": "to", "to": "2026-07-01T09:30"}, datetime(2026, 7, 1, 8, 30, tzinfo=UTC)),
    ],
)
def test_it_is_moved_by_a_step_or_to_a_local_time(owner: Visitor, told: dict[str, str], stands: datetime) -> None:
    assert moved(owner, **told) == stands
    event = Event.objects.get(type="organization.clock_moved")
    assert owner.staff is not None and event.actor.startswith("staff:stf_")


def test_it_goes_to_the_next_thing_that_falls_due_and_says_before_what_that_is(owner: Visitor) -> None:
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    make.membership(make.plan(owner.club, "Gold"), customer=ada, ends_at=make.FEB_10)
    make.membership(make.plan(owner.club), customer=make.customer(owner.club))
    foreign = make.organization("Elsewhere", test_now=make.JAN_10)
    make.membership(make.plan(foreign), customer=make.customer(foreign), ends_at=datetime(2026, 1, 20, tzinfo=UTC))

    assert "Gold expired Ada Okonkwo" in owner.get("clock").words
    assert moved(owner, by="next") == make.FEB_10
    assert Event.objects.filter(type="membership.expired").count() == 1
    assert "Nothing is booked that would end" in owner.get("clock").words


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "This field is required."),
        ({"by": "sideways"}, "Select a valid choice."),
        ({"by": "to"}, "Say to which day and time."),
        ({"by": "to", "to": "soon"}, "Write a day and time like 2026-03-31T14:05."),
        ({"by": "to", "to": "2026-01-10T11:00"}, "only moves forward"),
        ({"by": "to", "to": "2199-01-01T00:00"}, "At most ten years at once."),
        ({"by": "next"}, "Nothing falls due within ten years."),
    ],
)
def test_where_it_cannot_go_is_refused(owner: Visitor, told: dict[str, str], said: str) -> None:
    page = owner.post("clock", **told)
    assert page.status == 422
    assert said in page.words
    assert not ClockMove.objects.exists() and not Job.objects.exists()


def test_while_it_moves_the_page_says_how_far_and_a_second_move_is_refused(owner: Visitor) -> None:
    owner.post("clock", by="week")
    page: Page = owner.get("clock")
    assert "On its way to Sat 17 Jan, 12:00" in page.words
    assert 'hx-trigger="every 1s"' in page.text
    assert "Move the clock" not in page.words
    part = owner.open(f"{owner.address('clock_progress')}?since={int(make.JAN_10.timestamp())}", htmx=True)
    assert 'value="0"' in part.text and "<html" not in part.text
    assert owner.open(f"{owner.address('clock_progress')}?since=nonsense", htmx=True).status == 200
    late = owner.post("clock", by="day")
    assert late.status == 422 and "on its way to" in late.words
    carried_out()
    assert owner.get("clock_progress", htmx=True).location == owner.address("clock")
    assert "every 1s" not in owner.get("clock").text


def test_a_move_that_nobody_carries_out_can_be_taken_over(owner: Visitor) -> None:
    owner.post("clock", by="week")
    ClockMove.objects.update(leased_until=make.JAN_10)
    owner.post("clock", by="day")
    carried_out()
    owner.club.refresh_from_db()
    assert owner.club.test_now == datetime(2026, 1, 11, 12, tzinfo=UTC)
    assert not ClockMove.objects.exists()

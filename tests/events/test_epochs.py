"""After a restore numbers are given again: whoever followed the feed is told, and how far they can still believe it."""

from uuid import UUID

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from tessera import db
from tessera.core.ids import Prefix, new_id, to_text
from tessera.events import queries
from tessera.events import services as events
from tessera.events.epochs import Opened, open_epoch
from tessera.events.lineage import Fork, agree_until
from tessera.events.models import FeedEpoch
from tessera.events.types import Actor, EventType
from tessera.organizations.models import Organization
from tests import make
from tests.http.client import Api

RESTORE = Actor.system("restore")


def happen(club: Organization, times: int) -> None:
    line = events.Happened(
        organization_id=club.pk, type=EventType.PLAN_UPDATED, at=make.JAN_10, actor=Actor.system("tests")
    )
    with db.transaction():
        events.record(*[line] * times)


def reopen(club: Organization, *known: Fork) -> Opened:
    return open_epoch(organization_id=club.pk, at=make.FEB_10, actor=RESTORE, backup_made_at=make.JAN_10, known=known)


def text(epoch: UUID) -> str:
    return to_text(Prefix.FEED_EPOCH, epoch)


@pytest.mark.django_db
class TestFollowing:
    def test_the_first_epoch_is_that_of_the_organization_and_needs_no_row(self) -> None:
        club, other = make.organization(), make.organization()

        first = Api(make.key(club)[1]).get("/events").json["epoch"]

        assert first == Api(make.key(club)[1]).get("/organization").json["feed_epoch"]
        assert first != Api(make.key(other)[1]).get("/events").json["epoch"]
        assert not FeedEpoch.objects.exists()

    def test_whoever_sends_the_present_epoch_reads_on(self) -> None:
        club = make.organization()
        happen(club, 3)
        api = Api(make.key(club)[1])
        first = api.get("/events").json

        page = api.get(f"/events?after=1&epoch={first['epoch']}").json

        assert [line["sequence"] for line in page["data"]] == [2, 3]

    @time_machine.travel(make.FEB_10, tick=False)
    def test_a_restore_begins_another_epoch_with_an_event(self) -> None:
        club, bystander = make.organization(), make.organization()
        happen(club, 3)
        api = Api(make.key(club)[1])
        before = api.get("/organization").json["feed_epoch"]

        opened = reopen(club)

        page = api.get("/events?after=3").json
        assert (page["epoch"], opened.after) == (text(opened.epoch), 3)
        assert page["epoch"] == api.get("/organization").json["feed_epoch"] != before
        (line,) = page["data"]
        assert (line["sequence"], line["type"], line["actor"]) == (4, "organization.restored", "system:restore")
        assert line["data"] == {
            "epoch": page["epoch"],
            "restored_epoch": before,
            "after": 3,
            "backup_made_at": "2026-01-10T12:00:00Z",
        }
        assert Api(make.key(bystander)[1]).get("/events").json["epoch"] == text(bystander.pk)

    def test_an_epoch_that_was_restored_over_is_refused_and_told_how_far_it_holds(self) -> None:
        club = make.organization()
        happen(club, 3)
        opened = reopen(club)
        happen(club, 2)
        api = Api(make.key(club)[1])

        refused = api.get(f"/events?after=2&epoch={text(club.pk)}")

        assert (refused.status, refused.code) == (409, "feed_epoch_stale")
        assert (refused.json["epoch"], refused.json["agree_until"]) == (text(opened.epoch), 3)
        assert refused.faults == {"/epoch": "feed_epoch_stale"}
        read_on = api.get(f"/events?after=3&epoch={refused.json['epoch']}").json
        assert [line["sequence"] for line in read_on["data"]] == [4, 5, 6]

    def test_of_an_epoch_nobody_knows_nothing_is_said(self) -> None:
        club = make.organization()
        reopen(club)

        refused = Api(make.key(club)[1]).get(f"/events?epoch={text(new_id())}")

        assert (refused.code, refused.json["agree_until"]) == ("feed_epoch_stale", None)

    def test_another_organizations_epoch_is_not_known_here(self) -> None:
        club, other = make.organization(), make.organization()
        happen(other, 3)
        theirs = reopen(other)

        refused = Api(make.key(club)[1]).get(f"/events?epoch={text(theirs.epoch)}")

        assert (refused.code, refused.json["agree_until"]) == ("feed_epoch_stale", None)

    def test_what_is_no_epoch_is_refused(self) -> None:
        answer = Api(make.key(make.organization())[1]).get("/events?epoch=yesterday")

        assert (answer.status, answer.faults) == (422, {"/epoch": "event_filter_invalid"})

    def test_epochs_of_the_database_that_was_replaced_are_not_forgotten(self) -> None:
        club = make.organization()
        happen(club, 5)
        # Restored at 3 by mistake, followed to 9, then the right backup, made at 5 in the first epoch, came.
        mistake = Fork(new_id(), club.pk, 3)

        opened = reopen(club, mistake)

        assert opened.after == 5
        assert queries.present_epoch(club.pk) == opened.epoch
        forks = queries.forks(club.pk)
        assert agree_until(mistake.epoch, opened.epoch, forks=forks) == 3
        assert agree_until(club.pk, opened.epoch, forks=forks) == 5
        again = reopen(club, mistake)
        assert list(queries.forks(club.pk)) == [mistake.epoch, opened.epoch, again.epoch]


class Log:
    """A model of what consumers saw: every epoch with the events it held, each event unlike any other."""

    def __init__(self) -> None:
        self.root = new_id()
        self.events: dict[UUID, list[int]] = {self.root: []}
        self.forks: dict[UUID, Fork] = {}
        self.present = self.root
        self._serial = 0

    def happen(self, times: int) -> None:
        for _ in range(times):
            self._serial += 1
            self.events[self.present].append(self._serial)

    def restore(self, epoch: UUID, after: int) -> None:
        """Restore a backup that was made in `epoch` when its last number was `after`."""
        fork = Fork(new_id(), epoch, after)
        self.forks[fork.epoch] = fork
        self.events[fork.epoch] = self.events[epoch][:after]
        self.present = fork.epoch
        self.happen(1)  # organization.restored


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 99), st.integers(0, 99)), max_size=8))
def test_two_epochs_agree_exactly_as_far_as_their_events_do(steps: list[tuple[int, int, int]]) -> None:
    log = Log()
    for times, which, when in steps:
        log.happen(times)
        epoch = list(log.events)[which % len(log.events)]
        born = log.forks[epoch].after + 1 if epoch in log.forks else 0
        log.restore(epoch, max(born, when % (len(log.events[epoch]) + 1)))
    log.happen(1)

    for epoch, held in log.events.items():
        if epoch == log.present:
            continue
        now = log.events[log.present]
        until = agree_until(epoch, log.present, forks=log.forks)
        assert until is not None
        assert held[:until] == now[: len(held[:until])], "something that is gone is believed"
        shared = next((n for n, (one, other) in enumerate(zip(held, now, strict=False)) if one != other), len(held))
        assert until >= min(shared, len(now)), "something that still holds is given up"

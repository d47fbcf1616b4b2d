"""The test clock: an organization made for tests has its own time, which stands still until it is moved forward."""

from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from tessera import db
from tessera.core import clock
from tessera.core.ids import new_id
from tessera.core.instants import instant_text
from tessera.core.phrases import said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations.errors import ClockAdvancing, ClockBackwards, NotATestOrganization
from tessera.organizations.models import ClockMove, Organization

LEASE: Final = timedelta(seconds=60)


class DueWork(Protocol):
    """What falls due as time passes: what a worker does for live organizations. Handed in by `config`."""

    def next_due(self, *, organization: Organization, after: datetime, until: datetime) -> datetime | None:
        """Return the first instant in `(after, until]` at which something of the organization falls due."""

    def run_due(self, *, organization: Organization, at: datetime) -> int:
        """Do all that is due at `at` or before and has not been done; return how much. The clock stands at `at`."""


_works: list[DueWork] = []


def set_due_work(*works: DueWork) -> None:
    """Say what falls due, in the order in which it is done where several things are due at once. Once a process."""
    _works[:] = works


def move_clock(*, organization: Organization, to: datetime, at: datetime, actor: Actor) -> Organization:
    """Move the clock forward to `to`, working through all that falls due on the way, each at its own instant.

    `at` is where the clock stands now, as the caller knows it. Where it already stands at `to`, it works through
    what is due and stays. Raises NotATestOrganization; ClockBackwards; ClockAdvancing while an earlier move runs.
    What is done on the way stays done if a later part fails; the clock then stands where that happened.
    """
    lease, _ = begin_move(organization=organization, to=to)
    return carry_on_move(organization=organization, lease=lease, to=to, since=at, actor=actor)


def carry_on_move(
    *, organization: Organization, lease: UUID, to: datetime, since: datetime, actor: Actor
) -> Organization:
    """Carry out a move that `begin_move` has begun; `since` is where the clock stood then. For whoever has the lease.

    Raises ClockAdvancing if another move has taken over.
    """
    position = organization.test_now
    assert position is not None, "only an organization with a clock begins a move"
    try:
        _keep_lease(organization, lease)
        _run_due(organization, position)
        while (due := _next_due(organization, after=position, until=to)) is not None:
            position = due
            _step(organization, lease, to=position)
            _run_due(organization, position)
        _arrive(organization, lease, since=since, to=to, actor=actor)
    finally:
        with db.transaction():
            ClockMove.objects.filter(organization=organization, lease=lease).delete()
    return organization


def next_due(organization: Organization, *, until: datetime) -> datetime | None:
    """Return the first instant until `until` at which something falls due; None if there is none."""
    assert organization.test_now is not None, "only a test clock is asked what comes next"
    return _next_due(organization, after=organization.test_now, until=until)


def _next_due(organization: Organization, *, after: datetime, until: datetime) -> datetime | None:
    """Return the first instant in `(after, until]` at which any of the works has something to do."""
    instants = (work.next_due(organization=organization, after=after, until=until) for work in _works)
    return min((instant for instant in instants if instant is not None), default=None)


def _run_due(organization: Organization, at: datetime) -> None:
    """Let each do what is due. All are asked, for what one does can make something due for another right there."""
    for work in _works:
        work.run_due(organization=organization, at=at)


def begin_move(*, organization: Organization, to: datetime) -> tuple[UUID, datetime]:
    """Take the lease of a move to `to`; return it, and where the clock stands. Until it ends nobody else moves it.

    Raises NotATestOrganization; ClockBackwards; ClockAdvancing.
    """
    lease = new_id()
    with db.transaction():
        present = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        if present.test_now is None:
            raise NotATestOrganization("only an organization made for tests has a clock of its own")
        running = ClockMove.objects.filter(organization=present).first()
        if running is not None and running.leased_until > clock.now():
            raise ClockAdvancing(
                said("the clock is on its way to {instant}; ask again when it is ready", instant=running.target)
            )
        if to < present.test_now:
            raise ClockBackwards(
                said("the clock stands at {instant} and only moves forward", instant=present.test_now), pointer="/now"
            )
        ClockMove.objects.update_or_create(
            organization=present, defaults={"target": to, "lease": lease, "leased_until": clock.now() + LEASE}
        )
    organization.test_now = present.test_now
    return lease, present.test_now


def _step(organization: Organization, lease: UUID, *, to: datetime) -> None:
    """Set the clock to `to`. Raises ClockAdvancing without the lease."""
    with db.transaction():
        _keep_lease(organization, lease)
        Organization.objects.filter(pk=organization.pk).update(test_now=to)
    organization.test_now = to


def _keep_lease(organization: Organization, lease: UUID) -> None:
    """Have the lease for another while. Raises ClockAdvancing without it."""
    kept = ClockMove.objects.filter(organization=organization, lease=lease).update(leased_until=clock.now() + LEASE)
    if not kept:
        raise ClockAdvancing("another move has taken over")


def _arrive(organization: Organization, lease: UUID, *, since: datetime, to: datetime, actor: Actor) -> None:
    with db.transaction():
        _step(organization, lease, to=to)
        if since != to:
            events.record(
                events.Happened(
                    organization_id=organization.pk,
                    type=EventType.ORGANIZATION_CLOCK_MOVED,
                    at=to,
                    actor=actor,
                    data={"from": instant_text(since), "to": instant_text(to)},
                )
            )
        ClockMove.objects.filter(organization=organization, lease=lease).delete()

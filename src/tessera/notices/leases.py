"""Who has which mails in hand. Real time: a lease outlives neither a process that died nor an organization's clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from django.db.models import F, Min, Q

from tessera import db
from tessera.core import clock
from tessera.notices.models import Notice
from tessera.notices.types import Status

MOST: Final = 50
_LEASE: Final = timedelta(minutes=10)
# One mail takes no longer than this, whatever its server does: what is begun before is finished within the lease.
_ONE_MAIL: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Claim:
    """Notices that are one process's to send, in the order they are to go out, until a real instant."""

    token: UUID
    until: datetime
    notices: Sequence[Notice]

    @property
    def expiring(self) -> bool:
        """Whether there is no time left to begin with another mail."""
        return clock.now() > self.until - _ONE_MAIL


def from_now(seconds: float = 0) -> datetime:
    """Return the real instant that lies so far ahead."""
    return clock.now() + timedelta(seconds=seconds)


def claim(organization_id: UUID, *, most: int = MOST) -> Claim:
    """Take up to `most` of the organization's notices that are due, and those whose holder's lease has run out.

    One conditional UPDATE: of two processes at once each gets others.
    """
    token, at = uuid4(), clock.now()
    due = Q(organization=organization_id, due_at__lte=at)
    with db.transaction():
        first = Notice.objects.select_for_update(skip_locked=True, no_key=True).filter(due).order_by("rank", "id")
        keys = list(first.values_list("pk", flat=True)[:most])
        if keys:
            Notice.objects.filter(due, pk__in=keys).update(status=Status.SENDING, claim=token, due_at=at + _LEASE)
    taken = Notice.objects.filter(claim=token).order_by("rank", "id") if keys else ()
    return Claim(token, at + _LEASE, list(taken))


def settle(notice: Notice, status: Status, why: str = "", *, sent_at: datetime | None = None) -> bool:
    """Write what became of a notice in hand. False if it is in other hands by now: then theirs counts."""
    return _put(notice, status=status, why=why, sent_at=sent_at, due_at=None, attempts=F("attempts") + 1)


def put_off(notice: Notice, *, seconds: float, why: str, counts: bool) -> bool:
    """Let a notice in hand wait for another attempt. `counts`: this one was an attempt, and it failed."""
    attempts = F("attempts") + (1 if counts else 0)
    return _put(notice, status=Status.WAITING, why=why, due_at=from_now(seconds), attempts=attempts)


def next_due(organization_id: UUID) -> datetime | None:
    """Return when there is more to do for the organization: now, when an attempt or a lease is due, or never."""
    mine = Notice.objects.filter(organization=organization_id, due_at__isnull=False)
    # Of many that wait, one is enough to know; the earliest is looked for only among those put off.
    if mine.filter(due_at__lte=clock.now()).exists():
        return clock.now()
    earliest: datetime | None = mine.aggregate(first=Min("due_at"))["first"]
    return earliest


def organizations_due() -> list[UUID]:
    """Return the organizations with notices that are due."""
    due = Notice.objects.filter(due_at__lte=clock.now())
    return list(due.values_list("organization_id", flat=True).distinct())


def _put(notice: Notice, **values: object) -> bool:
    with db.transaction():
        held = Notice.objects.filter(pk=notice.pk, claim=notice.claim, status=Status.SENDING)
        return held.update(claim=None, **values) == 1

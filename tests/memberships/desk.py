"""The front desk of a club: every verb with the organization and the actor filled in, and what can be seen of it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tessera.core.errors import TesseraError
from tessera.core.periods import Interval
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.memberships import announcing, canceling, changing, granting, pausing, renewing
from tessera.memberships.models import Membership, Pause, Term
from tessera.memberships.status import Facts, State, state_at
from tessera.memberships.status_sql import with_status
from tessera.organizations.models import Organization
from tessera.people.models import Affiliation, Company, Customer
from tessera.people.types import Source
from tessera.plans.models import Plan, Price
from tessera.plans.types import Rule
from tests import make

LONDON = ZoneInfo("Europe/London")
ACTOR = Actor.system("tests")


def london(text: str) -> datetime:
    """Return the instant at which clocks in London show "2026-01-10" (midnight) or "2026-01-10 12:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Desk:
    """Staff at work in one organization."""

    club: Organization

    @classmethod
    def open(cls, **club: Any) -> "Desk":
        """Return the desk of a new club; `club` as for `make.organization`."""
        return cls(make.organization(**club))

    def grant(self, plan: Plan, holder: Customer | Company, *, at: datetime, **terms: Any) -> Membership:
        return granting.grant(
            organization=self.club, plan=plan, holder=holder, at=at, actor=ACTOR, source=Source.STAFF, **terms
        )

    def approve(self, membership: Membership, *, at: datetime) -> Membership:
        return granting.approve(organization=self.club, membership_id=membership.pk, at=at, actor=ACTOR)

    def reject(self, membership: Membership, *, at: datetime) -> Membership:
        return granting.reject(organization=self.club, membership_id=membership.pk, at=at, actor=ACTOR)

    def pay(self, membership: Membership, *, at: datetime, paid_by: str = "sandbox") -> Membership:
        return granting.confirm_payment(
            organization=self.club, membership_id=membership.pk, at=at, actor=ACTOR, paid_by=paid_by
        )

    def renew(self, membership: Membership, *, at: datetime) -> Membership:
        return renewing.renew(organization=self.club, membership_id=membership.pk, at=at, actor=ACTOR)

    def extend(self, membership: Membership, ends_at: datetime, *, at: datetime) -> Membership:
        return renewing.extend(organization=self.club, membership_id=membership.pk, ends_at=ends_at, at=at, actor=ACTOR)

    def cancel_now(self, membership: Membership, *, at: datetime) -> Membership:
        return canceling.cancel_now(organization=self.club, membership_id=membership.pk, at=at, actor=ACTOR)

    def cancel_at_period_end(self, membership: Membership, *, at: datetime) -> Membership:
        return canceling.cancel_at_period_end(organization=self.club, membership_id=membership.pk, at=at, actor=ACTOR)

    def undo_cancel(self, membership: Membership, *, at: datetime) -> Membership:
        return canceling.undo_cancel(organization=self.club, membership_id=membership.pk, at=at, actor=ACTOR)

    def revoke(self, membership: Membership, *, at: datetime) -> Membership:
        return canceling.revoke(organization=self.club, membership_id=membership.pk, at=at, actor=ACTOR)

    def pause(
        self,
        membership: Membership,
        *,
        at: datetime,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        reason: str = "",
    ) -> Membership:
        return pausing.pause(
            organization=self.club,
            membership_id=membership.pk,
            at=at,
            actor=ACTOR,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=reason,
        )

    def resume(self, membership: Membership, *, at: datetime) -> Membership:
        return pausing.resume(organization=self.club, membership_id=membership.pk, at=at, actor=ACTOR)

    def change_now(self, membership: Membership, plan: Plan, *, at: datetime, price: Price | None = None) -> Membership:
        return changing.change_plan_now(
            organization=self.club, membership_id=membership.pk, plan=plan, price=price, at=at, actor=ACTOR
        )

    def change_at_renewal(
        self, membership: Membership, plan: Plan, *, at: datetime, price: Price | None = None
    ) -> Membership:
        return changing.change_plan_at_renewal(
            organization=self.club, membership_id=membership.pk, plan=plan, price=price, at=at, actor=ACTOR
        )

    def change_seats(self, membership: Membership, seats: int | None, *, at: datetime) -> Membership:
        return changing.change_seats(
            organization=self.club, membership_id=membership.pk, seats=seats, at=at, actor=ACTOR
        )

    def announce(self, *, at: datetime) -> int:
        return announcing.run_due(organization=self.club, at=at)

    def pass_time(self, *, since: datetime, until: datetime) -> list[Event]:
        """Let time pass: announce what comes later than `since`, each at its own instant; return what was announced."""
        last = Event.objects.filter(organization=self.club).count()
        at = since
        while (due := announcing.next_due(organization=self.club, after=at, until=until)) is not None:
            announcing.run_due(organization=self.club, at=due)
            at = due
        return list(Event.objects.filter(organization=self.club, sequence__gt=last).order_by("sequence"))


def april(club: Organization, **price: Any) -> Plan:
    """A fixed plan whose cycle begins on 1 April; who joins from 1 January on gets the next year too."""
    return make.plan(
        club, rule=Rule.FIXED, cycle_start="04-01", cycle_rollover="01-01", interval=Interval.YEAR, **price
    )


def terms(membership: Membership) -> list[tuple[datetime, datetime | None]]:
    """Return the intervals of its terms, in order."""
    rows = Term.objects.filter(membership=membership.pk).order_by("starts_at")
    return list(rows.values_list("starts_at", "ends_at"))


def plans(membership: Membership) -> list[Plan]:
    """Return the plans of its terms, in order."""
    return [term.plan for term in rows(membership)]


def rows(membership: Membership) -> list[Term]:
    """Return its terms as they are in the database, in order."""
    return list(Term.objects.filter(membership=membership.pk).select_related("plan", "price").order_by("starts_at"))


def graces(membership: Membership) -> list[datetime | None]:
    """Return until when each of its terms has grace, in order."""
    return [term.grace_until for term in rows(membership)]


def pauses(membership: Membership) -> list[tuple[datetime, datetime | None]]:
    """Return the intervals of its pauses, in order."""
    return list(
        Pause.objects.filter(membership=membership.pk).order_by("starts_at").values_list("starts_at", "ends_at")
    )


def facts(membership: Membership) -> Facts:
    """Return all that its status depends on, as the database has it."""
    return Facts(
        Membership.objects.get(pk=membership.pk),
        rows(membership),
        list(Pause.objects.filter(membership=membership.pk).order_by("starts_at")),
    )


def state(membership: Membership, at: datetime) -> State:
    """Return what the membership is at `at`, as the database has it."""
    return state_at(facts(membership), at)


def status(membership: Membership, at: datetime) -> str:
    """Return the word for it, with what matters beside it: "active", "active in grace", "expired: lapsed".

    SQL says the same.
    """
    found = state(membership, at)
    columns = ("status_at", "in_grace_at")
    in_sql = with_status(Membership.objects.filter(pk=membership.pk), at).values_list(*columns).get()
    assert in_sql == (found.status, found.in_grace)
    if found.in_grace:
        return f"{found.status} in grace"
    return f"{found.status}: {found.reason}" if found.reason else str(found.status)


def told(club: Organization) -> list[str]:
    """Return the types of all that happened in the club, in order."""
    return list(Event.objects.filter(organization=club).order_by("sequence").values_list("type", flat=True))


def everything() -> dict[str, Counter[str]]:
    """Return all rows that verbs can touch, in every organization, to be compared with a later look."""
    return {
        model.__name__: Counter(str(sorted(row.items())) for row in model.objects.values())
        for model in (Membership, Term, Pause, Event, Affiliation)
    }


@contextmanager
def refused(error: type[TesseraError], *, code: str) -> Iterator[None]:
    """What is done inside is refused with `error`, whose stable code is `code`, and changes nothing anywhere."""
    before = everything()
    with pytest.raises(error) as refusal:
        yield
    assert type(refusal.value) is error
    assert refusal.value.code == code
    assert str(refusal.value)
    assert everything() == before


@contextmanager
def one_event(club: Organization, type_: str) -> Iterator[list[Event]]:
    """What is done inside records exactly one event in the club, of that type, and none elsewhere; it is appended."""
    last = Event.objects.filter(organization=club).order_by("-sequence").values_list("sequence", flat=True).first() or 0
    others = Event.objects.exclude(organization=club).count()
    found: list[Event] = []
    yield found
    found.extend(Event.objects.filter(organization=club, sequence__gt=last).order_by("sequence"))
    assert [event.type for event in found] == [type_]
    assert Event.objects.exclude(organization=club).count() == others

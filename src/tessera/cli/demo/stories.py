"""The rarer lives of the demo, one of every kind that a membership can have, told by the services themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypedDict
from uuid import UUID

from tessera.cli.demo.catalogue import Offer
from tessera.cli.demo.club import Club
from tessera.cli.demo.diary import Story
from tessera.cli.demo.joining import joins
from tessera.events.types import Actor
from tessera.lifecycle.archive import archive_customer
from tessera.memberships import canceling, changing, granting, pausing, renewing
from tessera.memberships.announcing import announce
from tessera.memberships.models import Membership
from tessera.organizations.models import Organization
from tessera.people import services as people
from tessera.people.models import Customer
from tessera.people.types import Source


def pauses_until_resumed(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    held = _grant(club, person, club.catalogue.house, at, ends_at=at + timedelta(days=300))
    paused_at = at + timedelta(days=12)
    yield paused_at
    pausing.pause(**_verb(club, held, paused_at), reason="Abroad for work")


def pauses_for_a_while(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    held = _grant(club, person, club.catalogue.house, at, ends_at=at + timedelta(days=120))
    paused_at = at + timedelta(days=9)
    yield paused_at
    pausing.pause(**_verb(club, held, paused_at), ends_at=club.diary.on(24), reason="Injury")


def has_paused_and_come_back(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    held = _grant(club, person, club.catalogue.gym, at, price="year")
    paused_at, resumed_at = at + timedelta(days=30), at + timedelta(days=51)
    yield paused_at
    pausing.pause(**_verb(club, held, paused_at), reason="Holiday")
    yield resumed_at
    pausing.resume(**_verb(club, held, resumed_at))


def has_planned_a_pause(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    held = _grant(club, person, club.catalogue.gym, at, price="year")
    asked_at = at + timedelta(days=2)
    yield asked_at
    pausing.pause(**_verb(club, held, asked_at), starts_at=club.diary.on(10), ends_at=club.diary.on(31))


def leaves_at_once(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    held = _grant(club, person, club.catalogue.gym, at, price="year")
    canceled_at = at + timedelta(days=18, hours=3)
    yield canceled_at
    canceling.cancel_now(**_verb(club, held, canceled_at))


def leaves_at_the_periods_end(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    held = _grant(club, person, club.catalogue.gym, at, price="year", renews=True)
    booked_at = at + timedelta(days=20)
    yield booked_at
    canceling.cancel_at_period_end(**_verb(club, held, booked_at))


def thinks_better_of_leaving(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    held = _grant(club, person, club.catalogue.gym, at, price="year", renews=True)
    booked_at, undone_at = at + timedelta(days=20), at + timedelta(days=23)
    yield booked_at
    canceling.cancel_at_period_end(**_verb(club, held, booked_at))
    yield undone_at
    canceling.undo_cancel(**_verb(club, held, undone_at))


def leaves_the_friends(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    held = _grant(club, person, club.catalogue.friends, at)
    booked_at = at + timedelta(days=14)
    yield booked_at
    canceling.cancel_at_period_end(**_verb(club, held, booked_at))


def is_shown_the_door(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    held = _grant(club, person, club.catalogue.house, at, ends_at=at + timedelta(days=200))
    revoked_at = at + timedelta(days=25)
    yield revoked_at
    canceling.revoke(organization=club.organization, membership_id=held.pk, at=revoked_at, actor=club.manager)


def applies(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    joins(club, person, club.catalogue.patron, at)


def is_turned_down(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    held = _grant(club, person, club.catalogue.patron, at, await_approval=True, source=Source.SIGNUP)
    decided_at = at + timedelta(days=3)
    yield decided_at
    granting.reject(organization=club.organization, membership_id=held.pk, at=decided_at, actor=club.manager)


def is_to_pay(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    held = _grant(
        club, person, club.catalogue.patron, at, await_approval=True, await_payment=True, source=Source.SIGNUP
    )
    approved_at = max(at + timedelta(hours=2), club.diary.until - timedelta(hours=9))
    yield approved_at
    granting.approve(organization=club.organization, membership_id=held.pk, at=approved_at, actor=club.manager)


def has_paid(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    held = _grant(
        club, person, club.catalogue.patron, at, await_approval=True, await_payment=True, source=Source.SIGNUP
    )
    approved_at, paid_at = at + timedelta(days=1), at + timedelta(days=2)
    yield approved_at
    granting.approve(organization=club.organization, membership_id=held.pk, at=approved_at, actor=club.manager)
    yield paid_at
    granting.confirm_payment(**_verb(club, held, paid_at), paid_by="manual")


def never_pays(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    held = _grant(club, person, club.catalogue.house, at, await_payment=True, source=Source.SIGNUP)
    yield from _announced(club, held)


def begins_soon(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    _grant(club, person, club.catalogue.studio, at, starts_at=club.diary.on(12))


def tries_the_house(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    held = joins(club, person, club.catalogue.house, at)
    yield from _announced(club, held)


def moves_up_to_the_house(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    held = _grant(club, person, club.catalogue.gym, at, price="year")
    changed_at = at + timedelta(days=40)
    yield changed_at
    changed = changing.change_plan_now(
        **_verb(club, held, changed_at), plan=club.catalogue.house.plan, price=club.catalogue.house.price
    )
    yield from _announced(club, changed)


def moves_down_at_the_next_renewal(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    held = _grant(club, person, club.catalogue.studio, at, ends_at=at + timedelta(days=90), renews=True)
    booked_at = at + timedelta(days=6)
    yield booked_at
    changing.change_plan_at_renewal(
        **_verb(club, held, booked_at), plan=club.catalogue.gym.plan, price=club.catalogue.gym.prices["month"]
    )


def is_given_longer(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    held = _grant(club, person, club.catalogue.gym, at, price="month")
    extended_at = at + timedelta(days=4)
    yield extended_at
    extended = renewing.extend(**_verb(club, held, extended_at), ends_at=at + timedelta(days=75))
    yield from _announced(club, extended)


def comes_back_late(club: Club, person: Customer, at: datetime) -> Story:
    """Lapses, and renews within the plan's days of revival: from the old end."""
    yield at
    held = _grant(club, person, club.catalogue.house, at)
    assert held.ends_at is not None
    yield from _announced(club, held)
    renewed_at = held.ends_at + timedelta(days=6, hours=10)
    yield renewed_at
    renewed = renewing.renew(**_verb(club, held, renewed_at))
    yield from _announced(club, renewed)


def is_banned(club: Club, person: Customer, at: datetime) -> Story:
    yield at
    _grant(club, person, club.catalogue.gym, at, price="year")
    banned_at = at + timedelta(days=33)
    yield banned_at
    people.ban_customer(customer=person, reason="Broke the pool's glass door", at=banned_at, actor=club.manager)


def is_forgiven(club: Club, person: Customer, at: datetime) -> Story:
    yield from is_banned(club, person, at)
    lifted_at = at + timedelta(days=47)
    yield lifted_at
    people.lift_ban(customer=person, at=lifted_at, actor=club.manager)


def is_archived(club: Club, person: Customer, at: datetime) -> Story:
    archived_at = at + timedelta(days=30)
    yield archived_at
    archive_customer(customer=person, at=archived_at, actor=club.manager)


Teller = Callable[[Club, Customer, datetime], Story]


@dataclass(frozen=True, slots=True)
class Tale:
    """A story, how many people it is told of, and how many days before the demo's day it begins, at least and most."""

    tell: Teller
    people: int
    latest: int
    earliest: int
    source: Source = Source.STAFF


TALES: Final = (
    Tale(pauses_until_resumed, 9, 15, 200),
    Tale(pauses_for_a_while, 7, 12, 60),
    Tale(has_paused_and_come_back, 8, 60, 300),
    Tale(has_planned_a_pause, 4, 5, 100),
    Tale(leaves_at_once, 14, 22, 330),
    Tale(leaves_at_the_periods_end, 12, 22, 300),
    Tale(thinks_better_of_leaving, 4, 30, 300),
    Tale(leaves_the_friends, 5, 20, 300),
    Tale(is_shown_the_door, 5, 30, 350),
    Tale(applies, 7, 1, 9, Source.SIGNUP),
    Tale(is_turned_down, 3, 5, 200, Source.SIGNUP),
    Tale(is_to_pay, 6, 2, 5, Source.SIGNUP),
    Tale(has_paid, 6, 5, 300, Source.SIGNUP),
    Tale(never_pays, 8, 3, 300, Source.SIGNUP),
    Tale(begins_soon, 8, 1, 20),
    Tale(tries_the_house, 9, 1, 120, Source.SIGNUP),
    Tale(moves_up_to_the_house, 6, 42, 250),
    Tale(moves_down_at_the_next_renewal, 5, 8, 50),
    Tale(is_given_longer, 5, 6, 200),
    Tale(comes_back_late, 6, 45, 300),
    Tale(is_banned, 6, 35, 300),
    Tale(is_forgiven, 2, 50, 300),
    Tale(is_archived, 14, 32, 380),
)


class _Verb(TypedDict):
    organization: Organization
    membership_id: UUID
    at: datetime
    actor: Actor


def _verb(club: Club, held: Membership, at: datetime) -> _Verb:
    return {"organization": club.organization, "membership_id": held.pk, "at": at, "actor": club.desk}


def _grant(
    club: Club,
    person: Customer,
    offer: Offer,
    at: datetime,
    *,
    price: str | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    renews: bool | None = None,
    await_approval: bool = False,
    await_payment: bool = False,
    source: Source = Source.STAFF,
) -> Membership:
    """Grant, by the desk unless the person came by the website; without a trial."""
    return granting.grant(
        organization=club.organization,
        plan=offer.plan,
        price=offer.prices[price] if price is not None else offer.price,
        holder=person,
        at=at,
        actor=club.website if source == Source.SIGNUP else club.desk,
        source=source,
        starts_at=starts_at,
        ends_at=ends_at,
        trial=False,
        renews=renews,
        await_approval=await_approval,
        await_payment=await_payment,
    )


def _announced(club: Club, held: Membership) -> Story:
    """Wait for all that comes of the membership, and announce it, until it has lapsed."""
    while held.announce_at is not None:
        yield held.announce_at
        announce(organization=club.organization, at=held.announce_at)
        held.refresh_from_db(fields=["announce_at"])

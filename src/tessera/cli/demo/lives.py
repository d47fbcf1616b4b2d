"""The common lives of the demo: members who renew by the month until they stop, employees who come and go."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from tessera.cli.demo.catalogue import Offer
from tessera.cli.demo.club import Club
from tessera.cli.demo.diary import Diary, Story
from tessera.cli.demo.ledger import Account
from tessera.cli.demo.names import TITLES
from tessera.events.types import Actor
from tessera.memberships.calendar import first_term
from tessera.memberships.inheritance import join_company, leave_company
from tessera.organizations.time import zone
from tessera.people.models import Company, Customer
from tessera.people.types import Source, Via
from tessera.plans.models import Price

_STAYS = 10_000


def member(
    club: Club,
    holder: Customer | Company,
    offer: Offer,
    *,
    at: datetime,
    price: Price | None = None,
    renewals: int | None = None,
    renews: bool | None = None,
    seats: int | None = None,
    source: Source = Source.STAFF,
) -> Story:
    """Takes a membership, renews it by hand a few days before each end (None: always), then lets it lapse.

    What comes of it is announced on the way.
    """
    yield at
    actor = club.website if source in (Source.API, Source.SIGNUP) else club.desk
    account = club.ledger.grant(
        plan=offer.plan,
        price=price or offer.price,
        holder=holder,
        at=at,
        actor=actor,
        source=source,
        renews=renews,
        seats=seats,
    )
    if account.membership.ends_at is None:  # needs no payment
        return
    # If it renews by itself, it waits for a payment that nobody collects.
    yield from _renewed(club, account, actor, 0 if renews else _STAYS if renewals is None else renewals)


def _renewed(club: Club, account: Account, actor: Actor, renewals: int) -> Iterator[datetime]:
    for _ in range(renewals):
        before = timedelta(days=club.rng.randrange(1, 5), minutes=-club.rng.randrange(420, 1_200))
        # The first term of a fixed plan may be short.
        renewed_at = max(account.ends_at - before, account.terms[-1].starts_at + timedelta(minutes=5))
        yield from _announced(club, account, before=renewed_at)
        yield renewed_at
        club.ledger.renew(account, at=renewed_at, actor=actor)
    yield from _announced(club, account)


def _announced(club: Club, account: Account, *, before: datetime | None = None) -> Iterator[datetime]:
    while (due := account.membership.announce_at) is not None and (before is None or due <= before):
        yield due
        club.ledger.announce(account)


def employee(
    club: Club,
    person: Customer,
    company: Company,
    *,
    at: datetime,
    leaves_at: datetime | None = None,
    starts_at: datetime | None = None,
    admin: bool = False,
) -> Story:
    """Joins a company, and may leave it."""
    yield at
    via = club.rng.choice((Via.STAFF, Via.DOMAIN, Via.INVITE, Via.API))
    title = "Office manager" if admin else club.rng.choice(TITLES)
    join_company(
        customer=person,
        company=company,
        at=at,
        starts_at=starts_at,
        actor=club.website if via in (Via.DOMAIN, Via.API) else club.desk,
        via=via,
        title=title,
        company_admin=admin,
        primary_contact=admin,
    )
    if leaves_at is not None:
        yield leaves_at
        leave_company(customer=person, company=company, at=leaves_at, actor=club.desk)


def starts_that_just_ended(club: Club, price: Price, offer: Offer) -> list[int]:
    """Return how many days ago a first term must have started to have ended in the last three days."""
    longest = 370 if price.interval == "year" else 35
    return [days for days in range(longest - 9, longest) if _just_ended(club.diary, club, offer, price, days)]


def _just_ended(diary: Diary, club: Club, offer: Offer, price: Price, days: int) -> bool:
    starts_at = diary.on(-days) + timedelta(hours=12)
    booking = first_term(offer.plan, price, starts_at=starts_at, from_midnight=True, zone=zone(club.organization))
    return booking.ends_at is not None and diary.on(-3) <= booking.ends_at <= diary.until

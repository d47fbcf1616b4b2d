"""Making the demo: Strand House with a year of history, and a small test organization beside it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from tessera import db
from tessera.cli.demo import club as houses
from tessera.cli.demo.catalogue import Catalogue, Offer, offer_everything
from tessera.cli.demo.club import LAB_SLUG, SLUG, Club
from tessera.cli.demo.diary import Diary, Story
from tessera.cli.demo.joining import let_in, lets_two_guests_in, open_the_door
from tessera.cli.demo.jottings import jotted, write_twice
from tessera.cli.demo.ledger import Ledger
from tessera.cli.demo.lives import employee, member, starts_that_just_ended
from tessera.cli.demo.people import Arrival, company_arrives, customer_arrives, make_companies, make_customers
from tessera.cli.demo.stories import TALES, Tale
from tessera.config.boot import DEMO_ACTOR
from tessera.events import reacting
from tessera.events.types import Actor
from tessera.http.scopes import Scope
from tessera.lifecycle.archive import archive_company
from tessera.lifecycle.merge import merge_customer
from tessera.memberships import canceling, granting, pausing
from tessera.memberships.announcing import announce
from tessera.memberships.inheritance import join_company
from tessera.organizations.keys import create_key
from tessera.organizations.models import Organization
from tessera.organizations.rights import Role
from tessera.organizations.time import zone
from tessera.people import services as people
from tessera.people.models import Company, Customer
from tessera.people.types import Source, Via

CUSTOMERS: Final = 2_000
COMPANIES: Final = 40
_FOUNDED_DAYS_AGO: Final = 430
_SEED: Final = 1_862
# How many people live a common life; of the rest, those of no story are known and have nothing.
_COMMON: Final = {
    "house": 400,
    "gym": 300,
    "gym by the year": 120,
    "studio": 90,
    "patron": 70,
    "friends": 200,
    "in grace": 26,
    "employee": 400,
}


@dataclass(frozen=True, slots=True)
class Seeded:
    """What the demo made: the secrets of the keys, shown to whoever runs it."""

    key: str
    lab_key: str


@dataclass(frozen=True, slots=True)
class _Part:
    """Who somebody is in the demo, from when."""

    at: datetime
    life: str
    source: Source
    tale: Tale | None = None


def seed(*, today: date) -> Seeded:
    """Make everything, in one transaction. The same day gives the same demo, but for ids and secrets."""
    with db.transaction():
        organization, key = _strand_house(today)
        lab_key = _lab(organization, today)
    for each in Organization.objects.all():  # nobody is mailed today about a year that never was
        reacting.skip_to_present(each.pk)
    return Seeded(key, lab_key)


def _strand_house(today: date) -> tuple[Organization, str]:
    rng = Random(_SEED)  # noqa: S311  (made-up people, not secrets)
    unfounded = Organization(time_zone="Europe/London")
    diary = Diary(today, zone(unfounded))
    founded_at = diary.on(-_FOUNDED_DAYS_AGO) + timedelta(hours=9)
    organization = houses.found(name="Strand House", slug=SLUG, at=founded_at)
    staff = houses.employ(organization, at=founded_at)
    row, secret = create_key(
        organization=organization, name="Demo: the website", scopes=list(Scope), at=founded_at, actor=DEMO_ACTOR
    )
    catalogue = offer_everything(organization, at=founded_at + timedelta(hours=1), actor=staff[Role.MANAGER])
    asked_at = founded_at + timedelta(hours=2)
    questions = open_the_door(organization, catalogue, at=asked_at, actor=staff[Role.MANAGER])
    club = Club(
        organization,
        catalogue,
        diary,
        Ledger(organization),
        rng,
        desk=staff[Role.FRONT_DESK],
        manager=staff[Role.MANAGER],
        website=Actor.api_key(row.pk),
        questions=questions,
    )
    parts = _cast(club)
    customers = make_customers(organization, [Arrival(part.at, part.source) for part in parts], rng)
    opened = sorted(diary.ago(rng.randrange(60, 420), rng) for _ in range(COMPANIES))
    companies = make_companies(organization, opened, rng)
    for company in companies:
        diary.add(company_arrives(company, club.desk))
    for person, part in zip(customers, parts, strict=True):
        diary.add(customer_arrives(person, club.website if part.source in (Source.SIGNUP, Source.API) else club.desk))
    for place, company in enumerate(companies):
        diary.add(_company_life(club, company, place))
    for person, part in zip(customers, parts, strict=True):
        for story in _life(club, person, part, companies):
            diary.add(story)
    for story in (lets_two_guests_in(club), *let_in(club, companies), *jotted(club, customers, companies)):
        diary.add(story)
    diary.run()
    club.ledger.write()
    announce(organization=organization, at=diary.until)
    _find_twins(club, [row for row, part in zip(customers, parts, strict=True) if not part.life and part.tale is None])
    write_twice(club, [row for row, part in zip(customers, parts, strict=True) if part.life == "house"])
    return organization, secret


def _cast(club: Club) -> list[_Part]:
    """Return everybody's part in order of when they become known."""
    rng, diary = club.rng, club.diary
    parts: list[_Part] = []
    for tale in TALES:
        days = range(tale.latest, tale.earliest + 1)
        parts += [_Part(diary.ago(rng.choice(days), rng), "", tale.source, tale) for _ in range(tale.people)]
    grace = [(offer, days) for offer in (club.catalogue.house, club.catalogue.studio) for days in _just(club, offer)]
    for life, many in _COMMON.items():
        for _ in range(many):
            days_ago = rng.choice(grace)[1] if life == "in grace" else rng.randrange(2, 405)
            source = rng.choices((Source.STAFF, Source.SIGNUP, Source.API, Source.IMPORT), (5, 3, 1, 1))[0]
            parts.append(_Part(diary.ago(days_ago, rng), life, source))
    while len(parts) < CUSTOMERS:
        parts.append(_Part(diary.ago(rng.randrange(1, 420), rng), "", Source.STAFF))
    return sorted(parts, key=lambda part: part.at)


def _just(club: Club, offer: Offer) -> list[int]:
    return starts_that_just_ended(club, offer.price, offer)


def _life(club: Club, person: Customer, part: _Part, companies: list[Company]) -> list[Story]:
    """The stories of somebody, from a few minutes after they became known."""
    at, rng, catalogue = part.at + timedelta(minutes=_at_the_desk(club.rng)), club.rng, club.catalogue
    at = min(at, club.diary.until - timedelta(minutes=1))
    stays = None if rng.random() < 0.66 else rng.randrange(0, 7)
    first_month = at > club.diary.on(-25)
    if part.tale is not None:
        return [part.tale.tell(club, person, at)]
    match part.life:
        case "house" | "gym" | "studio":
            offer = {"house": catalogue.house, "gym": catalogue.gym, "studio": catalogue.studio}[part.life]
            renews = True if first_month and rng.random() < 0.5 else None
            return [member(club, person, offer, at=at, renewals=stays, renews=renews, source=part.source)]
        case "gym by the year":
            price = catalogue.gym.prices["year"]
            renewals = None if rng.random() < 0.7 else 0
            return [member(club, person, catalogue.gym, at=at, price=price, renewals=renewals, source=part.source)]
        case "patron":
            return [member(club, person, catalogue.patron, at=at, renewals=stays, source=part.source)]
        case "friends":
            return [member(club, person, catalogue.friends, at=at, source=part.source)]
        case "in grace":
            offer = catalogue.house if part.at < club.diary.on(-27) and rng.random() < 0.7 else catalogue.studio
            return [member(club, person, offer, at=at, renews=True, source=part.source)]
        case "employee":
            return _employments(club, person, at, companies)
    return []


def _at_the_desk(rng: Random) -> int:
    """How many minutes it takes."""
    return rng.randrange(3, 40)


def _employments(club: Club, person: Customer, at: datetime, companies: list[Company]) -> list[Story]:
    """One company, or one after the other, or two at once; some gone, some about to come, some with a gym besides."""
    rng, until = club.rng, club.diary.until
    known = [company for company in companies[: COMPANIES - 3] if company.created_at < at]
    if not known:
        return []
    # A few companies are large: their seats do not go round.
    company = rng.choice(known[:4]) if rng.random() < 0.3 else rng.choice(known)
    fate = rng.random()
    if fate < 0.03:
        return [employee(club, person, company, at=at, starts_at=club.diary.on(rng.randrange(3, 30)))]
    leaves_at = None
    if fate < 0.3:
        leaves_at = at + (until - at) * rng.uniform(0.2, 0.95)
    stories = [employee(club, person, company, at=at, leaves_at=leaves_at, admin=rng.random() < 0.06)]
    second = rng.choice(known)
    if second != company and rng.random() < (0.5 if leaves_at else 0.08):
        stories.append(employee(club, person, second, at=(leaves_at or at) + timedelta(hours=5)))
    if rng.random() < 0.12:
        stories.append(member(club, person, club.catalogue.gym, at=at + timedelta(hours=2)))
    return stories


def _company_life(club: Club, company: Company, place: int) -> Story:
    """Most hold Corporate by the month; some have paused, left, lapsed, lost it or are in grace; three have nothing."""
    at, rng, corporate = company.created_at + timedelta(hours=1), club.rng, club.catalogue.corporate
    match place:
        case 5 | 6:
            return _company_pauses(club, company, at)
        case 7:
            return _company_ends(club, company, at, revoked=True)
        case 8:
            return _company_ends(club, company, at, revoked=False)
        case 9 | 10 | 11:
            return member(club, company, corporate, at=at, renewals=rng.randrange(1, 3))
        case 12 | 13:
            days = rng.choice(_just(club, corporate))
            return member(club, company, corporate, at=club.diary.ago(days, rng), renews=True)
        case 37 | 38:
            return iter(())
        case 39:
            return _company_is_archived(club, company, at)
    offer = club.catalogue.studio if place % 9 == 0 else corporate
    seats = rng.choice((None, None, 10, 15, 30)) if offer is corporate else None
    return member(club, company, offer, at=at, seats=seats)


def _company_pauses(club: Club, company: Company, at: datetime) -> Story:
    yield at
    price = club.catalogue.corporate.price
    held = granting.grant(
        organization=club.organization,
        plan=club.catalogue.corporate.plan,
        price=price,
        holder=company,
        at=at,
        actor=club.desk,
        source=Source.STAFF,
        ends_at=club.diary.on(90),
    )
    paused_at = club.diary.on(-20) + timedelta(hours=11)
    yield paused_at
    pausing.pause(
        organization=club.organization,
        membership_id=held.pk,
        at=paused_at,
        actor=club.manager,
        reason="Moving offices",
    )


def _company_ends(club: Club, company: Company, at: datetime, *, revoked: bool) -> Story:
    yield at
    held = granting.grant(
        organization=club.organization,
        plan=club.catalogue.corporate.plan,
        price=club.catalogue.corporate.price,
        holder=company,
        at=at,
        actor=club.desk,
        source=Source.STAFF,
        ends_at=club.diary.on(200),
    )
    ended_at = club.diary.on(-15) + timedelta(hours=10)
    yield ended_at
    end = canceling.revoke if revoked else canceling.cancel_now
    end(organization=club.organization, membership_id=held.pk, at=ended_at, actor=club.manager)


def _company_is_archived(club: Club, company: Company, at: datetime) -> Story:
    archived_at = at + timedelta(days=20)
    yield archived_at
    archive_company(company=company, at=archived_at, actor=club.manager)


def _find_twins(club: Club, known: list[Customer]) -> None:
    """Three people turn out to have been written down twice."""
    for one, other in ((3, 40), (11, 52), (19, 64)):
        merge_customer(customer=known[other], into=known[one], at=club.diary.until, actor=club.manager)


def _lab(live: Organization, today: date) -> str:
    """A test organization: the same catalogue, a company, a few people, its clock at nine on the demo's day."""
    at = Diary(today, zone(live)).until + timedelta(hours=9)
    lab = houses.found(name="Strand House Lab", slug=LAB_SLUG, at=at, test_now=at)
    staff = houses.employ(lab, at=at)
    catalogue: Catalogue = offer_everything(lab, at=at, actor=staff[Role.MANAGER])
    _, secret = create_key(organization=lab, name="Demo: tests", scopes=list(Scope), at=at, actor=DEMO_ACTOR)
    desk = staff[Role.FRONT_DESK]
    company = people.create_company(organization=lab, name="Bramble & Finch", at=at, actor=desk)
    granting.grant(
        organization=lab,
        plan=catalogue.corporate.plan,
        holder=company,
        at=at,
        actor=desk,
        source=Source.STAFF,
        price=catalogue.corporate.price,
    )
    for first, last in (("Bruno", "Brandt"), ("Chidi", "Coker"), ("Dalia", "Demir"), ("Edith", "Ekström")):
        person = people.create_customer(
            organization=lab, first_name=first, last_name=last, external_id=first.lower(), at=at, actor=desk
        )
        if first in ("Bruno", "Dalia"):
            join_company(customer=person, company=company, at=at, actor=desk, via=Via.STAFF)
    return secret

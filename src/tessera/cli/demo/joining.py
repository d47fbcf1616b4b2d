"""How people join Strand House by themselves: what is asked, under which terms; and how companies' people do."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from tessera.cli.demo.catalogue import Catalogue, Offer
from tessera.cli.demo.club import Club, Questions
from tessera.cli.demo.diary import Story
from tessera.events.types import Actor
from tessera.memberships.models import Membership
from tessera.organizations.models import Organization
from tessera.people.company_joining import invite, make_link
from tessera.people.models import Company, Customer
from tessera.signup import queries
from tessera.signup.asking import create_question
from tessera.signup.services import join, tell
from tessera.signup.setting_up import update_settings
from tessera.signup.types import NO, YES, AskPhone, Kind, Told

_WELCOME: Final = "Come in, and stay. The bar opens at five; somebody at the desk shows you round."
_TERMS: Final = """\
Your membership is yours alone. Tell the desk when your address changes.

{guests} Phones are silent in the library, and children are with us until eight.

What renews can be canceled until its last day, here or at the desk. Whoever breaks what belongs to all pays for it."""
_ONE_GUEST: Final = "You may bring a guest, who is yours to look after."
_TWO_GUESTS: Final = "You may bring two guests at a time, who are yours to look after."
_HEARD_OF: Final = ("A member told me", "The newspaper", "Walking past", "Somewhere else")
_TERMS_CHANGED_DAYS_AGO: Final = 60


def open_the_door(organization: Organization, catalogue: Catalogue, *, at: datetime, actor: Actor) -> Questions:
    """Let people join under the first terms, and ask them what the club wants to know; of who uses the gym, more."""
    update_settings(
        organization=organization,
        at=at,
        actor=actor,
        welcome=_WELCOME,
        terms_text=_TERMS.format(guests=_ONE_GUEST),
        ask_phone=AskPhone.OPTIONAL,
    )
    heard_of = create_question(
        organization=organization,
        kind=Kind.CHOICE,
        at=at,
        actor=actor,
        label="How did you hear of us?",
        choices=_HEARD_OF,
    )
    letter = create_question(
        organization=organization,
        kind=Kind.CONSENT,
        at=at,
        actor=actor,
        label="Send me the letter from the house on the first of the month.",
        help="Four lines, and what is on. Each of them can be the last.",
    )
    create_question(
        organization=organization,
        kind=Kind.TEXT,
        at=at,
        actor=actor,
        label="Whom may we call if something happens to you?",
        help="A name and a number.",
        required=True,
        plans=[catalogue.gym.plan.pk],
    )
    return Questions(heard_of.id, letter.id)


def lets_two_guests_in(club: Club) -> Story:
    """The terms say something else from then on, as their second version; whoever joined before accepted the first."""
    yield (at := club.diary.on(-_TERMS_CHANGED_DAYS_AGO) + timedelta(hours=10))
    update_settings(
        organization=club.organization, at=at, actor=club.manager, terms_text=_TERMS.format(guests=_TWO_GUESTS)
    )


def joins(club: Club, person: Customer, offer: Offer, at: datetime) -> Membership:
    """Join as on the club's page: answer what is asked, accept the terms of the day."""
    by, terms = Actor.customer(person.pk), queries.settings_of(club.organization).terms
    answers = (
        (club.questions.heard_of, club.rng.choice(_HEARD_OF)),
        (club.questions.letter, YES if club.rng.random() < 0.6 else NO),
    )
    told = Told(answers=answers)
    tell(organization=club.organization, customer=person, plan=offer.plan, told=told, at=at, actor=by)
    joined = join(
        organization=club.organization,
        customer=person,
        plan=offer.plan,
        price=offer.price,
        terms_id=None if terms is None else terms.id,
        at=at,
        actor=by,
    )
    return Membership.objects.get(pk=joined.membership_id)


def let_in(club: Club, companies: Sequence[Company]) -> list[Story]:
    """Two companies have a link to join at, the second for anyone; the first has invited two people."""
    return [
        _has_a_link(club, companies[0]),
        _has_a_link(club, companies[1], for_anyone=True),
        _asks(club, companies[0]),
    ]


def _has_a_link(club: Club, company: Company, *, for_anyone: bool = False) -> Story:
    yield (at := max(company.created_at + timedelta(days=2), club.diary.on(-30) + timedelta(hours=9)))
    make_link(company=company, for_anyone=for_anyone, at=at, actor=club.desk)


def _asks(club: Club, company: Company) -> Story:
    for days, name in ((3, "noor"), (1, "tomasz")):
        yield (at := club.diary.on(-days) + timedelta(hours=14))
        address = f"{name}@{company.email_domains[0]}"
        invite(company=company, address=address, at=at, sent_at=at, actor=club.desk)

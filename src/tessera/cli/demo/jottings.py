"""What the desk has written down about people and companies, and three people who were written down twice."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from tessera.cli.demo.club import Club
from tessera.cli.demo.diary import Story
from tessera.people import queries
from tessera.people import services as people
from tessera.people.models import Company, Customer
from tessera.people.notes import pin_note, write_note

_OF_PEOPLE: Final = (
    "Prefers the lane by the window. Swims at seven.",
    "Has a locker of her own: number 41. The spare key is in the safe.",
    "Paid the joining fee in cash, receipt is in the folder.",
    "Allergic to the new soap. Keep a bottle of the old one.",
    "Asked about bringing guests in August. Call back when the terrace opens.",
    "Lost the card twice. Be kind, but ask for the number.",
    "Walks with a stick: hold the side door.",
    "Wants invoices to go to the company, not home.",
)
_OF_COMPANIES: Final = (
    "New people come on the first Monday of the month. Send the list back the same day.",
    "Talks about ten more seats for the autumn.",
    "Invoice by post, please. They insist.",
)
_NOTED: Final = 90


def jotted(club: Club, customers: Sequence[Customer], companies: Sequence[Company]) -> list[Story]:
    """Return the stories of notes: of some people and a few companies, the most urgent ones pinned."""
    about: list[Customer | Company] = [*club.rng.sample(list(customers), _NOTED), *companies[:9:3]]
    return [_noted(club, each, place) for place, each in enumerate(about)]


def write_twice(club: Club, customers: Sequence[Customer]) -> None:
    """Write three people down once more, as a hurried desk does: nobody has noticed yet."""
    at = club.diary.until
    for place, row in enumerate(customers[:3]):
        known = queries.customer(row)
        twin = people.create_customer(
            organization=club.organization,
            at=at,
            actor=club.desk,
            first_name=known.first_name[:1] + "." if place == 1 else known.first_name,
            last_name=known.last_name,
            birthday=known.birthday,
            emails=[each for each in known.emails[:1] if not each.verified],
            phones=known.phones[:1],
        )
        write_note(about=twin, text="Came in without a card. Is this somebody we know?", at=at, actor=club.desk)


def _noted(club: Club, about: Customer | Company, place: int) -> Story:
    texts = _OF_PEOPLE if isinstance(about, Customer) else _OF_COMPANIES
    since = max(0, (club.diary.until - about.created_at).days - 1)
    at = max(about.created_at + timedelta(hours=2), club.diary.ago(club.rng.randrange(0, since + 1), club.rng))
    yield at
    actor = club.manager if place % 4 == 0 else club.desk
    note = write_note(about=about, text=texts[place % len(texts)], at=at, actor=actor)
    if place % 5 == 0:
        yield (pinned_at := at + timedelta(minutes=3))
        pin_note(note=note, pinned=True, at=pinned_at, actor=actor)

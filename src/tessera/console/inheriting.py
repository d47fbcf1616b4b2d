"""Who has what a company holds, and who finds its seats taken: as dots, and as words beside each person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext

from tessera.memberships.views import MembershipView
from tessera.people.queries import Affiliated
from tessera.people.types import Belonging, CustomerStatus

_MOST_DOTS: Final = 60


@dataclass(frozen=True, slots=True)
class Seats:
    """The seats of a membership as they are drawn. `total` None: no limit; no dots above sixty."""

    taken: int
    total: int | None
    over: int
    dots: list[str]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the company. `seat` says in words whether they have one; `seated` None: it is not asked."""

    affiliated: Affiliated
    seat: str
    seated: bool | None


def drawn(people: int, seats: int | None) -> Seats:
    """Return seats as they are drawn, of so many people who take one."""
    if seats is None:
        return Seats(people, None, 0, [])
    taken = min(people, seats)
    over = people - taken
    dots: list[str] = []
    if seats + over <= _MOST_DOTS:
        dots = ["taken"] * taken + ["free"] * (seats - taken) + ["over"] * over
    return Seats(taken, seats, over, dots)


def person(each: Affiliated, running: list[MembershipView], last: Mapping[int, tuple[datetime, UUID]]) -> Person:
    """Return somebody with the seats they have in what runs. `last`: by numbers of seats, the last place that has one.

    A number that everybody fits into has no last place.
    """
    limited = [view for view in running if view.seats is not None]
    if each.belonging is not Belonging.CURRENT or not running:
        return Person(each, "", None)
    if each.customer_status != CustomerStatus.ACTIVE:
        return Person(each, gettext("takes no seat"), None)
    without = [view.plan.name for view in limited if not _seated(each, view.seats, last)]
    if without:
        return Person(each, gettext("no seat in %(plans)s") % {"plans": ", ".join(without)}, False)
    return Person(each, gettext("has a seat") if limited else gettext("inherits"), True)


def _seated(each: Affiliated, seats: int | None, last: Mapping[int, tuple[datetime, UUID]]) -> bool:
    if seats is None or (seats and seats not in last):
        return True
    return seats > 0 and (each.queue_at, each.id) <= last[seats]

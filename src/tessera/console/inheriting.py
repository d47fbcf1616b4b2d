"""Who has what a company holds, and who finds its seats taken: as dots, and as words beside each person."""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext

from tessera.memberships.queries import MembershipView
from tessera.memberships.seats import Seating
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


def drawn(seating: Seating) -> Seats:
    """Return seats as they are drawn."""
    if seating.seats is None:
        return Seats(seating.taken, None, 0, [])
    dots: list[str] = []
    if seating.seats + seating.over <= _MOST_DOTS:
        free = seating.seats - seating.taken
        dots = ["taken"] * seating.taken + ["free"] * free + ["over"] * seating.over
    return Seats(seating.taken, seating.seats, seating.over, dots)


def person(each: Affiliated, running: list[MembershipView], ahead: int | None) -> Person:
    """Return somebody with the seats they have in what runs. `ahead`: how many come before; None: it is not asked."""
    limited = [view for view in running if view.seats is not None]
    if each.belonging is not Belonging.CURRENT or ahead is None or not running:
        return Person(each, "", None)
    if each.customer_status != CustomerStatus.ACTIVE:
        return Person(each, gettext("takes no seat"), None)
    without = [view.plan.name for view in limited if view.seats is not None and ahead >= view.seats]
    if without:
        return Person(each, gettext("no seat in %(plans)s") % {"plans": ", ".join(without)}, False)
    return Person(each, gettext("has a seat") if limited else gettext("inherits"), True)

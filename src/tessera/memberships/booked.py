"""What is booked of many memberships: their terms and pauses, read with two queries."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from tessera.memberships.models import Pause, Term

_TERM = ("membership_id", "plan_id", "price_id", "starts_at", "ends_at", "grace_until")
_PAUSE = ("membership_id", "starts_at", "ends_at", "extends")


class Booked(NamedTuple):
    """Terms and pauses of one membership, in order of their starts: with their intervals, plan and price, no more."""

    terms: list[Term]
    pauses: list[Pause]


def booked(membership_ids: Sequence[UUID]) -> dict[UUID, Booked]:
    """Return what is booked of each of the memberships."""
    found = {key: Booked([], []) for key in membership_ids}
    for term in Term.objects.filter(membership__in=membership_ids).only(*_TERM).order_by("starts_at"):
        found[term.membership_id].terms.append(term)
    for pause in Pause.objects.filter(membership__in=membership_ids).only(*_PAUSE).order_by("starts_at"):
        found[pause.membership_id].pauses.append(pause)
    return found

"""E-mail addresses that were somebody's until another took their place, kept for some days to be told of it. Real time.

Whoever gets into an account that is not theirs changes its address first, and what the record says from then on is
what they want it to say. So the address is kept here by itself, in the language that it was written to in, and nothing
that is done to the record reaches it.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from tessera import db
from tessera.core import clock, ids
from tessera.core.ids import Prefix
from tessera.organizations.models import FormerEmail, Organization

KEPT: Final = timedelta(days=10)  # it is news for seven days, and a mail is tried for two (docs/notices.md)


def keep(*, organization: Organization, whose: UUID, address: str, locale: str) -> str:
    """Keep an address that is being replaced; return its public id, for the event of the same transaction.

    `whose`: the customer or user; `organization`: who is to tell them.
    """
    row = FormerEmail(organization=organization, whose=whose, address=address, locale=locale, replaced_at=clock.now())
    row.save(force_insert=True)
    return ids.to_text(Prefix.FORMER_EMAIL, row.pk)


def kept(organization: Organization, keys: set[UUID]) -> dict[UUID, FormerEmail]:
    """Return those of the addresses that are still kept."""
    return {row.pk: row for row in FormerEmail.objects.filter(organization=organization, pk__in=keys)}


def unite(whose: UUID, into: UUID) -> None:
    """Let what was kept of one record be the other's. Part of a merge."""
    FormerEmail.objects.filter(whose=whose).update(whose=into)


def of(*whose: UUID) -> list[str]:
    """Return the addresses that are still kept of these records. One query."""
    return list(FormerEmail.objects.filter(whose__in=whose).values_list("address", flat=True))


def forget(*whose: UUID) -> None:
    """Forget what was kept of these records. Part of an erasure."""
    FormerEmail.objects.filter(whose__in=whose).delete()


def forget_old() -> None:
    """Forget the addresses that have been told by now, or never will be."""
    with db.transaction():
        FormerEmail.objects.filter(replaced_at__lt=clock.now() - KEPT).delete()

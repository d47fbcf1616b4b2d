"""What staff and members see of signing in: tries of sites, and how a customer signs in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count

from tessera.http.cursors import paginate
from tessera.identity.models import FirstSignIn, Injection
from tessera.identity.types import How, Refusal
from tessera.organizations.models import Organization
from tessera.people.models import Customer

TAKEN: Final = "taken"
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True)
class Try:
    """A site's token that was handed in. `refusal` is None if it was taken; `site` is empty if nobody knows whose."""

    at: datetime
    site: str
    said_issuer: str
    origin: str
    refusal: Refusal | None
    detail: str


@dataclass(frozen=True, slots=True)
class First:
    """When somebody first signed in to a customer's record, and by what. The organization's time."""

    at: datetime
    how: How


def tries(
    organization: Organization, *, outcome: str = "", limit: int = 50, cursor: str | None = None
) -> tuple[Sequence[Try], str | None]:
    """Return tokens that were handed in, the latest first, and the cursor of the next page. One query.

    `outcome` is TAKEN, REFUSED or a Refusal; anything else is all of them. Raises CursorInvalid.
    """
    rows = Injection.objects.filter(organization=organization).select_related("issuer")
    if outcome == TAKEN:
        rows = rows.filter(refusal="")
    elif outcome == REFUSED:
        rows = rows.exclude(refusal="")
    elif outcome in set(Refusal):
        rows = rows.filter(refusal=outcome)
    found, following = paginate(rows, order=("-id",), limit=limit, cursor=cursor)
    return [_try(row) for row in found], following


def outcomes(organization: Organization) -> dict[Refusal | None, int]:
    """Return how many of the tokens that are still listed came to what, None being taken; the most frequent first."""
    rows = Injection.objects.filter(organization=organization).values("refusal").annotate(many=Count("id"))
    counted = {row["refusal"]: row["many"] for row in rows.order_by("-many", "refusal")}
    return {_refusal(refusal): many for refusal, many in counted.items()}


def first_sign_in(customer: Customer) -> First | None:
    """Return when the customer first signed in; None if they never did."""
    row = FirstSignIn.objects.filter(customer=customer).first()
    return None if row is None else First(row.at, How(row.how))


def _try(row: Injection) -> Try:
    site = row.issuer.name if row.issuer is not None else ""
    return Try(row.at, site, row.said_issuer, row.origin, _refusal(row.refusal), row.detail)


def _refusal(kept: str) -> Refusal | None:
    return Refusal(kept) if kept else None

"""What a person loses with their place at a company or their seat there, and what they keep otherwise."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from tessera.access.queries import effective_permissions
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.memberships import queries as memberships
from tessera.memberships import seats
from tessera.memberships.types import Status
from tessera.memberships.views import MembershipView
from tessera.notices.reading import Matter
from tessera.people import affiliations
from tessera.people.models import Affiliation

_GRANTING: Final = (Status.ACTIVE, Status.PAUSED)  # a paused one would have granted it again


@dataclass(frozen=True, slots=True)
class Loss:
    """Keys of permissions, in alphabetical order. `left`: they left the company, else it has fewer seats."""

    company: str
    left: bool
    lost: tuple[str, ...]
    kept: tuple[str, ...]


def loss(matter: Matter) -> Loss | None:
    """Return what the recipient has lost; None if it is nothing, or is theirs again. About ten queries."""
    affiliation = _affiliation(matter)
    if affiliation is None:
        return None
    # Those who left in the same instant still had their seats just before it.
    before = matter.happened_at - timedelta.resolution
    views = memberships.held_by_company(organization=matter.organization, company=affiliation.company, at=before)
    only = matter.context.get("membership")
    left = only is None
    gone = [
        view for view in views if view.status in _GRANTING and (left or ids.to_text(Prefix.MEMBERSHIP, view.id) == only)
    ]
    if left:
        gone = _seated(gone, affiliation, ahead=seats.ahead([affiliation.pk], before).get(affiliation.pk, 0))
    held = {each.key for each in effective_permissions(matter.organization, matter.recipient_id, matter.at)}
    lost = {key for view in gone for key in view.permissions} - held
    if not lost:
        return None
    return Loss(affiliation.company.name, left, tuple(sorted(lost)), tuple(sorted(held)))


def _seated(views: list[MembershipView], affiliation: Affiliation, *, ahead: int) -> list[MembershipView]:
    return [view for view in views if view.seats is None or ahead < view.seats]


def _affiliation(matter: Matter) -> Affiliation | None:
    """The affiliation that it is about; None if it is gone, or if the person belongs to the company again."""
    named = matter.context.get("affiliation")
    key = ids.from_text(Prefix.AFFILIATION, named) if isinstance(named, str) else None
    rows = Affiliation.objects.filter(organization=matter.organization, customer=matter.recipient_id)
    row = rows.filter(pk=key).select_related("company").first() if key is not None else None
    if row is None:
        return None
    belongs = rows.filter(affiliations.covering(matter.at), company=row.company_id)
    left = matter.context.get("membership") is None
    return None if left and belongs.exists() else row

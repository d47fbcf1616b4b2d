"""What mails tell of, read from the records as they are when they are sent, for many mails at once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tessera import organizations
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.memberships import queries as memberships
from tessera.memberships.views import MembershipView
from tessera.notices import recipients
from tessera.notices.models import Notice
from tessera.notices.recipients import Addressee
from tessera.notices.types import GROUPS, Kind, Skipped, To
from tessera.organizations.models import Organization
from tessera.plans.models import Permission


@dataclass(frozen=True, slots=True)
class Matter:
    """One mail's matter: to whom, about what. `at` is the instant as of which it speaks, of the organization's time.

    `permission_names` are by key. `membership` is as it is now, seen at `at`; None if the mail is about none.
    """

    organization: Organization
    kind: Kind
    to: To
    recipient_id: UUID
    addressee: Addressee
    context: Mapping[str, object]
    happened_at: datetime
    at: datetime
    membership: MembershipView | None
    permission_names: Mapping[str, str]


def matters(organization: Organization, notices: Sequence[Notice]) -> dict[UUID, Matter | Skipped]:
    """Return, by the notices' keys, what each tells, or why it is not sent.

    About ten queries for any number of mails; in a test organization, whose mails speak as of when it happened, four
    for each instant.
    """
    addressees = recipients.addressees(organization, notices)
    reminded = {each.recipient_id for each in notices if each.kind in GROUPS and each.to == To.CUSTOMER}
    off = recipients.unsubscribed(organization, reminded) if reminded else set()
    now = organizations.now(organization)
    # A test organization's clock may have gone on a year before the mail is written.
    instants = {each.pk: each.happened_at if organization.is_test else now for each in notices}
    views = _memberships(organization, notices, instants)
    names = _permission_names(organization)
    found: dict[UUID, Matter | Skipped] = {}
    for notice in notices:
        addressee = addressees.get(notice.recipient_id, Skipped.NOT_WRITTEN_TO)
        kind, at = Kind(notice.kind), instants[notice.pk]
        if isinstance(addressee, Skipped):
            found[notice.pk] = addressee
        elif kind in GROUPS and (notice.recipient_id, GROUPS[kind]) in off:
            found[notice.pk] = Skipped.UNSUBSCRIBED
        else:
            key = _membership_of(notice)
            found[notice.pk] = Matter(
                organization=organization,
                kind=kind,
                to=To(notice.to),
                recipient_id=notice.recipient_id,
                addressee=addressee,
                context=notice.context,
                happened_at=notice.happened_at,
                at=at,
                membership=views.get((key, at)) if key is not None else None,
                permission_names=names,
            )
    return found


def _memberships(
    organization: Organization, notices: Sequence[Notice], instants: Mapping[UUID, datetime]
) -> dict[tuple[UUID, datetime], MembershipView]:
    keys: dict[datetime, set[UUID]] = defaultdict(set)
    for notice in notices:
        if (key := _membership_of(notice)) is not None:
            keys[instants[notice.pk]].add(key)
    return {
        (view.id, at): view
        for at, wanted in keys.items()
        for view in memberships.memberships_named(organization=organization, membership_ids=wanted, at=at)
    }


def _membership_of(notice: Notice) -> UUID | None:
    named = notice.context.get("membership")
    return ids.from_text(Prefix.MEMBERSHIP, named) if isinstance(named, str) else None


def _permission_names(organization: Organization) -> dict[str, str]:
    return dict(Permission.objects.filter(organization=organization).values_list("key", "name"))

"""Whom to write to about what happened. Called with new lines of one organization, in order (config/reactions.py).

Each function reads what it needs for all lines at once, so the number of queries does not grow with theirs.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from tessera import organizations
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.queries import EventLine
from tessera.events.types import EventType
from tessera.memberships.models import Membership
from tessera.notices import recipients, unseating
from tessera.notices.recipients import Recipient
from tessera.notices.telling import tell, to_owners
from tessera.notices.types import Draft, Kind, News, To
from tessera.organizations import everywhere
from tessera.organizations.factors import Factor
from tessera.organizations.models import Organization
from tessera.people.models import Customer
from tessera.people.types import Source
from tessera.webhooks.types import DisabledReason

Reaction = Callable[[Organization, Sequence[EventLine]], None]
_NEWS: Final = timedelta(days=7)  # what happened longer ago is no news, and nobody is written to about it
_INSTANTS: Final = ("ends_at", "expired_at", "starts_at", "paused_from")

# What can happen to a membership once, and what again and again; when it falls due, once for each end.
_ONCE: Final[Mapping[EventType, Kind]] = {
    EventType.MEMBERSHIP_APPROVED: Kind.APPLICATION_APPROVED,
    EventType.MEMBERSHIP_REJECTED: Kind.APPLICATION_REJECTED,
    EventType.MEMBERSHIP_REVOKED: Kind.REVOKED,
}
_EACH_TIME: Final[Mapping[EventType, Kind]] = {
    EventType.MEMBERSHIP_CANCELED: Kind.CANCELED,
    EventType.MEMBERSHIP_CANCEL_BOOKED: Kind.CANCEL_BOOKED,
    EventType.MEMBERSHIP_CANCEL_UNDONE: Kind.CANCEL_UNDONE,
    EventType.MEMBERSHIP_PAUSED: Kind.PAUSED,
    EventType.MEMBERSHIP_RESUMED: Kind.RESUMED,
}
_EACH_END: Final[Mapping[EventType, tuple[Kind, str]]] = {
    EventType.MEMBERSHIP_RENEWAL_DUE: (Kind.RENEWAL_COMING, "ends_at"),
    EventType.MEMBERSHIP_EXPIRY_DUE: (Kind.EXPIRING, "ends_at"),
    EventType.MEMBERSHIP_EXPIRED: (Kind.EXPIRED, "expired_at"),
}
_BEGINS: Final = (EventType.MEMBERSHIP_GRANTED, EventType.MEMBERSHIP_PAID)


def react(organization: Organization, lines: Sequence[EventLine]) -> None:
    """Have whoever is concerned told of what happened: each line goes to the function that `NOTICES` names for it."""
    now = organizations.now(organization)
    by_reaction: dict[Reaction, list[EventLine]] = defaultdict(list)
    for line in lines:
        reaction = NOTICES.get(line.type)
        # A test organization's clock may have gone on a year before anybody reacts.
        if reaction is not None and (organization.is_test or line.at > now - _NEWS):
            by_reaction[reaction].append(line)
    for reaction, its_lines in by_reaction.items():
        reaction(organization, its_lines)


def tell_holders(organization: Organization, lines: Sequence[EventLine]) -> None:
    """Tell who holds the memberships, be it by now a merged record: customers, or those a company is written to by."""
    keys = {line.membership_id for line in lines if line.membership_id is not None}
    held = {row.pk: row for row in Membership.objects.filter(organization=organization, pk__in=keys)}
    companies = {row.company_id for row in held.values() if row.company_id is not None}
    contacts = recipients.of_companies(organization, companies, organizations.now(organization)) if companies else {}
    drafts = []
    for line in lines:
        membership = held.get(line.membership_id) if line.membership_id is not None else None
        news = _news(line, membership) if membership is not None else None
        if membership is not None and news is not None:
            drafts += [Draft(news, to, key) for to, key in _holders(membership, contacts)]
    tell(organization, drafts)


def tell_leavers(organization: Organization, lines: Sequence[EventLine]) -> None:
    """Tell who left a company what went with it, if the company held anything then."""
    tell(organization, unseating.of_leavers(organization, lines))


def tell_unseated(organization: Organization, lines: Sequence[EventLine]) -> None:
    """Tell those whose seat is gone because their company's membership has fewer."""
    tell(organization, unseating.of_fewer_seats(organization, lines))


def tell_owners(organization: Organization, lines: Sequence[EventLine]) -> None:
    """Tell the owners that an endpoint of theirs was disabled, unless one of them did it."""
    to_owners(
        organization,
        [
            News(
                Kind.WEBHOOK_ENDPOINT_DISABLED,
                ids.to_text(Prefix.EVENT, line.id),
                line.at,
                line.sequence,
                {"endpoint": line.data.get("endpoint"), "reason": line.data.get("reason")},
            )
            for line in lines
            if line.data.get("reason") != DisabledReason.BY_HAND
        ],
    )


def tell_addresses(organization: Organization, lines: Sequence[EventLine]) -> None:
    """Write to the address that is kept with what a line names, such as an invitation. Each round is another fact.

    Of the organizations that staff whose address changed work for, one names the former one: that tells it.
    """
    drafts = []
    for line in lines:
        kind, to, prefix, name = _KEPT_WITH[line.type]
        named, time = str(line.data.get(name)), line.data.get("round")
        key = ids.from_text(prefix, named)
        if key is not None:
            fact, context = (named, {}) if time is None else (f"{named}:{time}", {"round": time})
            drafts.append(Draft(News(kind, fact, line.at, line.sequence, context), to, key))
    tell(organization, drafts)


def tell_account(organization: Organization, lines: Sequence[EventLine]) -> None:
    """Send staff the link that they asked for: to set a password, or, to another address, to confirm that."""
    drafts = []
    for line in lines:
        kind, to = _LINKS[line.type]
        key = ids.from_text(Prefix.STAFF, str(line.data.get("staff")))
        if key is not None:
            news = News(kind, ids.to_text(Prefix.EVENT, line.id), line.at, line.sequence)
            drafts.append(Draft(news, to, key))
    tell(organization, drafts)


def tell_of_account(organization: Organization, lines: Sequence[EventLine]) -> None:
    """Tell staff that what they sign in with is another, once, from the organization whose mail that is."""
    kinds = {line.id: kind for line in lines if (kind := _of_account(line)) is not None}
    named = {line.id: ids.from_text(Prefix.STAFF, str(line.data.get("staff"))) for line in lines if line.id in kinds}
    ours = everywhere.mailed_by(organization, {key for key in named.values() if key is not None})
    drafts = []
    for line in lines:
        key = named.get(line.id)
        if key is not None and key in ours:
            context = {"event": str(line.type), "factor": line.data.get("factor")}
            news = News(kinds[line.id], ids.to_text(Prefix.EVENT, line.id), line.at, line.sequence, context)
            drafts.append(Draft(news, To.STAFF, key))
    tell(organization, drafts)


def tell_customers(organization: Organization, lines: Sequence[EventLine]) -> None:
    """Tell customers that something else signs them in from now on, or no more; if merged since, as who they became."""
    keys = {line.customer_id for line in lines if line.customer_id is not None}
    known = Customer.objects.filter(organization=organization, pk__in=keys).only("merged_into")
    became = {row.pk: row.merged_into_id or row.pk for row in known}
    drafts = []
    for line in lines:
        key = became.get(line.customer_id) if line.customer_id is not None else None
        if key is not None:
            context = {"passkey": line.data["passkey"]} if "passkey" in line.data else {}
            fact = ids.to_text(Prefix.EVENT, line.id)
            drafts.append(Draft(News(_WAYS_IN[line.type], fact, line.at, line.sequence, context), To.CUSTOMER, key))
    tell(organization, drafts)


# What is kept with an address to write to: by which name and prefix the event tells it.
_KEPT_WITH: Final[Mapping[EventType, tuple[Kind, To, Prefix, str]]] = {
    EventType.STAFF_INVITED: (Kind.STAFF_INVITATION, To.INVITED, Prefix.INVITATION, "invitation"),
    EventType.COMPANY_INVITED: (Kind.COMPANY_INVITATION, To.ASKED_IN, Prefix.COMPANY_INVITATION, "invitation"),
    EventType.CUSTOMER_CODE_ASKED: (Kind.SIGN_IN_CODE, To.SIGNING_IN, Prefix.CODE_ATTEMPT, "attempt"),
    EventType.CUSTOMER_EMAIL_CHANGED: (Kind.EMAIL_CHANGED, To.FORMER_EMAIL, Prefix.FORMER_EMAIL, "former"),
    EventType.STAFF_EMAIL_CHANGED: (Kind.STAFF_EMAIL_CHANGED, To.FORMER_EMAIL, Prefix.FORMER_EMAIL, "former"),
}
_OF_ACCOUNT: Final = (
    EventType.STAFF_PASSWORD_SET,
    EventType.STAFF_SECOND_FACTOR_ADDED,
    EventType.STAFF_SECOND_FACTOR_REMOVED,
    EventType.STAFF_RECOVERY_CODES_MADE,
    EventType.STAFF_SIGNED_IN,
)
_WAYS_IN: Final[Mapping[EventType, Kind]] = {
    EventType.CUSTOMER_PASSKEY_ADDED: Kind.PASSKEY_ADDED,
    EventType.CUSTOMER_PASSKEY_REMOVED: Kind.PASSKEY_REMOVED,
    EventType.CUSTOMER_OTHER_EMAIL_PROVED: Kind.OTHER_EMAIL_PROVED,
}
_LINKS: Final[Mapping[EventType, tuple[Kind, To]]] = {
    EventType.STAFF_PASSWORD_RESET_ASKED: (Kind.STAFF_PASSWORD_RESET, To.STAFF),
    EventType.STAFF_EMAIL_CHANGE_ASKED: (Kind.STAFF_EMAIL_CHANGE, To.NEW_EMAIL),
}

NOTICES: Final[Mapping[EventType, Reaction]] = {
    **dict.fromkeys((*_BEGINS, *_ONCE, *_EACH_TIME, *_EACH_END), tell_holders),
    EventType.AFFILIATION_ENDED: tell_leavers,
    EventType.MEMBERSHIP_SEATS_CHANGED: tell_unseated,
    EventType.WEBHOOK_ENDPOINT_DISABLED: tell_owners,
    **dict.fromkeys(_KEPT_WITH, tell_addresses),
    **dict.fromkeys(_LINKS, tell_account),
    **dict.fromkeys(_OF_ACCOUNT, tell_of_account),
    **dict.fromkeys(_WAYS_IN, tell_customers),
}


def _of_account(line: EventLine) -> Kind | None:
    """What a line says to staff; None if nothing. Codes that come with a second factor are told by that."""
    if line.type is EventType.STAFF_SIGNED_IN:
        by = line.data.get("by")
        used = isinstance(by, list) and Factor.RECOVERY_CODE in by
        return Kind.STAFF_RECOVERY_CODE_USED if used else None
    with_factor = line.type is EventType.STAFF_RECOVERY_CODES_MADE and line.data.get("first") is True
    return None if with_factor else Kind.STAFF_ACCOUNT_CHANGED


def _news(line: EventLine, membership: Membership) -> News | None:
    """What a line says to whoever holds the membership; None if nothing."""
    named = ids.to_text(Prefix.MEMBERSHIP, membership.pk)
    context = {"membership": named, **{name: line.data[name] for name in _INSTANTS if line.data.get(name)}}
    if line.type in _EACH_END:
        kind, end = _EACH_END[line.type]
        return News(kind, f"{named}:{line.data.get(end)}", line.at, line.sequence, context)
    if line.type in _EACH_TIME:
        return News(_EACH_TIME[line.type], ids.to_text(Prefix.EVENT, line.id), line.at, line.sequence, context)
    kind_once = _ONCE.get(line.type) or _beginning(line, membership)
    return None if kind_once is None else News(kind_once, named, line.at, line.sequence, context)


def _beginning(line: EventLine, membership: Membership) -> Kind | None:
    """What a grant or a first payment means to the holder. An import welcomes whom it brings only if asked to."""
    if line.data.get("starts_at"):
        brought = membership.source == Source.IMPORT and line.data.get("welcome") is not True
        welcome = membership.customer_id is not None and not brought
        return Kind.WELCOME if welcome else None
    applied = line.type is EventType.MEMBERSHIP_GRANTED and membership.needs_approval
    return Kind.APPLICATION_RECEIVED if applied else None


def _holders(membership: Membership, contacts: Mapping[UUID, list[Recipient]]) -> list[Recipient]:
    if membership.customer_id is not None:
        return [(To.CUSTOMER, membership.customer_id)]
    assert membership.company_id is not None
    return contacts.get(membership.company_id, [])

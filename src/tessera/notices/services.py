"""Putting down whom to write to about what, and turning mails off and on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from tessera import db
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.http import mail, mailbox
from tessera.notices import leases
from tessera.notices.models import Notice, Unsubscription
from tessera.notices.types import GROUPS, Draft, Group, Kind, Skipped, Status
from tessera.organizations.models import Organization
from tessera.people.models import Customer
from tessera.people.present import locked

_BLOCK: Final = 1_000
_AT_ONCE, _FIRST, _LATER = 0, 1, 2


def put_down(organization: Organization, drafts: Sequence[Draft]) -> bool:
    """Put down the mails to be sent; return whether there are any to send. One INSERT for each thousand.

    What is there already, the same kind to the same recipient about the same fact, stays as it is.
    """
    skipped = nobody_is_written_to(organization)
    due_at = None if skipped else leases.from_now()
    rows = [
        Notice(
            organization=organization,
            kind=draft.news.kind,
            to=draft.to,
            recipient_id=draft.recipient_id,
            fact=draft.news.fact,
            context=dict(draft.news.context),
            event_sequence=draft.news.event_sequence,
            happened_at=draft.news.happened_at,
            status=Status.SKIPPED if skipped else Status.WAITING,
            why=skipped or "",
            rank=_rank(draft.news.kind),
            due_at=due_at,
        )
        for draft in drafts
    ]
    with db.transaction():
        Notice.objects.bulk_create(rows, batch_size=_BLOCK, ignore_conflicts=True)
    return bool(rows) and skipped is None


def nobody_is_written_to(organization: Organization) -> Skipped | None:
    """Return why nobody of the organization gets mail at all, if that is so.

    A test organization's people are made up, and their addresses may be somebody's: its mails go to the mailbox
    page or nowhere.
    """
    if not mail.configured():
        return Skipped.NO_MAIL_CONFIGURED
    if organization.is_test and not mailbox.in_use():
        return Skipped.TEST_ORGANIZATION
    return None


def unsubscribe(*, organization: Organization, customer: Customer, group: Group, at: datetime, actor: Actor) -> None:
    """Send the customer no more mails of the group. Who has none already stays so. Raises CustomerErased."""
    with db.transaction():
        locked(customer)
        if _rows(customer, group).exists():
            return
        Unsubscription(organization=organization, customer=customer, group=group, created_at=at).save(force_insert=True)
        _record(EventType.CUSTOMER_UNSUBSCRIBED, customer, group, at, actor)


def resubscribe(*, organization: Organization, customer: Customer, group: Group, at: datetime, actor: Actor) -> None:
    """Send the customer mails of the group again. Who has them stays so. Raises CustomerErased."""
    with db.transaction():
        locked(customer)
        removed, _ = _rows(customer, group).delete()
        if removed:
            _record(EventType.CUSTOMER_RESUBSCRIBED, customer, group, at, actor)


def _rank(kind: Kind) -> int:
    """A code is waited for with the page open, and good for minutes; reminders have all day."""
    if kind is Kind.SIGN_IN_CODE:
        return _AT_ONCE
    return _LATER if kind in GROUPS else _FIRST


def _rows(customer: Customer, group: Group) -> QuerySet[Unsubscription]:
    """What the customer said, also by a record that was merged into theirs."""
    return Unsubscription.objects.filter(Q(customer=customer) | Q(customer__merged_into=customer), group=group)


def _record(event: EventType, customer: Customer, group: Group, at: datetime, actor: Actor) -> None:
    events.record(
        events.Happened(
            organization_id=customer.organization_id,
            type=event,
            at=at,
            actor=actor,
            customer_id=customer.pk,
            data={"group": group},
        )
    )

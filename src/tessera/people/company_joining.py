"""Letting a company's people join it by themselves: its link, and invitations. Joining itself is a verb above.

What is sent by mail lives in real time (`sent_at`), like every invitation; events in the organization's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from tessera import db
from tessera.core import ids
from tessera.core.ids import Prefix, new_id
from tessera.core.phrases import said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations.models import Organization
from tessera.people import company_codes, details
from tessera.people.erasure import Person
from tessera.people.errors import (
    CompanyArchived,
    CompanyInvitationUnknown,
    CompanyLinkUnknown,
    TooManyInvitations,
)
from tessera.people.models import Company, CompanyInvitation, CompanyLink
from tessera.people.types import CompanyStatus

DAYS: Final = 14
MOST_WAITING: Final = 200
MOST_ROUNDS: Final = 10


@dataclass(frozen=True, slots=True)
class Waiting:
    """An invitation that was not answered yet. `over`: too old, and can be sent again."""

    id: UUID
    ref: str
    address: str
    round: int
    sent_at: datetime
    expires_at: datetime
    over: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """What a code opens: a company, by its link or by an invitation to one address."""

    company: Company
    for_anyone: bool = False
    invitation: CompanyInvitation | None = None


def make_link(*, company: Company, for_anyone: bool, at: datetime, actor: Actor) -> CompanyLink:
    """Give a company's people an address to join it at, and return it. The one there was opens nothing any more.

    `for_anyone`: whoever has the address joins; otherwise an e-mail address of the company's domains is needed.
    Raises CompanyArchived.
    """
    with db.transaction():
        company = _locked(company)
        _refuse_archived(company)
        CompanyLink.objects.filter(company=company, revoked_at=None).update(revoked_at=at)
        link = CompanyLink(
            id=new_id(),
            organization_id=company.organization_id,
            company=company,
            for_anyone=for_anyone,
            made_at=at,
            made_by=str(actor),
        )
        link.save(force_insert=True)
        _record(EventType.COMPANY_LINK_MADE, company, at, actor, link=_link_ref(link), for_anyone=for_anyone)
    return link


def revoke_link(*, company: Company, at: datetime, actor: Actor) -> None:
    """Let the address open nothing any more. Without one, nothing is written."""
    with db.transaction():
        company = _locked(company)
        link = link_of(company)
        if link is None:
            return
        CompanyLink.objects.filter(pk=link.pk).update(revoked_at=at)
        _record(EventType.COMPANY_LINK_REVOKED, company, at, actor, link=_link_ref(link))


def invite(*, company: Company, address: str, at: datetime, sent_at: datetime, actor: Actor) -> CompanyInvitation:
    """Ask somebody by mail to join a company, within fourteen days of `sent_at` (real time).

    Who has been asked and has not answered is asked again: the code sent before opens nothing any more. Whether
    anybody is known by the address makes no difference. Raises EmailInvalid (`/address`), CompanyArchived,
    TooManyInvitations.
    """
    address = details.email(address, pointer="/address")
    key = details.email_key(address)
    with db.transaction():
        company = _locked(company)
        _refuse_archived(company)
        waiting = CompanyInvitation.objects.filter(company=company, accepted_at=None, withdrawn_at=None)
        # Locked, for who withdraws it does not lock the company.
        row = waiting.filter(key=key).select_for_update(no_key=True).first()
        if row is None:
            if waiting.count() >= MOST_WAITING:
                raise TooManyInvitations(
                    said("{most} invitations wait already: withdraw some first", most=MOST_WAITING)
                )
            row = CompanyInvitation(
                id=new_id(), organization_id=company.organization_id, company=company, key=key, round=0
            )
        if row.round >= MOST_ROUNDS:
            raise TooManyInvitations("this has been sent often enough: withdraw it, and invite anew")
        row.address, row.invited_by = address, str(actor)
        row.round += 1
        row.sent_at, row.expires_at = sent_at, sent_at + timedelta(days=DAYS)
        row.save()
        _record(EventType.COMPANY_INVITED, company, at, actor, invitation=_ref(row), round=row.round)
    return row


def withdraw_invitation(*, company: Company, ref: str, at: datetime, actor: Actor) -> None:
    """Let an invitation open nothing any more. Answered or withdrawn already, nothing is written.

    Raises CompanyInvitationUnknown if the company has never had it.
    """
    key = ids.from_text(Prefix.COMPANY_INVITATION, ref)
    if key is None:
        raise CompanyInvitationUnknown("there is no such invitation")
    with db.transaction():
        rows = CompanyInvitation.objects.filter(organization_id=company.organization_id, company=company, pk=key)
        row = rows.select_for_update(no_key=True).first()
        if row is None:
            raise CompanyInvitationUnknown("there is no such invitation")
        if row.accepted_at is not None or row.withdrawn_at is not None:
            return
        row.withdrawn_at = at
        row.save(update_fields=["withdrawn_at"])
        _record(EventType.COMPANY_INVITATION_WITHDRAWN, company, at, actor, invitation=_ref(row))


def accept_invitation(
    *, invitation: CompanyInvitation, customer_id: UUID, at: datetime, accepted_at: datetime, actor: Actor
) -> None:
    """Use an invitation up, as a part of joining by it. Raises CompanyInvitationUnknown if it is done, or too late."""
    rows = CompanyInvitation.objects.filter(
        pk=invitation.pk, round=invitation.round, accepted_at=None, withdrawn_at=None, expires_at__gt=accepted_at
    )
    if not rows.update(accepted_at=accepted_at):
        raise CompanyInvitationUnknown("this invitation was answered or withdrawn, or is too old")
    told = {"invitation": _ref(invitation)}
    events.record(
        events.Happened(
            organization_id=invitation.organization_id,
            type=EventType.COMPANY_INVITATION_ACCEPTED,
            at=at,
            actor=actor,
            customer_id=customer_id,
            company_id=invitation.company_id,
            data=told,
        )
    )


def entry(*, organization: Organization, code: str, real_at: datetime) -> Entry:
    """Return what a code opens. At most two queries. Raises CompanyLinkUnknown, whatever is wrong with it."""
    key = company_codes.key_in(code)
    if key is not None:
        links = CompanyLink.objects.filter(organization=organization, pk=key, revoked_at=None)
        link = links.select_related("company").first()
        if link is not None and company_codes.is_of(code, link):
            return Entry(_of(link.company, organization), for_anyone=link.for_anyone)
        invitations = CompanyInvitation.objects.filter(
            organization=organization, pk=key, accepted_at=None, withdrawn_at=None, expires_at__gt=real_at
        )
        row = invitations.select_related("company").first()
        if row is not None and company_codes.is_of(code, row):
            return Entry(_of(row.company, organization), invitation=row)
    raise CompanyLinkUnknown("this address opens nothing: it was replaced or withdrawn, or is too old")


def used(*, organization: Organization, code: str) -> Entry | None:
    """Return what an invitation opened that was accepted with this code; None for any other code. One query."""
    key = company_codes.key_in(code)
    if key is None:
        return None
    rows = CompanyInvitation.objects.filter(organization=organization, pk=key, accepted_at__isnull=False)
    row = rows.select_related("company").first()
    if row is None or not company_codes.is_of(code, row):
        return None
    return Entry(_of(row.company, organization), invitation=row)


def link_of(company: Company) -> CompanyLink | None:
    """Return the company's link, if it has one."""
    return CompanyLink.objects.filter(company=company, revoked_at=None).first()


def waiting_for(company: Company, real_at: datetime) -> list[Waiting]:
    """Return the company's invitations that were not answered, the latest first. One query."""
    rows = CompanyInvitation.objects.filter(company=company, accepted_at=None, withdrawn_at=None).order_by(
        "-sent_at", "-id"
    )
    return [
        Waiting(row.pk, _ref(row), row.address, row.round, row.sent_at, row.expires_at, row.expires_at <= real_at)
        for row in rows
    ]


def waits(organization: Organization, keys: set[UUID]) -> dict[UUID, CompanyInvitation]:
    """Return those of the invitations that a mail is still to be written for, with their companies."""
    rows = CompanyInvitation.objects.filter(
        organization=organization,
        pk__in=keys,
        accepted_at=None,
        withdrawn_at=None,
        company__status=CompanyStatus.ACTIVE,
    )
    return {row.pk: row for row in rows.select_related("company")}


def forget(person: Person) -> None:
    """Forget that somebody was ever invited at these addresses. Part of an erasure."""
    CompanyInvitation.objects.filter(organization=person.organization_id, key__in=person.addresses).delete()


def _locked(company: Company) -> Company:
    return Company.objects.select_for_update(no_key=True).get(pk=company.pk)


def _of(company: Company, organization: Organization) -> Company:
    company.organization = organization
    return company


def _refuse_archived(company: Company) -> None:
    if company.status == CompanyStatus.ARCHIVED:
        raise CompanyArchived(said("{company} is archived; restore it first", company=company.name))


def _ref(row: CompanyInvitation) -> str:
    return ids.to_text(Prefix.COMPANY_INVITATION, row.pk)


def _link_ref(row: CompanyLink) -> str:
    return ids.to_text(Prefix.COMPANY_LINK, row.pk)


def _record(what: EventType, company: Company, at: datetime, actor: Actor, **data: object) -> None:
    events.record(
        events.Happened(
            organization_id=company.organization_id, type=what, at=at, actor=actor, company_id=company.pk, data=data
        )
    )

"""Inviting people to work for the organization, and their answer. Links live in real time (`tokens.py`)."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError

from tessera import db
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.core.phrases import Phrase, said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations import rules
from tessera.organizations.errors import AlreadyInvited, AlreadyStaff, FieldInvalid, InvitationOver, InvitationUnknown
from tessera.organizations.models import Invitation, Organization, Staff, User
from tessera.organizations.rights import Role
from tessera.organizations.staff import add_staff, staff_joined

DAYS: Final = 7
_LONGEST_EMAIL: Final = 254
_MOST_ROUNDS: Final = 100


def invite(
    *,
    organization: Organization,
    email: str,
    name: str = "",
    role: Role,
    invited_by: Staff | None = None,
    at: datetime,
    sent_at: datetime,
    actor: Actor,
) -> Invitation:
    """Ask somebody by mail to work for the organization, within seven days of `sent_at` (real time).

    One that was not answered in time is asked anew. Raises FieldInvalid; AlreadyStaff, AlreadyInvited.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as reason:
        raise FieldInvalid("this is not an e-mail address", pointer="/email") from reason
    if len(email) > _LONGEST_EMAIL:
        raise FieldInvalid(said("should have at most {longest} characters", longest=_LONGEST_EMAIL), pointer="/email")
    name = rules.check_name(name) if name.strip() else ""
    with db.transaction():
        working = Staff.objects.filter(organization=organization, user__email=email).first()
        if working is not None:
            raise AlreadyStaff(_already(working), pointer="/email")
        Invitation.objects.filter(
            organization=organization, email=email, accepted_at=None, withdrawn_at=None, expires_at__lte=sent_at
        ).update(withdrawn_at=sent_at)
        try:
            with db.transaction():
                invitation = Invitation.objects.create(
                    organization=organization,
                    email=email,
                    name=name,
                    role=role,
                    invited_by=invited_by,
                    sent_at=sent_at,
                    expires_at=sent_at + timedelta(days=DAYS),
                    created_at=sent_at,
                )
        except IntegrityError as reason:
            raise AlreadyInvited(
                "this person has been invited: send the invitation again", pointer="/email"
            ) from reason
        _record(EventType.STAFF_INVITED, invitation, at, actor)
    return invitation


def invite_again(*, invitation: Invitation, at: datetime, sent_at: datetime, actor: Actor) -> Invitation:
    """Send it again, for seven days more. The link sent before is worth nothing. Raises InvitationUnknown."""
    with db.transaction():
        present = _waiting(invitation)
        if present.round >= _MOST_ROUNDS:
            raise FieldInvalid("this has been sent often enough: withdraw it, and invite anew")
        present.round += 1
        present.sent_at, present.expires_at = sent_at, sent_at + timedelta(days=DAYS)
        present.save(update_fields=["round", "sent_at", "expires_at"])
        _record(EventType.STAFF_INVITED, present, at, actor)
    return present


def withdraw(*, invitation: Invitation, at: datetime, withdrawn_at: datetime, actor: Actor) -> None:
    """Let the link be worth nothing. Doing it again writes nothing."""
    with db.transaction():
        try:
            present = _waiting(invitation)
        except InvitationUnknown:
            return
        present.withdrawn_at = withdrawn_at
        present.save(update_fields=["withdrawn_at"])
        _record(EventType.STAFF_INVITATION_WITHDRAWN, present, at, actor)


def accept_as_new(*, invitation: Invitation, name: str, password: str, at: datetime, accepted_at: datetime) -> Staff:
    """Let the invited person, who signs in nowhere yet, work here under the name and password they chose.

    Raises InvitationOver, FieldInvalid, PasswordTooWeak; AlreadyStaff.
    """
    with db.transaction():
        present = _accepted(invitation, accepted_at)
        if User.objects.filter(email=present.email).exists():
            raise InvitationOver("this person signs in already: sign in, then accept")
        return add_staff(
            organization=present.organization,
            name=name,
            email=present.email,
            password=password,
            role=Role(present.role),
            at=at,
            actor=_inviter(present),
        )


def accept_as(*, invitation: Invitation, user: User, at: datetime, accepted_at: datetime) -> Staff:
    """Let somebody who signs in already work here too. The link proves the invited address, the session the person.

    Raises InvitationOver; AlreadyStaff.
    """
    with db.transaction():
        present = _accepted(invitation, accepted_at)
        if user.email != present.email:
            raise InvitationOver("this invitation is for somebody else: sign in as who was invited")
        return staff_joined(
            organization=present.organization, user=user, role=Role(present.role), at=at, actor=_inviter(present)
        )


def waiting_by_reference(organization: Organization, reference: str) -> Invitation:
    """Return the invitation, whether or not it is too old by now. Raises InvitationUnknown (404)."""
    key = ids.from_text(Prefix.INVITATION, reference)
    waiting = Invitation.objects.filter(organization=organization, accepted_at=None, withdrawn_at=None)
    found = waiting.filter(pk=key).first() if key else None
    if found is None:
        raise InvitationUnknown("there is no such invitation, or it was answered or withdrawn")
    return found


def invitation_named(organization: Organization, key: UUID) -> Invitation | None:
    """Return the organization's invitation with this key if it still waits."""
    rows = Invitation.objects.filter(organization=organization, pk=key, accepted_at=None, withdrawn_at=None)
    return rows.select_related("invited_by__user").first()


def _waiting(invitation: Invitation) -> Invitation:
    present = Invitation.objects.select_for_update(no_key=True).get(pk=invitation.pk)
    if present.accepted_at is not None or present.withdrawn_at is not None:
        raise InvitationUnknown("this invitation was answered or withdrawn")
    return present


def _accepted(invitation: Invitation, at: datetime) -> Invitation:
    rows = Invitation.objects.select_for_update(no_key=True, of=("self",)).select_related("organization")
    present = rows.get(pk=invitation.pk)
    waits = present.accepted_at is None and present.withdrawn_at is None and at < present.expires_at
    if not waits or present.round != invitation.round:
        raise InvitationOver("this invitation is over: ask for another one")
    present.accepted_at = at
    present.save(update_fields=["accepted_at"])
    return present


def _inviter(invitation: Invitation) -> Actor:
    """Who let them in: the person came by themselves, and is nobody yet."""
    return Actor.staff(invitation.invited_by_id) if invitation.invited_by_id else Actor.system("staff")


def _already(staff: Staff) -> Phrase:
    if staff.disabled_at is not None:
        return said("this person's access to the organization is disabled: enable it again instead")
    return said("this person already works for the organization")


def _record(what: EventType, invitation: Invitation, at: datetime, actor: Actor) -> None:
    events.record(
        events.Happened(
            organization_id=invitation.organization_id,
            type=what,
            at=at,
            actor=actor,
            data={
                "invitation": ids.to_text(Prefix.INVITATION, invitation.pk),
                "role": str(invitation.role),
                "round": invitation.round,
            },
        )
    )

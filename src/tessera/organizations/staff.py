"""Who works for an organization, and as what."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError

from tessera import db
from tessera.core import ids
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations import rules
from tessera.organizations.errors import AlreadyStaff, FieldInvalid, PasswordTooWeak
from tessera.organizations.models import Organization, Staff, User
from tessera.organizations.rights import Role


def add_staff(
    *, organization: Organization, name: str, email: str, password: str, role: Role, at: datetime, actor: Actor
) -> Staff:
    """Let a person work for the organization. Somebody who already signs in elsewhere keeps name and password.

    Raises FieldInvalid, PasswordTooWeak; AlreadyStaff.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as reason:
        raise FieldInvalid("this is not an e-mail address", pointer="/email") from reason
    with db.transaction():
        user = User.objects.filter(email=email).first() or _new_user(
            name=rules.check_name(name), email=email, password=password, at=at
        )
        try:
            with db.transaction():
                staff = Staff.objects.create(organization=organization, user=user, role=role, created_at=at)
        except IntegrityError as reason:
            raise AlreadyStaff("this person already works for the organization", pointer="/email") from reason
        _record(EventType.STAFF_ADDED, staff, at, actor)
    return staff


def change_role(*, staff: Staff, role: Role, at: datetime, actor: Actor) -> Staff:
    """Give a staff member another role. Keys they made never exceed it. The same role again writes nothing."""
    with db.transaction():
        present = Staff.objects.select_for_update(no_key=True).get(pk=staff.pk)
        if present.role != role:
            present.role = role
            present.save(update_fields=["role"])
            _record(EventType.STAFF_ROLE_CHANGED, present, at, actor)
    return present


def _new_user(*, name: str, email: str, password: str, at: datetime) -> User:
    user = User(name=name, email=email, created_at=at)
    try:
        validate_password(password, user)
    except ValidationError as reason:
        raise PasswordTooWeak(" ".join(reason.messages), pointer="/password") from reason
    user.set_password(password)
    try:
        with db.transaction():
            user.save(force_insert=True)
    except IntegrityError:  # somebody was faster: it is the same person
        return User.objects.get(email=email)
    return user


def _record(what: EventType, staff: Staff, at: datetime, actor: Actor) -> None:
    events.record(
        events.Happened(
            organization_id=staff.organization_id,
            type=what,
            at=at,
            actor=actor,
            data={"staff": ids.to_text(ids.Prefix.STAFF, staff.pk), "role": str(staff.role)},
        )
    )

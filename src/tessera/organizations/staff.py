"""Who works for an organization, as what, and whether they still may."""

from collections.abc import Callable
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError
from django.db.models import Q

from tessera import db
from tessera.core import ids
from tessera.core.errors import NotFound
from tessera.core.phrases import Phrase, said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations import rules, sessions
from tessera.organizations.errors import AlreadyStaff, FieldInvalid, LastOwner, PasswordTooWeak
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
        return staff_joined(organization=organization, user=user, role=role, at=at, actor=actor)


def staff_joined(*, organization: Organization, user: User, role: Role, at: datetime, actor: Actor) -> Staff:
    """Let somebody who signs in already work for the organization. Raises AlreadyStaff."""
    with db.transaction():
        try:
            with db.transaction():
                staff = Staff.objects.create(organization=organization, user=user, role=role, created_at=at)
        except IntegrityError as reason:
            raise AlreadyStaff(_already(organization, user), pointer="/email") from reason
        _record(EventType.STAFF_ADDED, staff, at, actor)
    return staff


def change_role(*, staff: Staff, role: Role, at: datetime, actor: Actor) -> Staff:
    """Give a staff member another role. Keys they made never exceed it. The same role again writes nothing.

    Raises LastOwner if they are the only owner who can sign in, `role` is another, and `actor` is no operator.
    """
    with db.transaction():
        present, last_owner = _locked_among_owners(staff)
        if present.role != role:
            if last_owner:
                _refuse_last_owner(actor)
            present.role = role
            present.save(update_fields=["role"])
            _record(EventType.STAFF_ROLE_CHANGED, present, at, actor)
    return present


def staff_by_email(organization: Organization, email: str) -> Staff:
    """Return who signs in with this address and works, or worked, for the organization. Raises NotFound."""
    rows = Staff.objects.filter(organization=organization, user__email=email.strip().lower())
    staff = rows.select_related("user", "organization").first()
    if staff is None:
        raise NotFound(said("nobody with this e-mail address works for {name}", name=organization.name))
    return staff


def user_by_email(email: str) -> User:
    """Return who signs in with this address, wherever they work. Raises NotFound."""
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        raise NotFound("nobody signs in with this e-mail address")
    return user


def disable_staff(*, staff: Staff, at: datetime, actor: Actor) -> Staff:
    """Let a staff member do nothing more for the organization, at the console or through keys they made.

    It holds from their next request on, in every session they have. What they do for other organizations stays theirs.
    Doing it again writes nothing. Raises LastOwner, but not to the operator, if they are the only owner who
    can sign in.
    """
    with db.transaction():
        present, last_owner = _locked_among_owners(staff)
        if present.disabled_at is None:
            if last_owner:
                _refuse_last_owner(actor)
            present.disabled_at = at
            present.save(update_fields=["disabled_at"])
            _record(EventType.STAFF_DISABLED, present, at, actor)
    return present


def enable_staff(*, staff: Staff, at: datetime, actor: Actor) -> Staff:
    """Let a disabled staff member work again, in the role they had; keys they made work again too, if not revoked.

    Of somebody who is not disabled nothing is written.
    """
    with db.transaction():
        present = _locked(staff)
        if present.disabled_at is not None:
            present.disabled_at = None
            present.save(update_fields=["disabled_at"])
            _record(EventType.STAFF_ENABLED, present, at, actor)
    return present


def set_password(
    *, user: User, password: str, now: Callable[[Organization], datetime], actor: Actor | None = None
) -> None:
    """Give a person another password, which ends every session they have, in all organizations they work for.

    Each of those records it, at the instant that `now` says it is there; `actor` None: they did it themselves. A link
    that was mailed for it counts no more. Raises PasswordTooWeak.
    """
    check_password(password, user)
    with db.transaction():
        present = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        present.set_password(password)
        present.save(update_fields=["password"])
        sessions.end_all(present.pk)
        for staff in Staff.objects.filter(user=present).select_related("organization").order_by("organization"):
            by = actor or Actor.staff(staff.pk)
            _record(EventType.STAFF_PASSWORD_SET, staff, now(staff.organization), by)


def _locked(staff: Staff) -> Staff:
    return Staff.objects.select_for_update(no_key=True).get(pk=staff.pk)


def _locked_among_owners(staff: Staff) -> tuple[Staff, bool]:
    """Return the row, and whether nobody else owns the organization and can sign in.

    All owners are locked, in one order: of two who leave at once, the second sees that the first has gone.
    """
    owns = Q(organization=staff.organization_id, role=Role.OWNER, disabled_at=None, user__is_active=True)
    rows = list(Staff.objects.filter(owns | Q(pk=staff.pk)).order_by("pk").select_for_update(no_key=True, of=("self",)))
    present = next(row for row in rows if row.pk == staff.pk)
    others = [row for row in rows if row.pk != staff.pk]
    return present, present.role == Role.OWNER and present.disabled_at is None and not others


def _refuse_last_owner(actor: Actor) -> None:
    """Raises LastOwner, but not to the operator, who shuts a stolen account out and then makes another owner."""
    if actor.kind != "system":
        raise LastOwner("the organization would have no owner left: make somebody else an owner first")


def _already(organization: Organization, user: User) -> Phrase:
    if Staff.objects.filter(organization=organization, user=user).exclude(disabled_at=None).exists():
        return said("this person's access to the organization is disabled: enable it again instead")
    return said("this person already works for the organization")


def check_password(password: str, user: User) -> None:
    """Raises PasswordTooWeak, saying what is wrong with it."""
    try:
        validate_password(password, user)
    except ValidationError as reason:
        raise PasswordTooWeak(" ".join(reason.messages), pointer="/password") from reason


def _new_user(*, name: str, email: str, password: str, at: datetime) -> User:
    user = User(name=name, email=email, created_at=at)
    check_password(password, user)
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

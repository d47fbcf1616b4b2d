"""What people change of their own account: name, language, address, password. Recorded wherever they work."""

from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError

from tessera import db
from tessera.core.phrases import said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations import everywhere, former_emails, rules, tokens
from tessera.organizations.errors import EmailTaken, FieldInvalid, LinkOver
from tessera.organizations.models import User
from tessera.organizations.staff import set_password
from tessera.organizations.time import now

_LONGEST_EMAIL: Final = 254  # RFC 5321


def update_account(*, user: User, name: str, locale: str) -> None:
    """Let the person be called and spoken to so; `locale` empty: as their browser says. What is so is not written.

    Raises FieldInvalid, LocaleInvalid.
    """
    wanted = {"name": rules.check_name(name), "locale": rules.check_locale(locale) if locale else ""}
    with db.transaction():
        present = _locked(user)
        changed = {field: value for field, value in wanted.items() if getattr(present, field) != value}
        if changed:
            User.objects.filter(pk=present.pk).update(**changed)
            everywhere.record(EventType.STAFF_UPDATED, present, fields=sorted(changed))


def ask_password_reset(email: str) -> None:
    """Have whoever signs in with this address sent a link by which they set another password.

    Nothing tells whether anybody does. Recorded in the one organization that the mail is from.
    """
    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if user is not None:
        with db.transaction():
            _ask(EventType.STAFF_PASSWORD_RESET_ASKED, user)


def reset_password(*, user: User, token: str, password: str) -> None:
    """Give the person the password they chose by a link that was mailed to them. They are signed out everywhere.

    Raises LinkOver; PasswordTooWeak.
    """
    with db.transaction():
        present = _locked(user)
        if tokens.resets_password_of(present.pk, token) is None:
            raise LinkOver("this link is too old, or was used")
        set_password(user=present, password=password, now=now)


def ask_email_change(*, user: User, email: str) -> None:
    """Have a link sent to the address that the person wants to sign in with. Until it is followed nothing changes.

    Raises FieldInvalid; EmailTaken.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as reason:
        raise FieldInvalid("this is not an e-mail address", pointer="/email") from reason
    if len(email) > _LONGEST_EMAIL:
        raise FieldInvalid(said("should have at most {longest} characters", longest=_LONGEST_EMAIL), pointer="/email")
    with db.transaction():
        present = _locked(user)
        if present.email == email:
            raise FieldInvalid("this is the address you sign in with already", pointer="/email")
        if User.objects.filter(email=email).exists():
            raise EmailTaken("somebody else signs in with this address", pointer="/email")
        present.pending_email = email
        present.save(update_fields=["pending_email"])
        _ask(EventType.STAFF_EMAIL_CHANGE_ASKED, present)


def confirm_email_change(*, user: User, token: str) -> None:
    """Let the person sign in with the address whose link they followed; the former one is told.

    Raises LinkOver; EmailTaken.
    """
    with db.transaction():
        present = _locked(user)
        if tokens.changes_email_of(present.pk, token) is None:
            raise LinkOver("this link is too old, or was used")
        former, present.email, present.pending_email = present.email, present.pending_email, ""
        try:
            with db.transaction():
                present.save(update_fields=["email", "pending_email"])
        except IntegrityError as reason:
            raise EmailTaken("somebody else signs in with this address meanwhile", pointer="/email") from reason
        everywhere.record(EventType.STAFF_EMAIL_CHANGED, present, only=_to_be_told(present, former))


def forget_email_change(*, user: User) -> None:
    """Keep the present address: a link that was sent to another one is worth nothing any more."""
    with db.transaction():
        present = _locked(user)
        if present.pending_email:
            present.pending_email = ""
            present.save(update_fields=["pending_email"])
            everywhere.record(EventType.STAFF_UPDATED, present, fields=["pending_email"])


def _to_be_told(user: User, former: str) -> dict[UUID, dict[str, object]]:
    """Keep the former address; return, by the one organization that tells it, what its event says of it."""
    row = everywhere.mailing(user)
    if row is None:
        return {}
    kept = former_emails.keep(organization=row.organization, whose=user.pk, address=former, locale=user.locale)
    return {row.organization_id: {"former": kept}}


def _ask(what: EventType, user: User) -> None:
    """Record it in the organization whose mail it is."""
    row = everywhere.mailing(user)
    if row is None:
        return
    events.record(
        events.Happened(
            organization_id=row.organization_id,
            type=what,
            at=now(row.organization),
            actor=Actor.staff(row.pk),
            data=everywhere.named(row),
        )
    )


def _locked(user: User) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)

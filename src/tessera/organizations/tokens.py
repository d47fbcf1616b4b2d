"""What the links of mails to staff prove: that whoever follows one reads the mail it was in. Real time.

Nothing of a link is stored. It is made of the records and the installation's secret key as the mail is written, so a
mail that is sent twice has the same link twice; and it is worth nothing once what it was made of has changed, which
its own use does.
"""

from typing import Final
from uuid import UUID

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.utils.crypto import constant_time_compare, salted_hmac

from tessera.core import clock, ids
from tessera.core.ids import Prefix
from tessera.organizations.models import Invitation, User

LINK_HOURS: Final = 24  # PASSWORD_RESET_TIMEOUT, in settings


class _EmailChange(PasswordResetTokenGenerator):
    key_salt = "tessera.organizations.tokens.email_change"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{user.pk}{user.password}{user.email}{user.pending_email}{timestamp}"


_password_reset: Final = PasswordResetTokenGenerator()
_email_change: Final = _EmailChange()


def for_password_reset(user: User) -> str:
    """Return the token of a link by which the person sets another password. Signing in uses it up, too."""
    return _password_reset.make_token(user)


def for_email_change(user: User) -> str:
    """Return the token of a link by which the person's pending address becomes theirs."""
    return _email_change.make_token(user)


def resets_password_of(key: UUID, token: str) -> User | None:
    """Return whose password the link may set; None if it is too old, was used, or was never ours."""
    user = User.objects.filter(pk=key, is_active=True).first()
    return user if user is not None and _password_reset.check_token(user, token) else None


def changes_email_of(key: UUID, token: str) -> User | None:
    """Return whose address the link confirms; None if it is too old, was used, or another was asked for since."""
    user = User.objects.filter(pk=key, is_active=True).exclude(pending_email="").first()
    return user if user is not None and _email_change.check_token(user, token) else None


def of_invitation(invitation: Invitation) -> str:
    """Return the token of the link in an invitation's present mail."""
    told = f"{invitation.pk.hex}:{invitation.round}:{invitation.email}"
    return salted_hmac("tessera.organizations.tokens.invitation", told, algorithm="sha256").hexdigest()[:43]


def invitation_of(reference: str, token: str) -> Invitation | None:
    """Return the invitation that waits for the bearer's answer; None if it is over, or was never ours."""
    key = ids.from_text(Prefix.INVITATION, reference)
    if key is None:
        return None
    waiting = Invitation.objects.filter(pk=key, accepted_at=None, withdrawn_at=None, expires_at__gt=clock.now())
    found = waiting.select_related("organization", "invited_by__user").first()
    return found if found is not None and constant_time_compare(of_invitation(found), token) else None

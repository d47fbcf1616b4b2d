"""What the mails say that hand a link to staff or to a company's people. Each is made as its mail is written.

So no secret is in an event, in a job or in a row; what is no longer to be opened is not sent.
"""

from collections.abc import Callable, Mapping
from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.notices.reading import Matter
from tessera.notices.types import Kind
from tessera.organizations import invitations, tokens
from tessera.organizations.formatting import Formats
from tessera.organizations.models import Staff, User
from tessera.organizations.rights import Role
from tessera.people import company_codes, company_joining

_ROLES: Final[Mapping[Role, object]] = {
    Role.OWNER: _("owner"),
    Role.MANAGER: _("manager"),
    Role.FINANCE: _("finance"),
    Role.FRONT_DESK: _("front desk"),
    Role.VIEWER: _("viewer"),
}


def _invitation(matter: Matter, formats: Formats) -> dict[str, object] | None:
    invitation = invitations.invitation_named(matter.organization, matter.recipient_id)
    if invitation is None or invitation.round != matter.context.get("round"):
        return None
    reference = ids.to_text(Prefix.INVITATION, invitation.pk)
    return {
        "inviter": invitation.invited_by.user.name if invitation.invited_by else "",
        "role": str(_ROLES[Role(invitation.role)]),
        "until": formats.moment(invitation.expires_at),
        "link": _address("invitation", reference, tokens.of_invitation(invitation)),
    }


def _company_invitation(matter: Matter, formats: Formats) -> dict[str, object] | None:
    invitation = company_joining.waits(matter.organization, {matter.recipient_id}).get(matter.recipient_id)
    if invitation is None or invitation.round != matter.context.get("round"):
        return None
    code = company_codes.of_invitation(invitation)
    return {
        "company": invitation.company.name,
        "until": formats.moment(invitation.expires_at),
        "link": settings.BASE_URL + reverse("join:company", args=[matter.organization.slug, code]),
    }


def _password_reset(matter: Matter, formats: Formats) -> dict[str, object] | None:
    user = _user(matter)
    token = tokens.for_password_reset(user)
    return {"hours": tokens.LINK_HOURS, "link": _address("reset_password_link", _reference(user), token)}


def _email_change(matter: Matter, formats: Formats) -> dict[str, object] | None:
    user = _user(matter)
    token = tokens.for_email_change(user)
    return {"hours": tokens.LINK_HOURS, "link": _address("confirm_email", _reference(user), token)}


WITH_LINK: Final[Mapping[Kind, Callable[[Matter, Formats], dict[str, object] | None]]] = {
    Kind.STAFF_INVITATION: _invitation,
    Kind.COMPANY_INVITATION: _company_invitation,
    Kind.STAFF_PASSWORD_RESET: _password_reset,
    Kind.STAFF_EMAIL_CHANGE: _email_change,
}


def _user(matter: Matter) -> User:
    rows = Staff.objects.filter(organization=matter.organization).select_related("user")
    return rows.get(pk=matter.recipient_id).user


def _reference(user: User) -> str:
    return ids.to_text(Prefix.USER, user.pk)


def _address(page: str, *parts: str) -> str:
    """The pages are the console's, which stands above and is known here by their names only."""
    return settings.BASE_URL + reverse(f"console:{page}", args=parts)

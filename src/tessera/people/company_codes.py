"""The codes in the addresses by which people join companies: known to whoever was sent them, and kept nowhere.

A code is the key of a link or of an invitation and 128 bits that only we can derive from it. Whoever reads the
database has none; a new secret key of the installation makes all of them void (docs/decisions/0032-portal.md).
"""

import base64
import hmac
from typing import Final
from uuid import UUID

from django.utils.crypto import salted_hmac

from tessera.people.models import CompanyInvitation, CompanyLink

_BYTES: Final = 16
_LENGTH: Final = 43  # characters
_LINK, _INVITATION = "link", "invitation"


def of_link(link: CompanyLink) -> str:
    """Return the code of a company's link."""
    return _code(link.organization_id, _LINK, link.pk)


def of_invitation(invitation: CompanyInvitation) -> str:
    """Return the code of an invitation; sent again, it is another one."""
    return _code(invitation.organization_id, f"{_INVITATION}{invitation.round}", invitation.pk)


def key_in(code: str) -> UUID | None:
    """Return the key that a code speaks of, which is yet to be proved; None if it has not the form of a code."""
    if len(code) != _LENGTH:
        return None
    try:
        raw = base64.urlsafe_b64decode(f"{code}=")
    except ValueError:
        return None
    return UUID(bytes=raw[:_BYTES]) if len(raw) == 2 * _BYTES else None


def is_of(code: str, row: CompanyLink | CompanyInvitation) -> bool:
    """Whether the code is that of the link or invitation. In the same time for all that are not."""
    right = of_link(row) if isinstance(row, CompanyLink) else of_invitation(row)
    return hmac.compare_digest(code.encode(), right.encode())


def _code(organization_id: UUID, what: str, key: UUID) -> str:
    mac = salted_hmac(f"tessera.people.company-code.{what}", f"{organization_id}:{key}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(key.bytes + mac[:_BYTES]).decode().rstrip("=")

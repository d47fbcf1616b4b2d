"""What a link in a mail proves: that whoever follows it was sent that mail. Signed, and without anything personal.

It holds the customer's public id and the name of a group, does not expire, and is worth nothing in another
organization: mails are kept for years, and who wants no more of them must not be told that a link is too old.
"""

from uuid import UUID

from django.core.signing import BadSignature, Signer

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.notices.types import Group


def unsubscribing(*, organization_id: UUID, customer_id: UUID, group: Group) -> str:
    """Return the token of the link that turns a customer's mails of a group off."""
    return _signer(organization_id).sign(f"{group}.{ids.to_text(Prefix.CUSTOMER, customer_id)}")


def read(token: str, *, organization_id: UUID) -> tuple[UUID, Group] | None:
    """Return the customer's key and the group; None if this organization did not sign it."""
    try:
        group, _, customer = _signer(organization_id).unsign(token).partition(".")
        key = ids.from_text(Prefix.CUSTOMER, customer)
        return None if key is None else (key, Group(group))
    except (BadSignature, ValueError):
        return None


def _signer(organization_id: UUID) -> Signer:
    return Signer(sep=".", salt=f"tessera.notices.unsubscribing:{organization_id}")

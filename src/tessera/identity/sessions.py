"""Sessions of customers: begun, recognised, listed, ended. Real time."""

from uuid import UUID

from tessera.events.types import Actor
from tessera.identity.types import Begun, How, Session, SignedIn, Surface
from tessera.organizations.models import Organization
from tessera.people.models import Customer


def open_session(
    *,
    organization: Organization,
    customer: Customer,
    surface: Surface,
    how: How,
    address: str,
    device: str,
    issuer_id: UUID | None = None,
    created: bool = False,
) -> Begun:
    """Begin a session of somebody who has just proved who they are. Part of the caller's transaction, with an event.

    `device` is what the browser sent as User-Agent.
    """
    raise NotImplementedError


def recognised(organization: Organization, secret: str, surface: Surface) -> SignedIn | None:
    """Return who is signed in with this secret, here and on this surface; None if nobody is. One query."""
    raise NotImplementedError


def sessions_of(customer: Customer, *, present: UUID | None = None) -> list[Session]:
    """Return where the customer is signed in, the one that asks first, then those seen last. One query."""
    raise NotImplementedError


def end(*, customer: Customer, session_id: UUID, actor: Actor | None = None) -> bool:
    """Sign the customer out of one of their sessions; whether they were signed in there. `actor` None: themselves."""
    raise NotImplementedError


def end_others(*, customer: Customer, session_id: UUID, actor: Actor | None = None) -> int:
    """Sign the customer out everywhere but of this session; return of how many."""
    raise NotImplementedError


def end_all(*, customer: Customer, actor: Actor | None = None) -> int:
    """Sign the customer out everywhere; return of how many sessions."""
    raise NotImplementedError

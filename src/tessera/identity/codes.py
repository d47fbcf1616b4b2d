"""Codes by e-mail: whoever enters the one that was sent to an address reads what is sent there. Real time."""

from uuid import UUID

from tessera.identity.types import Asked, Proven, Surface
from tessera.organizations.models import Organization


def ask(
    *,
    organization: Organization,
    address: str,
    browser: str,
    surface: Surface,
    client_address: str,
    locale: str = "",
) -> Asked:
    """Have a code sent to an address, for this browser alone. The answer is the same whether or not it is known.

    `browser` is a random secret of the browser session; a code that it asked for before is void. Within 30 seconds of
    that one, too many for the address, or too many from the client: TooManyRequests. Raises EmailInvalid (`/address`).
    """
    raise NotImplementedError


def enter(*, organization: Organization, attempt: str, browser: str, code: str, client_address: str) -> Proven:
    """Return what the right code proves. It is so once: entered twice, also at once, one of the two is refused.

    Not inside a transaction: what was tried has to stay counted. Raises CodeWrong, CodeVoid, CodeExpired;
    TooManyRequests.
    """
    raise NotImplementedError


def proven(*, organization: Organization, attempt: str, browser: str) -> Proven | None:
    """Return what this browser proved within the last ten minutes and nobody was signed in by yet.

    For a page that asks something more in between, such as which of several people it is.
    """
    raise NotImplementedError


def make(attempt_id: UUID) -> str | None:
    """Make the code of an attempt and return it, for the mail that is being written; None if it counts no more."""
    raise NotImplementedError

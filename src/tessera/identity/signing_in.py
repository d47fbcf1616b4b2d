"""Which customer that is who has just proved an address, or was vouched for by a site; and their session."""

from datetime import datetime

from tessera.identity.sessions import end, end_all, end_others, open_session, recognised, sessions_of
from tessera.identity.types import Begun, Injected, Proven, Surface
from tessera.organizations.models import Organization

__all__ = ["begin", "end", "end_all", "end_others", "open_session", "recognised", "sessions_of"]


def begin(
    *,
    organization: Organization,
    proven: Proven | None = None,
    injected: Injected | None = None,
    surface: Surface,
    device: str,
    client_address: str,
    at: datetime,
    choice: str | None = None,
) -> Begun:
    """Sign somebody in. `at` is the organization's time; `device` what the browser sent as User-Agent.

    `proven` alone: the customer with that verified address; else the only one who has it, whose it then is; else, if
    several have it, the one whose id is `choice`; else a new customer. `injected` alone: the customer whom the site's
    visitor is linked to; else, if the site vouches for the address and nobody has signed in to it yet, its only
    holder, or a new customer. Both together: as `proven` alone, and the site's visitor is linked to them.

    Raises PersonAmbiguous with the candidates (`proven` stays good); ProofNeeded (`injected` alone is not enough: ask
    for a code, and give both); CodeVoid if somebody was signed in by this proof already, or it is too old.
    """
    raise NotImplementedError

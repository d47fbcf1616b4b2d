"""What a page of signing up carries from step to step, signed: which frame or tab it is, and how far signing in is.

The nonce is random. It is the browser's secret to `identity.codes`, and the frame's name to tokens of sites.
"""

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.core import signing

from tessera.core import clock
from tessera.identity.types import Surface

LIFE_SECONDS: Final = 4 * 3600
_SALT: Final = "tessera.signup.flow"
_LONGEST: Final = 8_000


@dataclass(frozen=True, slots=True)
class Flow:
    """How far a page is. `attempt` is the code that has been sent to `address`; empty: none is on its way.

    `resend_at` and `expires_at` are of that code, in seconds since 1970. `carried` is what a site said of its visitor
    (`identity.injection.carried`), `locale` and `price` what was chosen.
    """

    nonce: str
    attempt: str = ""
    address: str = ""
    resend_at: float = 0
    expires_at: float = 0
    carried: str = ""
    locale: str = ""
    price: str = ""

    @property
    def resend_in(self) -> int:
        """In how many seconds another code can be asked for; 0: now."""
        return max(0, round(self.resend_at - clock.now().timestamp()))

    @property
    def waiting(self) -> bool:
        """Whether a code is on its way that can still be entered."""
        return bool(self.attempt) and self.expires_at > clock.now().timestamp()


def fresh() -> Flow:
    """Return how it begins."""
    return Flow(secrets.token_urlsafe(24))


def seconds(instant: datetime) -> float:
    """Return an instant as a flow carries it."""
    return instant.timestamp()


def signed(flow: Flow, *, organization_id: UUID, surface: Surface) -> str:
    """Return the flow as text that only we can make, good for four hours, here and on this surface only."""
    told = {name: value for name, value in asdict(flow).items() if value}
    return signing.dumps([organization_id.hex, str(surface), told], salt=_SALT, compress=True)


def read(text: str, *, organization_id: UUID, surface: Surface) -> Flow | None:
    """Return the flow behind a text that `signed` made for this organization and surface; None for anything else."""
    if not text or len(text) > _LONGEST:
        return None
    try:
        owner, where, told = signing.loads(text, salt=_SALT, max_age=LIFE_SECONDS)
    except (signing.BadSignature, ValueError):
        return None
    return Flow(**told) if (owner, where) == (organization_id.hex, str(surface)) else None

"""Signed answers: what a customer may do, for pages and doors that cannot ask each time (docs/tokens.md).

A token lives in real time, and no longer than the first of its permissions: of a test organization, whose clock stands
elsewhere, for as long as its permissions have left there, from the real present on (2-domain, "Test clock").
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from tessera.access.queries import HeldPermission, effective_permissions
from tessera.core import clock, ids
from tessera.core.ids import Prefix, new_id
from tessera.identity import signatures
from tessera.identity.signatures import Kind
from tessera.organizations.models import Organization
from tessera.people.models import Customer

SHORTEST: Final = timedelta(seconds=30)
USUAL: Final = timedelta(minutes=5)
LONGEST: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed answer, and what it says."""

    token: str
    issuer: str
    audience: str
    permissions: tuple[str, ...]
    expires_at: datetime


def mint(
    *, organization: Organization, customer: Customer, audience: str, life: timedelta = USUAL, at: datetime
) -> AccessToken:
    """Return a token for `audience` with the permissions that the customer has at `at`, which is the organization's.

    Who may nothing, banned or archived people too, gets one without permissions. `life` is brought within its bounds,
    and cut to the earliest end of a permission. Nothing is written, but for the very first key that signs.
    Raises FieldInvalid for an audience that is none.
    """
    signatures.check_audience(audience)
    real = clock.now() if organization.test_now is not None else at
    held = effective_permissions(organization, customer.pk, at)
    keys, expires_at = lasting(held, life=min(max(life, SHORTEST), LONGEST), at=at, real=real)
    token = signatures.signed(
        Kind.ACCESS,
        organization=organization,
        audience=audience,
        subject=ids.to_text(Prefix.CUSTOMER, customer.pk),
        issued_at=real,
        expires_at=expires_at,
        claims={"jti": new_id().hex, "number": customer.number, "permissions": keys},
    )
    return AccessToken(
        token=token,
        issuer=signatures.issuer(organization),
        audience=audience,
        permissions=tuple(keys),
        expires_at=datetime.fromtimestamp(expires_at, UTC),
    )


def lasting(held: Sequence[HeldPermission], *, life: timedelta, at: datetime, real: datetime) -> tuple[list[str], int]:
    """Return the permissions that a token made at `real` can name, and its end in whole seconds since 1970.

    That end is at most `life` away, and never later than that of a permission: the seconds begun are cut off. What ends
    before the next whole second cannot be said in one, and is left out.
    """
    keys, expires_at = [], math.floor((real + life).timestamp())
    for each in held:
        if each.valid_until is not None:
            ends_at = math.floor((real + min(life, each.valid_until - at)).timestamp())
            if ends_at <= real.timestamp():
                continue
            expires_at = min(expires_at, ends_at)
        keys.append(each.key)
    return keys, expires_at

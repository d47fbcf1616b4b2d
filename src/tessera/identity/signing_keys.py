"""The keys that sign our tokens: Ed25519, one pair at a time for the whole installation (decision 30).

A key is published before it signs, and stays published until the last token it signed is over, so that whoever keeps
`/.well-known/jwks.json` for a while is never without the key that they need. `at` is real time throughout.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import IntegrityError, connection

from tessera import db
from tessera.core.ids import new_id
from tessera.db import hot, sealed
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.identity.errors import SigningKeyUnknown
from tessera.identity.models import SigningKey, private_sealed_for
from tessera.organizations.models import Organization
from tessera.organizations.time import now

ALGORITHM: Final = "EdDSA"
LONGEST_TOKEN: Final = timedelta(hours=1)  # no token lives longer
_SLACK: Final = timedelta(minutes=5)  # for clocks that differ
AHEAD: Final = timedelta(days=1)  # published so long before it signs
SIGNS_FOR: Final = timedelta(days=90)

Jwk = dict[str, str]


class State(StrEnum):
    """What a key is there for at an instant."""

    UPCOMING = "upcoming"  # published, and does not sign yet
    SIGNING = "signing"
    PUBLISHED = "published"  # signs no more; tokens it signed may still be shown
    OVER = "over"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key as it is at an instant. `signs_until` null: no other is to follow it yet."""

    kid: str
    state: State
    created_at: datetime
    signs_from: datetime
    signs_until: datetime | None
    revoked_at: datetime | None
    jwk: Jwk


@dataclass(frozen=True, slots=True)
class Signer:
    """The key that signs now."""

    kid: str
    private: Ed25519PrivateKey


def signer(at: datetime) -> Signer:
    """Return the key that signs at `at`; the very first one is made now. One read, unless it has to be made."""
    marker = "?" if connection.vendor == "sqlite" else "%s"
    found = hot.rows(_SIGNS.format(at=marker), [connection.ops.adapt_datetimefield_value(at)])
    if found:
        kid, private, key = found[0]
        row = SigningKey(id=key if isinstance(key, UUID) else UUID(hex=key), kid=kid, private=private)
    else:
        row = _first(at)
    return Signer(row.kid, _opened(row.private, private_sealed_for(row)))


def public_key(kid: str) -> Ed25519PublicKey | None:
    """Return the public part of a key that has not been revoked, by its id. One read."""
    found: str | None = SigningKey.objects.filter(kid=kid, revoked_at=None).values_list("public", flat=True).first()
    return None if found is None else Ed25519PublicKey.from_public_bytes(_bytes(found))


def keys(at: datetime) -> list[KeyView]:
    """Return all keys there ever were, the oldest first. One read."""
    rows = list(SigningKey.objects.defer("private").order_by("number"))
    return [_view(row, _signs_until(row, rows), at) for row in rows]


def published(at: datetime) -> list[Jwk]:
    """Return the public keys by which our tokens can be checked at `at`, the oldest first. One read."""
    useful = (State.UPCOMING, State.SIGNING, State.PUBLISHED)
    return [key.jwk for key in keys(at) if key.state in useful]


def rotate(*, at: datetime, actor: Actor) -> KeyView:
    """Publish a key that is to follow, and return it. If one waits already, that is the one."""
    with db.transaction():
        last, waiting = _last_number(), _that_waits(at)
        if waiting is None:
            signs_from = at if _that_signs(at) is None else at + AHEAD
            waiting = _make(after=last, at=at, signs_from=signs_from, actor=actor)
    return _view(waiting, None, at)


def revoke(*, kid: str, at: datetime, actor: Actor) -> KeyView:
    """Have a key count no more, at once: what it signed is refused here, and by others when they next fetch the keys.

    If it signed, the next one signs from now on; one is made where none waits. Returns the key that signs now.
    Raises SigningKeyUnknown if there is no such key, or it was revoked before.
    """
    with db.transaction():
        if not SigningKey.objects.filter(kid=kid, revoked_at=None).update(revoked_at=at, private=""):
            raise SigningKeyUnknown("there is no such key, or it was revoked before: see tessera signing-key list")
        _record(EventType.SIGNING_KEY_REVOKED, actor, key=kid)
        last = _last_number()
        row = _that_signs(at) or _that_waits(at) or _make(after=last, at=at, signs_from=at, actor=actor)
        if row.signs_from > at:  # others may have fetched it already: better than one that nobody has seen
            row.signs_from = max(at, row.created_at)
            SigningKey.objects.filter(pk=row.pk).update(signs_from=row.signs_from)
    return _view(row, None, at)


def tend(*, at: datetime, actor: Actor) -> None:
    """Publish the next key when the one that signs has almost done so for long enough; forget private parts unused.

    Does nothing where nobody has ever needed a key.
    """
    signing = _that_signs(at)
    if signing is None:
        return
    if signing.signs_from + SIGNS_FOR - AHEAD <= at:
        rotate(at=at, actor=actor)
    over = [key.kid for key in keys(at) if key.state is State.OVER]
    useless = SigningKey.objects.filter(kid__in=over).exclude(private="")
    if useless.exists():
        with db.transaction():
            useless.update(private="")


# `_that_signs` by hand: every token is signed with it.
_SIGNS: Final = (
    "SELECT kid, private, id FROM identity_signingkey"
    " WHERE revoked_at IS NULL AND private <> '' AND signs_from <= {at} ORDER BY number DESC LIMIT 1"
)


def _that_signs(at: datetime) -> SigningKey | None:
    rows = SigningKey.objects.filter(revoked_at=None, signs_from__lte=at).exclude(private="")
    return rows.order_by("-number").first()


def _that_waits(at: datetime) -> SigningKey | None:
    return SigningKey.objects.filter(revoked_at=None, signs_from__gt=at).order_by("number").first()


def _first(at: datetime) -> SigningKey:
    """Return the first key, made now; or the one that somebody whose clock is a little ahead has just made."""
    last = _last_number()
    return _that_signs(at + _SLACK) or _make(after=last, at=at, signs_from=at, actor=Actor.system("signing-keys"))


def _last_number() -> int:
    """Return the number of the newest key. Read before it is decided that another is needed: see `_make`."""
    return SigningKey.objects.order_by("-number").values_list("number", flat=True).first() or 0


def _make(*, after: int, at: datetime, signs_from: datetime, actor: Actor) -> SigningKey:
    """Make the key that follows the number `after`; if somebody else has made it meanwhile, theirs is returned."""
    try:
        with db.transaction():
            row = _fresh(after + 1, at, signs_from)
            row.save(force_insert=True)
            _record(EventType.SIGNING_KEY_PUBLISHED, actor, key=row.kid, signs_from=events.text(row.signs_from))
    except IntegrityError:
        row = SigningKey.objects.get(number=after + 1)
    return row


def _fresh(number: int, at: datetime, signs_from: datetime) -> SigningKey:
    private = Ed25519PrivateKey.generate()
    x = _text(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    row = SigningKey(id=new_id(), number=number, kid=thumbprint(x), public=x, created_at=at, signs_from=signs_from)
    row.private = sealed.seal(_text(private.private_bytes_raw()), context=private_sealed_for(row))
    return row


def thumbprint(x: str) -> str:
    """Return the id of a public key: its thumbprint (RFC 7638, with the members that RFC 8037 names)."""
    written = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}, separators=(",", ":"))
    return _text(hashlib.sha256(written.encode()).digest())


def _signs_until(row: SigningKey, rows: Sequence[SigningKey]) -> datetime | None:
    """Return when a key signs no more: when the next one begins, of those that were not revoked before they began."""
    following = (each for each in rows if each.number > row.number)
    return next(
        (each.signs_from for each in following if each.revoked_at is None or each.revoked_at > each.signs_from), None
    )


def _view(row: SigningKey, signs_until: datetime | None, at: datetime) -> KeyView:
    if row.revoked_at is not None:
        state = State.REVOKED
    elif at < row.signs_from:
        state = State.UPCOMING
    elif signs_until is None or at < signs_until:
        state = State.SIGNING
    else:
        state = State.PUBLISHED if at < signs_until + LONGEST_TOKEN + _SLACK else State.OVER
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": row.public, "alg": ALGORITHM, "use": "sig", "kid": row.kid}
    return KeyView(row.kid, state, row.created_at, row.signs_from, signs_until, row.revoked_at, jwk)


# Opening and reading a key takes longer than signing with it. By the sealed text, so that another key is another entry.
@lru_cache(maxsize=8)
def _opened(private: str, context: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_bytes(sealed.unseal(private, context=context)))


def _record(what: EventType, actor: Actor, **data: object) -> None:
    """Record it in every organization: what all sign with concerns the clients of each."""
    rows = Organization.objects.filter(deleting_since=None).order_by("pk")
    events.record(
        *(
            events.Happened(organization_id=row.pk, type=what, at=now(row), actor=actor, data=data)
            for row in rows.only("pk", "test_now")
        )
    )


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

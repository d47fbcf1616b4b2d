"""The keys that issuers publish: asked for when a token needs them, and kept for a while, for all processes.

However many tokens come, right or wrong, an issuer is asked once a minute at most, and never inside a transaction.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError
from django.db.models import Q

from tessera import db
from tessera.core.errors import TesseraError
from tessera.http import outbound
from tessera.http.outbound import Answer
from tessera.identity.errors import InjectionRefused
from tessera.identity.models import PublishedKeys
from tessera.identity.types import Refusal
from tessera.organizations import issuers
from tessera.organizations.issuer_keys import Jwk
from tessera.organizations.models import TrustedIssuer

FRESH: Final = timedelta(minutes=10)  # as long they count without being looked at again
USABLE: Final = timedelta(hours=1)  # and as long if the site does not answer
ASKED_EVERY: Final = timedelta(minutes=1)

Ask = Callable[..., Answer]


def keys_of(issuer: TrustedIssuer, key_id: str | None, at: datetime, *, ask: Ask = outbound.request) -> list[Jwk]:
    """Return the issuer's keys, pasted or published; `at` is real time. One that is not among them is looked for anew.

    Raises InjectionRefused (`keys_unreachable`) if there are none, because the site does not answer as it should.
    """
    if not issuer.jwks_url:
        return list(issuer.keys)
    kept = PublishedKeys.objects.filter(issuer=issuer, url=issuer.jwks_url).first()
    known = list(kept.keys) if kept is not None and _younger(kept.fetched_at, at, USABLE) else []
    if kept is not None and _younger(kept.fetched_at, at, FRESH) and _has(known, key_id):
        return known
    why = "the site was asked for its keys less than a minute ago"
    if _may_ask(issuer, at):
        try:
            found = list(issuers.published(issuer.jwks_url, ask=ask).keys)
        except TesseraError as failure:
            why = failure.detail
        else:
            with db.transaction():
                PublishedKeys.objects.filter(issuer=issuer, url=issuer.jwks_url).update(keys=found, fetched_at=at)
            return found
    if not known:
        raise InjectionRefused(Refusal.KEYS_UNREACHABLE, f"there are no keys to check it with: {why}")
    return known


def _may_ask(issuer: TrustedIssuer, at: datetime) -> bool:
    """Take the right to ask the issuer now; False if somebody did within the last minute, at the same address."""
    with db.transaction():
        rows = PublishedKeys.objects.filter(issuer=issuer)
        if rows.filter(Q(asked_at__lte=at - ASKED_EVERY), url=issuer.jwks_url).update(asked_at=at):
            return True
        if rows.exclude(url=issuer.jwks_url).update(url=issuer.jwks_url, asked_at=at, keys=[], fetched_at=None):
            return True
        try:
            with db.transaction():
                PublishedKeys(issuer=issuer, url=issuer.jwks_url, asked_at=at).save(force_insert=True)
        except IntegrityError:
            return False
    return True


def _younger(fetched_at: datetime | None, at: datetime, than: timedelta) -> bool:
    return fetched_at is not None and at - fetched_at < than


def _has(keys: list[Jwk], key_id: str | None) -> bool:
    return bool(keys) if key_id is None else any(key["kid"] == key_id for key in keys)

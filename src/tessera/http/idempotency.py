"""A POST that is sent twice with the same `Idempotency-Key` happens once, and is answered twice.

The claim is a short transaction of its own with a lease; the answer is kept in the verb's own transaction, so that
there is no moment at which the change is there and its answer is not. Whoever lost the lease meanwhile is rolled back.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from hashlib import sha256
from operator import or_
from typing import Final, NoReturn
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from tessera import db
from tessera.core import clock
from tessera.core.ids import new_id
from tessera.http.errors import (
    IdempotencyInProgress,
    IdempotencyKeyInvalid,
    IdempotencyKeyReused,
    SecretAlreadyShown,
)
from tessera.http.models import IdempotencyKey

KEPT: Final = timedelta(hours=24)
LEASE: Final = timedelta(seconds=60)
HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
_GRAMMAR: Final = re.compile(r"[\x20-\x7e]{1,255}")
_NOT_KEPT: Final = frozenset({401, 403, 429})
_CLEARED_AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True)
class _Claim:
    digest: str
    lease: UUID


class _Refused(Exception):
    def __init__(self, answer: HttpResponse) -> None:
        super().__init__()
        self.answer = answer


def holds_secret(request: HttpRequest) -> None:
    """Say that the answer will hold a secret: it is not kept, and a repeat gets 409 `secret_already_shown`."""
    request.tessera_holds_secret = True  # type: ignore[attr-defined]


def once(request: HttpRequest, *, caller: UUID, run: Callable[[], HttpResponseBase]) -> HttpResponse:
    """Return `run()`'s answer, or the one that the first request with this key of this caller got.

    401, 403, 429 and 5xx are not kept: the key is free again. `run` is retried when a deadlock undid it.
    Raises IdempotencyKeyInvalid, IdempotencyKeyReused, IdempotencyInProgress, SecretAlreadyShown.
    """
    key = request.headers.get(HEADER, "").strip()
    if not _GRAMMAR.fullmatch(key):
        raise IdempotencyKeyInvalid("the Idempotency-Key should be 1 to 255 printable ASCII characters")
    digest = _digest(str(caller), request.method or "", request.path, key)
    payload = _digest(request.META.get("QUERY_STRING", ""), request.body)
    claim = _claim(digest, payload)
    if isinstance(claim, HttpResponse):
        return claim
    try:
        return db.retrying_deadlocks(lambda: _answered(request, claim, run))
    except _Refused as refused:
        _release(claim)
        return refused.answer
    except BaseException:
        _release(claim)
        raise


def forget(texts: Collection[str]) -> None:
    """Forget the answers that hold one of these texts: a repeat is told that they were not kept. Part of an erasure."""
    holding = reduce(or_, (Q(body__contains=text) for text in texts), Q(pk__in=[]))
    IdempotencyKey.objects.filter(holding).update(body="", secret=True)


def _digest(*parts: str | bytes) -> str:
    whole = sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        whole.update(f"{len(raw)}:".encode() + raw)
    return whole.hexdigest()


def _claim(digest: str, payload_hash: str) -> _Claim | HttpResponse:
    """Return a claim that is now ours, or the answer that was kept."""
    with db.transaction():
        at = clock.now()
        _clear_some(at)
        lease = new_id()
        fresh = IdempotencyKey(
            digest=digest, payload_hash=payload_hash, lease=lease, leased_until=at + LEASE, created_at=at
        )
        try:
            with transaction.atomic():
                fresh.save(force_insert=True)
        except IntegrityError:
            row = IdempotencyKey.objects.select_for_update().filter(digest=digest).first()
        else:
            return _Claim(digest, lease)
        if row is None:  # released between the two statements: the caller may simply ask again
            raise IdempotencyInProgress("the first request with this Idempotency-Key has just ended; send it again")
        if row.created_at > at - KEPT:
            if row.payload_hash != payload_hash:
                raise IdempotencyKeyReused("this Idempotency-Key was used for another request; use a new one")
            if row.status is not None:
                return _replayed(row)
            if row.leased_until > at:
                raise IdempotencyInProgress("the first request with this Idempotency-Key is still running")
        fresh.pk = row.pk
        fresh.save(force_update=True)
    return _Claim(digest, lease)


def _replayed(row: IdempotencyKey) -> HttpResponse:
    if row.secret:
        raise SecretAlreadyShown("the answer to this request held a secret, which is shown once")
    answer = HttpResponse(row.body, status=row.status, content_type=row.content_type)
    answer[REPLAYED] = "true"
    return answer


def _answered(request: HttpRequest, claim: _Claim, run: Callable[[], HttpResponseBase]) -> HttpResponse:
    with db.transaction():
        try:
            with db.transaction():
                answer = _whole(run())
                if answer.status_code >= 400:
                    raise _Refused(answer)
        except _Refused as refused:  # whatever the verb had begun is undone; the refusal itself is kept
            answer = refused.answer
        if answer.status_code in _NOT_KEPT or answer.status_code >= 500:
            raise _Refused(answer)
        secret = answer.status_code < 400 and getattr(request, "tessera_holds_secret", False)
        kept = IdempotencyKey.objects.filter(digest=claim.digest, lease=claim.lease, status=None).update(
            status=answer.status_code,
            content_type=answer.get("Content-Type", ""),
            body="" if secret else answer.content.decode(),
            secret=secret,
        )
        if not kept:
            _too_late()
    return answer


def _whole(answer: HttpResponseBase) -> HttpResponse:
    if not isinstance(answer, HttpResponse):
        raise TypeError("an operation that streams cannot be repeated")
    return answer


def _too_late() -> NoReturn:
    raise IdempotencyInProgress("this took longer than a minute, and a repeat of it is running; nothing was changed")


def _release(claim: _Claim) -> None:
    with db.transaction():
        IdempotencyKey.objects.filter(digest=claim.digest, lease=claim.lease, status=None).delete()


def _clear_some(at: datetime) -> None:
    """Delete a few keys that are over. Each claim adds one and clears two, so they never pile up."""
    over = IdempotencyKey.objects.select_for_update(skip_locked=True).filter(created_at__lte=at - KEPT)
    found = [row.pk for row in over.order_by("created_at")[:_CLEARED_AT_ONCE]]
    if found:
        IdempotencyKey.objects.filter(pk__in=found).delete()

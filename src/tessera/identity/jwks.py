"""`/.well-known/jwks.json`: the public keys by which anybody can check our tokens (RFC 7517). Needs no key."""

import hashlib
from typing import Final

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags

from tessera.core import clock
from tessera.http import problems
from tessera.identity import signing_keys

KEPT_FOR: Final = 600  # seconds; far less than a key is published before it signs

_encode: Final = msgspec.json.Encoder(order="deterministic").encode


def jwks(request: HttpRequest) -> HttpResponse:
    """The keys that sign, are to sign, or have signed what may still be shown. Changes nothing; one query."""
    if request.method not in ("GET", "HEAD"):
        answer = problems.unexpected(request, 405)
        answer["Allow"] = "GET, HEAD"
        return answer
    keys = signing_keys.published(clock.now())
    body = _encode({"keys": keys})
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    asked = parse_etags(request.headers.get("If-None-Match", ""))
    answer = HttpResponse(status=304) if "*" in asked or _same(etag, asked) else HttpResponse(body)
    answer["Content-Type"] = "application/jwk-set+json"
    answer["ETag"] = etag
    # Until there is a first key nobody should remember that there was none: it signs as soon as it is made.
    answer["Cache-Control"] = f"public, max-age={KEPT_FOR}" if keys else "no-cache"
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


def _same(etag: str, asked: list[str]) -> bool:
    """Whether one of the tags is this one; weakly, since intermediaries that compress weaken it (RFC 9110, 13.1.2)."""
    return any(each.removeprefix("W/") == etag for each in asked)

"""The script that clubs put on their own pages: /embed/v1.js. The same for all of them and their visitors."""

import gzip
import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

# A new version reaches pages within the hour; until it has come, the old one does not hold anybody up.
_CACHING: Final = "public, max-age=3600, stale-while-revalidate=86400"


@require_safe
def loader(request: HttpRequest) -> HttpResponse:
    """Answer with the script, compressed where that is understood. Other sites may load it: it holds no secret."""
    plain, packed, tag = _script()
    zipped = _takes_gzip(request)
    # One text, two forms: each has a tag of its own (RFC 9110, 8.8.1).
    tag = f'"{tag}-gzip"' if zipped else f'"{tag}"'
    if tag in parse_etags(request.headers.get("If-None-Match", "")):
        answer: HttpResponse = HttpResponseNotModified()
    else:
        answer = HttpResponse(packed if zipped else plain, content_type="text/javascript; charset=utf-8")
        if zipped:
            answer["Content-Encoding"] = "gzip"
    answer["ETag"] = tag
    answer["Cache-Control"] = _CACHING
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    # So that a page can have it with `crossorigin` and `integrity`, and hear what goes wrong in it.
    answer["Access-Control-Allow-Origin"] = "*"
    patch_vary_headers(answer, ("Accept-Encoding",))
    return answer


@cache
def _script() -> tuple[bytes, bytes, str]:
    plain = (files("tessera.signup") / "static" / "signup" / "loader.js").read_bytes()
    return plain, gzip.compress(plain, 9, mtime=0), hashlib.sha256(plain).hexdigest()[:32]


def _takes_gzip(request: HttpRequest) -> bool:
    """Whether the browser takes gzip; one that gives it the weight 0 does not."""
    for part in request.headers.get("Accept-Encoding", "")[:500].lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False

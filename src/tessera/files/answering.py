"""Pictures over HTTP: sent so that no browser takes them for anything else, and read as the bytes they come as."""

from typing import Final

from django.http import HttpRequest, HttpResponse

from tessera.files.queries import PictureFile
from tessera.files.types import ACCEPTED, MOST_BYTES
from tessera.http.edge import RawBody

# A little more than is accepted, so that who is just above the limit is told so by name.
PICTURE: Final = RawBody(media_types=ACCEPTED, most=MOST_BYTES + 64 * 1024)
_FOR_EVER: Final = "private, max-age=31536000, immutable"
_ASK_AGAIN: Final = "private, no-cache"


def picture_answer(file: PictureFile, *, by_address: bool) -> HttpResponse:
    """Answer with a picture. `by_address`: the address names this very picture, so it may be kept for ever.

    Only by the browser of whoever may see it. Nothing in it could run, and nothing would be allowed to.
    """
    return HttpResponse(
        file.content(),
        content_type=file.media_type,
        headers={
            "Cache-Control": _FOR_EVER if by_address else _ASK_AGAIN,
            "Content-Disposition": f'inline; filename="{file.name}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )


def body(request: HttpRequest) -> bytes:
    """Return the body of an operation that takes one PICTURE as it comes."""
    return request.read(PICTURE.most + 1)

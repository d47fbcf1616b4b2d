"""Pages of the console are compressed on their way out; answers of the API, small and hot, are not."""

from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

_PAGES: Final = "/console/"


class CompressedPages(GZipMiddleware):
    """Django's compression, which hides lengths by padding at random (so tokens cannot be guessed by them)."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Return the page compressed, if the browser takes it so."""
        if not request.path_info.startswith(_PAGES):
            return response
        return super().process_response(request, response)

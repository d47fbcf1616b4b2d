"""How much a form may send. Asked before anything is read: looking for the form's token would read it all."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

F = TypeVar("F", bound=Callable[..., HttpResponse])
MOST: Final = 2 * 1024 * 1024  # of a form without a file
_PROGRAMS: Final = ("/api/", "/access/")  # have limits of their own


def takes_upload(most: int) -> Callable[[F], F]:
    """Say that a view's form carries a file, and how many bytes are read of it at most. The innermost decorator."""

    def declare(view: F) -> F:
        view.most_upload = most  # type: ignore[attr-defined]
        return view

    return declare


class BoundedForms:
    """Middleware: refuses a body that is longer than the view reads, with 413 and without reading it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *_: Any, **__: Any
    ) -> HttpResponse | None:
        """Return the refusal; None to go on."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        most: int = getattr(view, "most_upload", MOST)
        if request.path.startswith(_PROGRAMS) or not length.isdecimal() or int(length) <= most:
            return None
        problem = gettext("This is larger than is read here: at most %(many)s MB. Nothing was changed.") % {
            "many": most // (1024 * 1024)
        }
        return render(request, "console/refused.html", {"problem": problem}, status=413)

"""The page on which people read the API: rendered here from the OpenAPI document, with no script and nothing foreign."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def page(request: HttpRequest, document: dict[str, Any]) -> HttpResponse:
    """Return the page."""
    return render(request, "http/reference.html", {"document": document})

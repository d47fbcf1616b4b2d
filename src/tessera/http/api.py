"""The one API: ninja's, with our errors, our parser, and answers that are JSON whatever happens."""

import json
import threading
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, NoReturn
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, path
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError, ValidationErrorContext
from ninja.parser import Parser

from tessera.core.errors import Invalid, TesseraError
from tessera.http import edge, problems, reference
from tessera.http.errors import MalformedJson
from tessera.http.openapi import Document, Plain
from tessera.http.schemas import nowhere_nul

_DEEPEST = 32
_MOST_MEMBERS = 1_000


class StrictParser(Parser):
    """JSON as RFC 8259 has it, and nothing that could not be kept."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the body. Raises MalformedJson, or Invalid where text holds what no database keeps."""
        try:
            body = json.loads(request.body.decode("utf-8"), parse_constant=_no_number, object_pairs_hook=_unique)
        except RecursionError as reason:
            raise MalformedJson("the body is nested too deeply") from reason
        except UnicodeDecodeError as reason:
            raise MalformedJson("the body is not UTF-8") from reason
        except ValueError as reason:
            raise MalformedJson(f"the body is not JSON: {reason}") from reason
        _bounded(body)
        impossible: list[str] = []
        nowhere_nul(body, impossible.append)
        if impossible:
            raise Invalid("text must not contain NUL or half of a surrogate pair", pointer=impossible[0])
        return body


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > _MOST_MEMBERS:
        raise MalformedJson(f"an object of the body has {len(pairs)} members; at most {_MOST_MEMBERS} are read")
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("an object has the same member twice")
    return members


def _bounded(value: object, depth: int = 0) -> None:
    if depth > _DEEPEST:
        raise MalformedJson(f"the body is nested more than {_DEEPEST} deep")
    if isinstance(value, dict):
        for part in value.values():
            _bounded(part, depth + 1)
    elif isinstance(value, list):
        for part in value:
            _bounded(part, depth + 1)


class TesseraAPI(NinjaAPI):
    """Ninja's API, in which every refusal is a problem document and every operation says which it can give."""

    def __init__(self, *, title: str, version: str, description: str) -> None:
        super().__init__(
            title=title,
            version=version,
            description=description,
            openapi_url=None,
            docs_url=None,
            urls_namespace="api",
            parser=StrictParser(),
        )
        self._beside: list[Plain] = []
        self._described = threading.Lock()
        self._document_bytes: bytes | None = None
        self._reference_bytes: bytes | None = None
        self.add_decorator(edge.guarded, mode="view")

    def set_default_exception_handlers(self) -> None:
        """Map our refusals and ninja's; a bug is left to Django, which logs it and asks for `handler500`."""
        self.add_exception_handler(TesseraError, _refused)
        self.add_exception_handler(ValidationError, _invalid)
        self.add_exception_handler(HttpError, _ninjas_own)
        self.add_exception_handler(Http404, lambda request, _: problems.unexpected(request, 404))

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> ValidationError:
        """Return what is wrong, each with the place where the caller wrote it."""
        errors: list[dict[str, Any]] = []
        for context in error_contexts:
            places = context.model.__ninja_flatten_map_reverse__
            found = context.pydantic_validation_error.errors(include_url=False, include_input=False)
            for error in found[: problems.MOST_FAULTS]:
                loc = (context.model.__ninja_param_source__, *_as_sent(error["loc"], places))
                errors.append({"loc": loc, "type": error["type"], "msg": error["msg"]})
        return ValidationError(errors)

    def create_response(self, request: HttpRequest, data: Any, **how: Any) -> HttpResponse:
        """Return the answer; a page that is not the last also names the next one in `Link` (RFC 8288)."""
        answer = super().create_response(request, data, **how)
        cursor = data.get("next_cursor") if isinstance(data, dict) else None
        if cursor:
            query = request.GET.copy()
            query["cursor"] = cursor
            answer["Link"] = f'<{quote(request.path)}?{query.urlencode()}>; rel="next"'
        return answer

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        """The addresses of the API: operations, the document that describes them, and the page to read."""
        patterns, app_name, namespace = super().urls
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = _only_json(pattern.callback)
        own: list[URLResolver | URLPattern] = [
            path("openapi.json", _only_json(self._document_view), name="openapi"),
            path("docs", self._reference_view, name="reference"),
        ]
        return own + patterns, app_name, namespace

    def describe(self, operations: Iterable[Plain]) -> None:
        """Have the document tell of operations that are answered elsewhere, by views of Django's."""
        self._beside += operations

    def document(self) -> dict[str, Any]:
        """Return the OpenAPI 3.1 document."""
        return Document(self, "/api/v1/", self._beside)

    # Describing the API takes a good part of a second, and anybody may ask: it is done once a process.
    def _document_view(self, request: HttpRequest) -> HttpResponse:
        with self._described:
            if self._document_bytes is None:
                self._document_bytes = json.dumps(self.document(), default=str).encode()
        return HttpResponse(self._document_bytes, content_type="application/json")

    def _reference_view(self, request: HttpRequest) -> HttpResponse:
        with self._described:
            if self._reference_bytes is None:
                self._reference_bytes = reference.page(self.document()).encode()
        return HttpResponse(self._reference_bytes)


# Ninja's handlers are typed as taking an exception or its class; it only ever hands in exceptions.
def _refused(request: HttpRequest, error: TesseraError | type[TesseraError]) -> HttpResponse:
    assert isinstance(error, TesseraError)
    return problems.refusal(request, error)


def _invalid(request: HttpRequest, error: ValidationError | type[ValidationError]) -> HttpResponse:
    assert isinstance(error, ValidationError)
    return problems.invalid(request, error.errors)


def _as_sent(loc: tuple[int | str, ...], places: dict[tuple[int | str, ...], tuple[str, ...]]) -> tuple[int | str, ...]:
    """Return `loc` without the names of our own that ninja knows to be none of the caller's."""
    for length in range(len(loc), 0, -1):
        if (place := places.get(loc[:length])) is not None:
            return (*place, *loc[length:])
    return loc


def _ninjas_own(request: HttpRequest, error: HttpError | type[HttpError]) -> HttpResponse:
    assert isinstance(error, HttpError)
    if isinstance(error.__cause__, TesseraError):
        return problems.refusal(request, error.__cause__)
    return problems.unexpected(request, error.status_code)


def _only_json(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Give what Django or ninja refuse on their own (405) our form, and name every request."""

    @wraps(view)
    def answered(request: HttpRequest, *arguments: Any, **path: Any) -> HttpResponseBase:
        if request.method == "HEAD":
            request.method = "GET"  # the same answer (RFC 9110, 9.3.2); the server leaves the body away
        answer = view(request, *arguments, **path)
        if answer.status_code == 405 and answer.get("Content-Type") != problems.CONTENT_TYPE:
            allowed = answer.get("Allow", "")
            answer = problems.unexpected(request, 405)
            answer["Allow"] = allowed
        answer["X-Request-ID"] = problems.request_id(request)
        return answer

    answered.csrf_exempt = True  # type: ignore[attr-defined]  # keys travel in a header no browser sends by itself
    return answered

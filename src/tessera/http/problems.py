"""Refusals as problem documents (RFC 9457), made here and nowhere else. Codes are documented in docs/errors.md."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

from django.http import HttpRequest, HttpResponse
from pydantic import BaseModel, ConfigDict, Field

from tessera.core.errors import Forbidden, Invalid, TesseraError
from tessera.core.ids import new_id
from tessera.http.errors import InternalError, MalformedJson, TooManyRequests, Unauthenticated

CONTENT_TYPE: Final = "application/problem+json"
REFERENCE: Final = "/api/v1/docs"
MOST_FAULTS: Final = 100  # an answer names the first so many
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}")
_ALWAYS: Final[tuple[type[TesseraError], ...]] = (MalformedJson, Unauthenticated, Forbidden, Invalid, TooManyRequests)
# Pydantic's words for what is wrong, and ours, which are stable.
_CODES: Final = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "enum": "not_a_choice",
    "literal_error": "not_a_choice",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "too_short": "too_short",
    "too_long": "too_long",
    "greater_than": "too_small",
    "greater_than_equal": "too_small",
    "less_than": "too_large",
    "less_than_equal": "too_large",
    "int_parsing_size": "too_large",
    "string_pattern_mismatch": "wrong_form",
}
_OWN: Final = frozenset(
    {"instant_naive", "instant_invalid", "instant_out_of_bounds", "currency_invalid", "wrong_type", "unknown_parameter"}
)
_OBJECT_EXPECTED: Final = frozenset({"model_type", "model_attributes_type", "dict_type"})
_WRONG_TYPE = re.compile(r".*_(type|parsing|from_float|attributes_type)")


class Fault(BaseModel):
    """One thing that is wrong with what was sent."""

    pointer: Annotated[str, Field(description="JSON pointer (RFC 6901) into the body; else `/` and the name.")]
    location: Annotated[str, Field(description="`body`, `query`, `path` or `header`.")]
    code: str
    detail: str


class Problem(BaseModel):
    """Why a request was refused (RFC 9457). `code` is stable; `detail` is for people."""

    model_config = ConfigDict(extra="allow")

    type: Annotated[str, Field(description="Where the code is explained.")]
    title: str
    status: int
    detail: str
    code: str
    errors: list[Fault]
    request_id: Annotated[str, Field(description="Names the request in the log; also sent as `X-Request-ID`.")]


def documents(status: int, model: Any, *errors: type[TesseraError]) -> dict[int, Any]:
    """Return an operation's map of answers: `model` (None: no body) with `status`, and a problem for each of `errors`.

    400, 401, 403, 422 and 429 are always among them; the API adds what it does itself (409, 413, 415) and 500.
    """
    answers: dict[int, Any] = {status: model}
    possible: list[type[TesseraError]] = [*errors, *_ALWAYS]
    for problem_status in sorted({error.status for error in possible}):
        codes = dict.fromkeys(error.code for error in possible if error.status == problem_status)
        answers[problem_status] = Annotated[Problem, Field(description=_listed(codes))]
    return answers


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(f"`{code}`" for code in codes)


def request_id(request: HttpRequest) -> str:
    """Return the request's id: the one in `X-Request-ID` if it is of a sensible form, else a fresh one."""
    known: str | None = getattr(request, "tessera_request_id", None)
    if known is None:
        given = request.headers.get("X-Request-ID", "")
        known = given if _REQUEST_ID.fullmatch(given) else f"req_{new_id().hex}"
        request.tessera_request_id = known  # type: ignore[attr-defined]
    return known


def refusal(request: HttpRequest, error: TesseraError) -> HttpResponse:
    """Return the problem document of an expected refusal."""
    location = "query" if request.method in ("GET", "HEAD") else "body"
    faults = (
        [{"pointer": error.pointer, "location": location, "code": error.code, "detail": error.detail}]
        if error.pointer is not None
        else []
    )
    answer = problem(
        request, status=error.status, code=error.code, detail=error.detail, faults=faults, extra=error.extra
    )
    if isinstance(error, Unauthenticated):
        attributes = "" if error.code == "key_missing" else ', error="invalid_token"'
        answer["WWW-Authenticate"] = f'Bearer realm="tessera"{attributes}'
    if isinstance(error, TooManyRequests):
        answer["Retry-After"] = str(error.retry_after)
    return answer


def problem(
    request: HttpRequest,
    *,
    status: int,
    code: str,
    detail: str,
    faults: Sequence[Mapping[str, object]] = (),
    extra: Mapping[str, object] | None = None,
) -> HttpResponse:
    """Return a problem document."""
    document: dict[str, object] = {
        **(extra or {}),
        "type": f"{REFERENCE}#{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        "errors": list(faults),
        "request_id": request_id(request),
    }
    answer = HttpResponse(json.dumps(document, default=str), status=status, content_type=CONTENT_TYPE)
    answer["X-Request-ID"] = request_id(request)
    return answer


def unexpected(request: HttpRequest, status: int) -> HttpResponse:
    """Return the problem document of an answer that only has a status: a wrong address, a wrong host, a bug of ours."""
    phrase = HTTPStatus(status).phrase
    details = {
        404: "there is nothing at this address",
        405: f"{request.method} is not done at this address",
        500: "something went wrong here; nothing was changed",
    }
    return problem(
        request,
        status=status,
        code=InternalError.code if status == InternalError.status else phrase.lower().replace(" ", "_"),
        detail=details.get(status, phrase.lower()),
    )


def invalid(request: HttpRequest, errors: Sequence[Mapping[str, Any]]) -> HttpResponse:
    """Return the 422 that names the first hundred faults found; `loc` begins with where it was sent (ninja's form)."""
    faults = [_fault(error) for error in errors[:MOST_FAULTS]]
    named = "; ".join(f"{fault['pointer'] or 'body'} {fault['detail']}" for fault in faults[:5])
    return problem(request, status=422, code=Invalid.code, detail=named, faults=faults)


def _fault(error: Mapping[str, Any]) -> dict[str, object]:
    location, *path = error["loc"]
    if location == "body":
        path = path[1:]  # the parameter's name in our code says nothing to the caller
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
    kind = str(error["type"])
    return {"pointer": pointer, "location": location, "code": _code(kind), "detail": _detail(kind, error)}


def _code(kind: str) -> str:
    if kind in _OWN:
        return kind
    return _CODES.get(kind) or ("wrong_type" if _WRONG_TYPE.fullmatch(kind) else "invalid")


def _detail(kind: str, error: Mapping[str, Any]) -> str:
    if kind == "missing":
        return "is required"
    if kind == "extra_forbidden":
        return "is not a known field"
    if kind in _OBJECT_EXPECTED:
        return "should be an object"
    message = str(error["msg"])
    for start in ("Input ", "Value error, ", "String ", "List "):
        message = message.removeprefix(start)
    return message

"""What happens to every request of the API before and after its operation: key, limit, form, repeat, retry."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, Protocol, TypeVar, cast
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja.operation import Operation

from tessera import db
from tessera.core.errors import NotFound, TesseraError
from tessera.http import idempotency, limits, problems
from tessera.http.errors import BodyTooLarge, LengthRequired, UnsupportedMediaType

_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

View = Callable[..., HttpResponseBase]
F = TypeVar("F", bound=Callable[..., Any])


class Principal(Protocol):
    """Who calls: has a key. What an operation's `auth` returns; the packages above know the rest."""

    @property
    def key_id(self) -> UUID: ...


class Guard(Protocol):
    """An operation's `auth`: `caller` says whose request it is, calling it refuses who may not do what it is about."""

    def caller(self, request: HttpRequest) -> Principal: ...

    def __call__(self, request: HttpRequest) -> Principal: ...


@dataclass(frozen=True, slots=True)
class RawBody:
    """A body that is taken as it comes, of one of these media types, and has at most so many bytes."""

    media_types: tuple[str, ...]
    most: int


def takes_raw(body: RawBody) -> Callable[[F], F]:
    """Say that an operation reads its body itself, by `raw_body`; it is no JSON."""

    def declare(view: F) -> F:
        view.raw_body = body  # type: ignore[attr-defined]
        return view

    return declare


def raw_body_of(operation: Operation) -> RawBody | None:
    """Return what an operation takes as it comes; None if it takes JSON, or nothing."""
    return getattr(operation.view_func, "raw_body", None)


def guarded(run: View) -> View:
    """Return an operation's `run` with everything around it that all operations share."""
    operation: Operation = run.__self__  # type: ignore[attr-defined]
    known = frozenset(_query_names(operation))
    guards = cast("list[Guard]", operation.auth_callbacks)
    raw = raw_body_of(operation)
    takes_body = raw is not None or any(model.__ninja_param_source__ == "body" for model in operation.models)

    @wraps(run)
    def answered(request: HttpRequest, **path: Any) -> HttpResponseBase:
        allowance: limits.Allowance | None = None
        answer: HttpResponseBase
        try:
            caller = _caller(guards, request)
            if caller is not None:
                allowance = limits.api().spend(caller.key_id)
            for guard in guards:  # after the limit: who may not do this is not free to go on trying
                guard(request)
            _refuse_impossible_text(path)
            faults = _query_faults(request, known)
            if request.method not in _READS:  # what is sent along with a GET has no meaning (RFC 9110) and is not read
                check_body(request, raw)
                faults += [] if takes_body else _unwanted(operation, request)
            if faults:
                answer = problems.invalid(request, faults)
            else:
                answer = _run(request, caller, lambda: run(request, **path))
        except TesseraError as error:
            if isinstance(error, limits.Spent):
                allowance = error.allowance
            answer = problems.refusal(request, error)
        if allowance is not None:
            for name, value in allowance.headers().items():
                answer[name] = value
        return answer

    return answered


def _caller(guards: list[Guard], request: HttpRequest) -> Principal | None:
    caller: Principal | None = None
    for guard in guards:
        caller = guard.caller(request)
        request.auth = caller  # type: ignore[attr-defined]
    return caller


def _run(request: HttpRequest, caller: Principal | None, run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    if request.method in _READS:
        return run()
    if request.method == "POST" and caller is not None and idempotency.HEADER in request.headers:
        return idempotency.once(request, caller=caller.key_id, run=run)
    return db.retrying_deadlocks(run)


def _refuse_impossible_text(path: dict[str, Any]) -> None:
    if any("\0" in str(part) for part in path.values()):
        raise NotFound("there is nothing at this address")


def check_body(request: HttpRequest, raw: RawBody | None = None) -> None:
    """Raise LengthRequired (411), BodyTooLarge (413) or UnsupportedMediaType (415) before the body is read."""
    if "Transfer-Encoding" in request.headers and "CONTENT_LENGTH" not in request.META:
        raise LengthRequired("send the body whole, with a Content-Length: one in pieces is not read here")
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or length == "0":
        return
    most = raw.most if raw is not None else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if int(length) > most:
        raise BodyTooLarge(f"the body has {length} bytes; at most {most} are read", most=most)
    kind = (request.content_type or "").lower()
    if raw is not None:
        if kind not in raw.media_types:
            raise UnsupportedMediaType(
                f"the body should be the file itself: send Content-Type: {' or '.join(raw.media_types)}"
            )
    elif kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UnsupportedMediaType("the body should be JSON: send Content-Type: application/json")


def _unwanted(operation: Operation, request: HttpRequest) -> list[dict[str, Any]]:
    """Return a fault for each member of a body that the operation does not look at: silence would mislead."""
    body: Any = operation.api.parser.parse_body(request) if request.body else None
    if isinstance(body, dict):
        return [{"loc": ("body", "body", name), "type": "extra_forbidden", "msg": ""} for name in body]
    return [] if body is None else [{"loc": ("body", "body"), "type": "dict_type", "msg": ""}]


def _query_names(operation: Operation) -> Iterable[str]:
    for model in operation.models:
        if model.__ninja_param_source__ == "query":
            yield from model.__ninja_flatten_map__


def _query_faults(request: HttpRequest, known: frozenset[str]) -> list[dict[str, Any]]:
    faults: list[dict[str, Any]] = []
    for name, values in request.GET.lists():
        if name not in known:
            faults.append({"loc": ("query", name), "type": "unknown_parameter", "msg": "is not a known parameter"})
        elif any("\0" in value for value in values):
            faults.append({"loc": ("query", name), "type": "invalid", "msg": "must not contain NUL"})
    return faults

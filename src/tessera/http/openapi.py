"""The OpenAPI 3.1 document: ninja's, with every status an operation can give and the scope it needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode

from tessera.core.errors import TesseraError
from tessera.http import errors, problems
from tessera.http.edge import raw_body_of
from tessera.http.idempotency import HEADER

_SHARED: Final = "#/components/schemas/{model}"
_PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}
_BODY: Final = (errors.LengthRequired, errors.BodyTooLarge, errors.UnsupportedMediaType)
_REPEATS: Final = (
    errors.IdempotencyKeyInvalid,
    errors.IdempotencyKeyReused,
    errors.IdempotencyInProgress,
    errors.SecretAlreadyShown,
)
_KEY_PARAMETER: Final = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "description": "Send the same key again and the request happens once; kept 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}
_HEADERS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "X-Request-ID": ("Names the request in the log.", {"type": "string"}),
    "RateLimit": ('What is left: `"key";r=remaining;t=seconds`.', {"type": "string"}),
    "RateLimit-Policy": ('What there is: `"key";q=requests;w=seconds`.', {"type": "string"}),
    "Retry-After": ("Seconds to wait.", {"type": "string"}),
    "WWW-Authenticate": ("How to say who you are (RFC 6750).", {"type": "string"}),
    "Idempotency-Replayed": ("`true`: this is the answer to an earlier request.", {"type": "string"}),
    "Link": ("The next page (RFC 8288).", {"type": "string"}),
}


@dataclass(frozen=True, slots=True)
class Plain:
    """An operation that is none of ninja's: a view of Django's at an address of its own, with what it takes and gives.

    `takes`: the forms that its body can have, of which it has one. `refuses`: all but what is wrong with any body, or
    here. `parameters`: the parts of its path, and what they are. `by_token`: the caller shows an app's access token.
    """

    path: str
    verb: str
    id: str
    tag: str
    text: str
    status: int
    gives: type[BaseModel] | None
    parameters: Mapping[str, str]
    refuses: tuple[type[TesseraError], ...]
    takes: tuple[type[BaseModel], ...] = ()
    by_token: bool = False


class Document(OpenAPISchema):
    """What `/api/v1/openapi.json` answers: the operations of an API, and those plain ones that stand beside it."""

    def __init__(self, api: NinjaAPI, path_prefix: str, beside: Sequence[Plain] = ()) -> None:
        self.beside = beside
        super().__init__(api, path_prefix)

    def get_paths(self) -> dict[str, Any]:
        """Return all operations, by path and verb."""
        paths: dict[str, Any] = super().get_paths()
        for each in self.beside:
            paths.setdefault(each.path, {})[each.verb] = self._plain(each)
        return paths

    def operation_details(self, operation: Operation) -> dict[str, Any]:
        """Return one operation, with its scope and the answers that the API gives on its behalf."""
        details: dict[str, Any] = super().operation_details(operation)
        scopes = [callback.scope.value for callback in operation.auth_callbacks if hasattr(callback, "scope")]
        details["security"] = [{"ApiKey": scopes}] if scopes else []
        details |= _words(operation.description or "") or {"description": details["summary"]}
        further: list[type[TesseraError]] = [errors.InternalError]
        for callback in operation.auth_callbacks:
            further += getattr(callback, "refusals", ())
        if operation.methods != ["GET"]:
            further += _BODY
        if (raw := raw_body_of(operation)) is not None:
            content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in raw.media_types}
            details["requestBody"] = {"required": True, "content": content}
        if operation.methods == ["POST"] and scopes:
            further += _REPEATS
            details["parameters"] = [*details["parameters"], _KEY_PARAMETER]
        answers: dict[int, dict[str, Any]] = details["responses"]
        for error in further:
            _add(answers, error)
        for status, answer in answers.items():
            _describe(status, answer, [*_limited(status), *_repeated(status, operation)])
        details["responses"] = _in_order(answers)
        return details

    def _plain(self, plain: Plain) -> dict[str, Any]:
        answers: dict[int, dict[str, Any]] = {plain.status: {}}
        if plain.gives is not None:
            content = {"application/json": {"schema": self._shared(plain.gives, "serialization")}}
            answers[plain.status]["content"] = content
        further: list[type[TesseraError]] = [errors.InternalError, *_BODY, *plain.refuses]
        for error in further:
            _add(answers, error)
        for status, answer in answers.items():
            _describe(status, answer, [])
        details = {
            "operationId": plain.id,
            **_words(plain.text),
            "tags": [plain.tag],
            "parameters": [
                {"in": "path", "name": name, "required": True, "description": text, "schema": {"type": "string"}}
                for name, text in plain.parameters.items()
            ],
            "security": [{"AppToken": []}] if plain.by_token else [],
            "responses": _in_order(answers),
        }
        forms = [self._shared(each, "validation") for each in plain.takes]
        if forms:
            schema = forms[0] if len(forms) == 1 else {"anyOf": forms}
            details["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
        return details

    def _shared(self, model: type[BaseModel], mode: JsonSchemaMode) -> dict[str, Any]:
        """Add a model to the shared schemas; return the reference to it."""
        schema = model.model_json_schema(mode=mode, ref_template=_SHARED)
        self.add_schema_definitions({**schema.pop("$defs", {}), model.__name__: schema})
        return {"$ref": _SHARED.format(model=model.__name__)}

    def add_schema_definitions(self, definitions: dict[str, Any]) -> None:
        """Add schemas to the shared ones. Raises ValueError for a second one of the same name: a fault of ours."""
        for name, schema in definitions.items():
            if self.schemas.setdefault(name, schema) != schema:
                raise ValueError(f"two schemas are called {name}: rename one, or the document describes the wrong one")

    def get_components(self) -> dict[str, Any]:
        """Return the shared parts: schemas, headers and how a caller is known."""
        self.add_schema_definitions(problems.Problem.model_json_schema(ref_template=_SHARED).pop("$defs", {}))
        problem = problems.Problem.model_json_schema(ref_template=_SHARED)
        problem.pop("$defs", None)
        self.schemas.setdefault("Problem", problem)
        return {
            "schemas": self.schemas,
            "headers": {name: {"description": text, "schema": schema} for name, (text, schema) in _HEADERS.items()},
            "securitySchemes": {
                "ApiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "tk_live_… or tk_test_…",
                    "description": "A key of one organization. Its scopes are listed with each operation.",
                },
                "AppToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "An access token that an app was given for a customer.",
                },
            },
        }


def _add(answers: dict[int, dict[str, Any]], error: type[TesseraError]) -> None:
    answer = answers.setdefault(error.status, {"description": ""})
    schema = next(iter(answer.get("content", {"": {"schema": {}}}).values()))["schema"]
    codes = [code for code in (schema.get("description", ""), f"`{error.code}`") if code]
    answer["content"] = {problems.CONTENT_TYPE: {"schema": {**_PROBLEM, "description": ", ".join(codes)}}}


def _words(text: str) -> dict[str, str]:
    """Return a text as summary, which is its first sentence, and description; nothing if it is empty."""
    whole = " ".join(text.split())
    return {"summary": whole.split(". ")[0].rstrip("."), "description": whole} if whole else {}


def _limited(status: int) -> list[str]:
    return [] if status in (401, 500) else ["RateLimit", "RateLimit-Policy"]


def _repeated(status: int, operation: Operation) -> list[str]:
    return ["Idempotency-Replayed"] if operation.methods == ["POST"] and status not in (401, 403, 429, 500) else []


def _in_order(answers: dict[int, dict[str, Any]]) -> dict[str, Any]:
    return {str(status): answers[status] for status in sorted(answers)}


def _describe(status: int, answer: dict[str, Any], headers: Sequence[str]) -> None:
    phrase = HTTPStatus(status).phrase
    names = ["X-Request-ID", *headers]
    if status == 401:
        names.append("WWW-Authenticate")
    if status == 429:
        names.append("Retry-After")
    answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    answer["description"] = phrase
    if status >= 400:
        schema = next(iter(answer["content"].values()))["schema"]
        answer["description"] = f"{phrase}: {schema.get('description', '')}"
        answer["content"] = {problems.CONTENT_TYPE: {"schema": _PROBLEM}}

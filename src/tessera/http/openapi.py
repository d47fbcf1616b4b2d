"""The OpenAPI 3.1 document: ninja's, with every status an operation can give and the scope it needs."""

from http import HTTPStatus
from typing import Any, Final

from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from tessera.core.errors import TesseraError
from tessera.http import errors, problems
from tessera.http.edge import raw_body_of
from tessera.http.idempotency import HEADER

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


class Document(OpenAPISchema):
    """What `/api/v1/openapi.json` answers."""

    def operation_details(self, operation: Operation) -> dict[str, Any]:
        """Return one operation, with its scope and the answers that the API gives on its behalf."""
        details: dict[str, Any] = super().operation_details(operation)
        scopes = [callback.scope.value for callback in operation.auth_callbacks if hasattr(callback, "scope")]
        details["security"] = [{"ApiKey": scopes}] if scopes else []
        text = " ".join((operation.description or "").split())
        details["summary"] = text.split(". ")[0].rstrip(".") or details["summary"]
        details["description"] = text or details["summary"]
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
            _describe(status, answer, repeats=operation.methods == ["POST"])
        details["responses"] = {str(status): answers[status] for status in sorted(answers)}
        return details

    def add_schema_definitions(self, definitions: dict[str, Any]) -> None:
        """Add schemas to the shared ones. Raises ValueError for a second one of the same name: a fault of ours."""
        for name, schema in definitions.items():
            if self.schemas.setdefault(name, schema) != schema:
                raise ValueError(f"two schemas are called {name}: rename one, or the document describes the wrong one")

    def get_components(self) -> dict[str, Any]:
        """Return the shared parts: schemas, headers and how a caller is known."""
        self.add_schema_definitions(
            problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}").pop("$defs", {})
        )
        problem = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
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
                }
            },
        }


def _add(answers: dict[int, dict[str, Any]], error: type[TesseraError]) -> None:
    answer = answers.setdefault(error.status, {"description": ""})
    schema = next(iter(answer.get("content", {"": {"schema": {}}}).values()))["schema"]
    codes = [code for code in (schema.get("description", ""), f"`{error.code}`") if code]
    answer["content"] = {problems.CONTENT_TYPE: {"schema": {**_PROBLEM, "description": ", ".join(codes)}}}


def _describe(status: int, answer: dict[str, Any], *, repeats: bool) -> None:
    phrase = HTTPStatus(status).phrase
    names = ["X-Request-ID"]
    if status not in (401, 500):
        names += ["RateLimit", "RateLimit-Policy"]
    if status == 401:
        names.append("WWW-Authenticate")
    if status == 429:
        names.append("Retry-After")
    if repeats and status not in (401, 403, 429, 500):
        names.append("Idempotency-Replayed")
    answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    answer["description"] = phrase
    if status >= 400:
        schema = next(iter(answer["content"].values()))["schema"]
        answer["description"] = f"{phrase}: {schema.get('description', '')}"
        answer["content"] = {problems.CONTENT_TYPE: {"schema": _PROBLEM}}

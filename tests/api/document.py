"""The API's own description of itself, as the tests that cover every operation read it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tessera.config.api import api
from tests.api.world import World

# What a field of this name is sent with, wherever there is one; those that must be sent have an example otherwise.
_SENSIBLE: Mapping[str, object] = {
    "amount": {"amount": 100, "currency": "GBP"},
    "first_name": "Grace",
    "last_name": "Hopper",
    "now": "2026-02-11T12:00:00Z",
    "ends_at": "2026-12-31T00:00:00Z",
    "name": "A name",
    "reason": "A reason",
    "prices": [{"amount": {"amount": 100, "currency": "GBP"}}],
}


_BY_KEY = "/api/v1"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its verb, its address below /api/v1, and what it takes."""

    id: str
    verb: str
    path: str
    scope: str
    body: Mapping[str, Any] | None
    takes_picture: bool
    parameters: frozenset[str]

    @property
    def is_list(self) -> bool:
        """Whether it answers with rows."""
        return self.id.startswith("list_")

    def names_records(self, world: World) -> bool:
        """Whether its address or its body names a record."""
        payload = self.payload(world) or {}
        return "{" in self.path or any(field in world.addresses for field in payload.keys() - _SENSIBLE.keys())

    def address(self, names: Mapping[str, str]) -> str:
        """Return the address, each part in braces filled with the name of what the noun before it stands for."""
        parts: list[str] = []
        for part in self.path.split("/"):
            parts.append(names[parts[-1]] if part.startswith("{") else part)
        return "/".join(parts)

    def payload(self, world: World) -> dict[str, object] | None:
        """Return the least that the operation accepts, and every record it lets be named, as one of `world`."""
        if self.body is None:
            return None
        names = world.addresses
        payload: dict[str, object] = {}
        for field, schema in self.body.get("properties", {}).items():
            if field in _SENSIBLE:
                payload[field] = _SENSIBLE[field]
            elif field in names:
                payload[field] = [names[field]] if schema.get("type") == "array" else names[field]
            elif field in self.body.get("required", ()):
                payload[field] = _example(schema)
        if "company" in payload:
            payload.pop("customer", None)  # a membership has one holder
        return payload


@cache
def operations() -> tuple[Operation, ...]:
    """Return every operation that is called with a key."""
    return tuple(_read())


@cache
def _paths() -> dict[str, Any]:
    paths: dict[str, Any] = api.document()["paths"]
    return paths


def _read() -> Iterator[Operation]:
    document = api.document()
    schemas = document["components"]["schemas"]
    for path, verbs in document["paths"].items():
        if not path.startswith(_BY_KEY):
            continue
        for verb, described in verbs.items():
            yield Operation(
                id=described["operationId"],
                verb=verb.upper(),
                path=path.removeprefix(_BY_KEY),
                scope=described["security"][0]["ApiKey"][0],
                body=_body(described, schemas),
                takes_picture="image/png" in described.get("requestBody", {}).get("content", {}),
                parameters=frozenset(each["name"] for each in described["parameters"] if each["in"] == "query"),
            )


def _body(described: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if "application/json" not in described.get("requestBody", {}).get("content", {}):
        return None
    schema = described["requestBody"]["content"]["application/json"]["schema"]
    for choice in schema.get("anyOf", [schema]):
        if "$ref" in choice:
            found: Mapping[str, Any] = schemas[choice["$ref"].rsplit("/", 1)[-1]]
            return found
    raise AssertionError(f"{described['operationId']} takes a body that is no object")


def _example(schema: Mapping[str, Any]) -> object:
    if schema.get("examples"):
        return schema["examples"][0]
    raise AssertionError(f"give an example of it in the schema, or a sensible value here: {schema}")


def refusals(method: str, path: str, status: int) -> frozenset[str]:
    """Return the codes that the document gives for a status of the operation at `path`, without /api/v1 before it."""
    for template, verbs in _paths().items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", template.removeprefix(_BY_KEY))
        if re.fullmatch(pattern, path) and method.lower() in verbs:
            answer = verbs[method.lower()]["responses"].get(str(status), {"description": ""})
            return frozenset(re.findall(r"`(\w+)`", answer["description"]))
    raise AssertionError(f"the document has no {method} {path}")

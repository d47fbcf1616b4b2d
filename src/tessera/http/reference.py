"""The page on which people read the API: rendered here from the OpenAPI document, with no script, nothing foreign."""

from dataclasses import dataclass, field
from typing import Any, Final

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.html import escape, format_html, format_html_join

from tessera.core.errors import TesseraError

_CONSOLE_STYLES: Final = "console/tessera.css"
# What a caller shows who has no key to show.
_SHOWS: Final = {"ApiKey": "", "AppToken": "An app's access token", "": "No key"}


@dataclass(frozen=True, slots=True)
class Part:
    """A parameter or a member of a body or answer."""

    name: str
    kind: str
    required: bool
    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """One status an operation can give."""

    status: int
    text: str
    refused: bool


@dataclass(frozen=True, slots=True)
class Code:
    """A refusal's code; problem documents lead here by their `type`."""

    name: str
    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation, as it is read."""

    id: str
    verb: str
    path: str
    summary: str
    text: str
    scopes: tuple[str, ...]
    shows: str
    parameters: tuple[Part, ...]
    body: tuple[Part, ...]
    answer: tuple[Part, ...]
    replies: tuple[Reply, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """The operations about one thing."""

    name: str
    entries: list[Entry] = field(default_factory=list)


def page(document: dict[str, Any]) -> str:
    """Return the page, the same for whoever asks."""
    chapters: dict[str, Chapter] = {}
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            name = (operation.get("tags") or ["other"])[0]
            chapters.setdefault(name, Chapter(name)).entries.append(_entry(document, verb, path, operation))
    context = {
        "info": document["info"],
        "lead": _marked(document["info"]["description"]),
        "chapters": list(chapters.values()),
        "codes": _codes(),
        "console_styles": finders.find(_CONSOLE_STYLES) is not None,
    }
    return render_to_string("http/reference.html", context)


def _marked(text: str) -> str:
    """Return the text as HTML: escaped, with what stands between backticks as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", each) if n % 2 else each,) for n, each in enumerate(parts))
    )


def _codes() -> list[Code]:
    found: dict[str, Code] = {}
    waiting = TesseraError.__subclasses__()
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("tessera.") and ".cli" not in kind.__module__:
            found.setdefault(kind.code, Code(kind.code, kind.status, _marked(" ".join((kind.__doc__ or "").split()))))
    return sorted(found.values(), key=lambda code: (code.status, code.name))


def _entry(document: dict[str, Any], verb: str, path: str, operation: dict[str, Any]) -> Entry:
    text = operation.get("description", "")
    answers: dict[str, dict[str, Any]] = operation["responses"]
    body = _schema(operation.get("requestBody"))
    shown = _schema(next((answer for status, answer in answers.items() if int(status) < 300), None))
    return Entry(
        id=operation["operationId"],
        verb=verb.upper(),
        path=path,
        summary=_marked(operation["summary"]),
        text=_marked(text.removeprefix(operation["summary"]).lstrip(". ")),
        scopes=tuple(scope for each in operation["security"] for scope in each.get("ApiKey", ())),
        shows=_SHOWS[next((name for each in operation["security"] for name in each), "")],
        parameters=tuple(_parameter(document, each) for each in operation["parameters"]),
        body=_members(document, body),
        answer=_members(document, shown),
        replies=tuple(
            Reply(int(status), _marked(each["description"]), int(status) >= 400) for status, each in answers.items()
        ),
    )


def _schema(carrier: dict[str, Any] | None) -> dict[str, Any]:
    """Return the schema of what a body or answer carries; an empty one where there is none."""
    content: dict[str, dict[str, Any]] = (carrier or {}).get("content", {})
    for kind in content.values():
        schema: dict[str, Any] = kind.get("schema", {})
        return schema
    return {}


def _parameter(document: dict[str, Any], given: dict[str, Any]) -> Part:
    kind = _kind(document, given["schema"])
    return Part(given["name"], kind, given.get("required", False), _marked(given.get("description", "")), given["in"])


def _members(document: dict[str, Any], schema: dict[str, Any]) -> tuple[Part, ...]:
    """Return the members of an object; of one that has several forms, those of each."""
    forms = [_resolved(document, each) for each in schema.get("anyOf", [schema])]
    texts: dict[str, str] = {}
    kinds: dict[str, dict[str, None]] = {}
    for form in forms:
        for name, part in form.get("properties", {}).items():
            texts.setdefault(name, part.get("description", ""))
            kinds.setdefault(name, {})[_kind(document, part)] = None
    return tuple(
        Part(name, " | ".join(kinds[name]), all(name in form.get("required", ()) for form in forms), _marked(text))
        for name, text in texts.items()
    )


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        return found
    return schema


def _kind(document: dict[str, Any], schema: dict[str, Any]) -> str:
    """Return what a value is, in a few words: `instant`, `text or null`, `list of …`."""
    choices = schema.get("anyOf") or schema.get("allOf") or schema.get("oneOf")
    if choices:
        return " or ".join(dict.fromkeys(_kind(document, each) for each in choices))
    if "$ref" in schema:
        known = _resolved(document, schema)
        return _kind(document, known) if "enum" in known else str(schema["$ref"].rsplit("/", 1)[-1])
    if "enum" in schema:
        some = [str(each) for each in schema["enum"]]
        return " | ".join(some) if len(some) <= 8 else f"one of {len(some)}: {some[0]}, {some[1]}, …"
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"list of {_kind(document, schema.get('items', {}))}"
    if schema.get("format") == "date-time":
        return "instant"
    words = {"string": "text", "integer": "integer", "boolean": "true | false", "object": "object", "null": "null"}
    return words.get(str(schema.get("type")), str(schema.get("type", "anything")))

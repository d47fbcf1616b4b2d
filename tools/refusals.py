"""What refusals say: read from the syntax of modules, for the catalogues (`messages.py`) and the rules (`rules.py`).

A refusal is a call of a class that derives from TesseraError. Its text is a literal, or `said("…", name=value)`, or
`counted`: so it can be looked up in a catalogue (docs/decisions/0033-refusals.md).
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Final

from tools.findings import SOURCE

# Where no page shows what is refused, by the beginnings of paths below src/tessera.
UNSHOWN: Final = {
    "access/authzen.py": "the access API, for programs",
    "access/evaluations.py": "the access API, for programs",
    "cli/": "the command speaks English to operators",
    "config/": "said at start, to operators",
    "core/phrases.py": "makes the phrases that others say",
    "db/": "said at start, to operators",
    "events/": "the feed, for programs",
    "http/api.py": "bodies of the API",
    "http/cursors.py": "pages of the API",
    "http/edge.py": "requests of the API",
    "http/idempotency.py": "requests of the API",
    "http/limits.py": "pages have words of their own, with the minutes to wait",
    "http/problems.py": "answers of the API",
    "http/mail.py": "written to the log, and told to operators by `tessera`",
    "identity/app_": "apps are answered as programs",
    "identity/injection.py": "what is wrong with a site's token is told by its code (console/refusals.py)",
    "identity/published_keys.py": "as injection.py",
    "identity/linking.py": "as injection.py",
    "identity/signatures.py": "tokens of apps, which are programs",
    "identity/signing_keys.py": "the command's alone",
    "identity/site_tokens.py": "as injection.py",
    "jobs/": "the command's alone; the page of parked jobs says it itself",
    "memberships/api/": "requests of the API",
    "organizations/api.py": "requests of the API",
    "organizations/auth.py": "keys of the API",
    "people/portraits_api.py": "requests of the API",
}
_BASE: Final = "TesseraError"
_SAYING: Final = frozenset({"said", "counted"})
_GETTEXT: Final = frozenset({"gettext", "ngettext", "pgettext"})
_CLASS: Final = re.compile(r"^class (\w+)\(([\w., =\[\]]*)\):", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Told:
    """What is said somewhere. `braces`: whether values are put into it, by {name}."""

    line: int
    text: str
    plural: str = ""
    braces: bool = False


@cache
def classes(source: Path = SOURCE) -> frozenset[str]:
    """Return the names of all classes of refusals."""
    bases = {
        name: {each.strip().rpartition(".")[2] for each in derived.split(",")}
        for path in source.rglob("*.py")
        for name, derived in _CLASS.findall(path.read_text(encoding="utf-8"))
    }
    found = {_BASE}
    while more := {name for name, derived in bases.items() if name not in found and derived & found}:
        found |= more
    return frozenset(found)


def shown(path: str) -> bool:
    """Return whether pages may show what this module (its path below src/tessera) refuses with."""
    return not path.startswith(tuple(UNSHOWN))


def told(tree: ast.AST) -> Iterator[Told]:
    """Yield what a module says: each refusal's literal, and each pattern, wherever it is made."""
    saying = _imported(tree)
    for call in _calls(tree):
        if _name(call) in saying:
            texts = [_literal(each) for each in call.args[:2]]
            if texts and texts[0]:
                yield Told(call.lineno, texts[0], "".join(texts[1:]), braces=bool(call.keywords))
        elif (detail := _detail(call)) is not None:
            yield from (Told(call.lineno, text) for each in _branches(detail) if (text := _literal(each)))


def faults(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield (line, what to do instead) for what no catalogue can have a translation of."""
    saying, assigned, makes = _imported(tree), _assigned(tree), _functions(tree)
    for call in _calls(tree):
        if _name(call) in saying:
            yield from ((call.lineno, fault) for fault in _pattern_faults(call))
        elif (detail := _detail(call)) is not None:
            for each in _branches(detail):
                values = assigned.get(each.id, [each]) if isinstance(each, ast.Name) else [each]
                if any(_is_put_together(value, makes) for value in values):
                    yield call.lineno, f'{_name(call)}: say it as said("… {{name}} …", name=…), to be translated'


def _imported(tree: ast.AST) -> set[str]:
    """Which of the functions that make phrases a module knows: `said` is a word that is used for other things, too."""
    return {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "tessera.core.phrases"
        for alias in node.names
    } & _SAYING


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _detail(call: ast.Call) -> ast.expr | None:
    """The text of a refusal, or what somebody else is told to refuse with."""
    named = next((each.value for each in call.keywords if each.arg == "detail"), None)
    return named or (call.args[0] if call.args and _name(call) in classes() else None)


def _branches(text: ast.expr) -> Iterator[ast.expr]:
    if isinstance(text, ast.IfExp):
        yield from _branches(text.body)
        yield from _branches(text.orelse)
    elif isinstance(text, ast.BoolOp):
        for each in text.values:
            yield from _branches(each)
    else:
        yield text


def _literal(text: ast.expr) -> str:
    return text.value if isinstance(text, ast.Constant) and isinstance(text.value, str) else ""


def _is_put_together(text: ast.expr, makes: dict[str, ast.FunctionDef]) -> bool:
    if isinstance(text, ast.Call):
        if isinstance(text.func, ast.Attribute) and text.func.attr in {"format", "join"}:
            return True
        made_by = makes.get(_name(text))
        return made_by is not None and not _is_translated(made_by) and not _returns_phrase(made_by)
    return isinstance(text, ast.JoinedStr | ast.BinOp) and not _is_translated(text)


def _is_translated(node: ast.AST) -> bool:
    """What gettext returns may be put together: it is in the reader's language already."""
    return any(_name(call) in _GETTEXT for call in _calls(node))


def _returns_phrase(function: ast.FunctionDef) -> bool:
    return function.returns is not None and "Phrase" in ast.unparse(function.returns)


def _pattern_faults(call: ast.Call) -> Iterator[str]:
    texts = [_literal(each) for each in call.args]
    if not texts or not all(texts):
        yield f"{_name(call)}(): a pattern is a literal, which the catalogues can be made from"
        return
    if not call.keywords or any(each.arg is None for each in call.keywords):
        return
    values = {str(each.arg) for each in call.keywords} | ({"number"} if _name(call) == "counted" else set())
    used = set().union(*(fields(text) for text in texts))
    if used - values or values - used - {"number"}:
        yield f"{_name(call)}(): the pattern names {sorted(used)}, the values are {sorted(values)}"


def fields(pattern: str) -> set[str]:
    """Return the names in braces. Raises ValueError if the braces do not fit together."""
    return {name for _text, name, _spec, _conversion in Formatter().parse(pattern) if name is not None}


def _assigned(tree: ast.AST) -> dict[str, list[ast.expr]]:
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Name) and node.value is not None:  # type: ignore[attr-defined]
                found.setdefault(target.id, []).extend(_branches(node.value))  # type: ignore[attr-defined]
    return found


def _functions(tree: ast.AST) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}

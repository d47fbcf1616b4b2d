"""Finds where a module writes records of another package."""

import ast
from collections.abc import Iterator

_WRITING = frozenset(
    {"save", "create", "bulk_create", "update", "bulk_update", "delete", "get_or_create", "update_or_create"}
    | {"add", "remove", "set", "clear"}
)
# `set`, `add`, `remove`, `clear` write only on a relation (`plan.permissions.add`), not on what a query returned.
_ON_RELATIONS = frozenset({"add", "remove", "set", "clear"})


def of_foreign_models(tree: ast.Module, *, package: str) -> Iterator[tuple[int, str]]:
    """Yield (line, what to do) for each write, in a module of `package`, to a model imported from another package.

    Seen are `Model.objects…create()`, chains that start at a variable annotated with or made from such a model, and
    `instance.save()`. What a function returns without an annotation here is not followed.
    """
    models = _foreign_models(tree, package)
    if not models:
        return
    for scope in _scopes(tree):
        variables = _variables(scope, models)
        for node in _within(scope):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr not in _WRITING:
                continue
            root, depth = _root(node.func.value)
            owner = models.get(root) if root in models else variables.get(root)
            if owner is None or (node.func.attr in _ON_RELATIONS and depth == 0):
                continue
            yield node.lineno, f"{root}….{node.func.attr}() writes a record of {owner}: call a service of {owner}"


def _foreign_models(tree: ast.Module, package: str) -> dict[str, str]:
    """Return the names that stand for models, or modules of models, of other packages, with the package."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not node.module or not node.module.startswith("tessera."):
            continue
        parts = node.module.split(".")
        if parts[1] == package:
            continue
        for alias in node.names:
            if "models" in parts[2:] or (len(parts) == 2 and alias.name == "models"):
                found[alias.asname or alias.name] = parts[1]
    return found


def _scopes(tree: ast.Module) -> Iterator[ast.Module | ast.FunctionDef | ast.AsyncFunctionDef]:
    yield tree
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _within(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a scope, without those of functions inside it."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
            yield from _within(child)


def _variables(scope: ast.AST, models: dict[str, str]) -> dict[str, str]:
    """Return the variables of a scope that hold a foreign record, by annotation or by what they were assigned."""
    found: dict[str, str] = {}
    if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
        arguments = scope.args
        for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
            if argument.annotation is not None and (owner := _named_model(argument.annotation, models)):
                found[argument.arg] = owner
    for node in _within(scope):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            if owner := _named_model(node.annotation, models):
                found[node.target.id] = owner
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            root, _ = _root(node.value)
            if root in models:
                found |= {target.id: models[root] for target in node.targets if isinstance(target, ast.Name)}
    return found


def _named_model(annotation: ast.expr, models: dict[str, str]) -> str | None:
    """Return the package of the model an annotation names, looking through `Model | None` and strings."""
    if isinstance(annotation, ast.BinOp):
        return _named_model(annotation.left, models) or _named_model(annotation.right, models)
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return models.get(annotation.value)
    return models.get(_root(annotation)[0]) if isinstance(annotation, ast.Name | ast.Attribute) else None


def _root(expression: ast.expr) -> tuple[str, int]:
    """Return the name a chain of attributes and calls starts with ("" if none), and how many attributes follow it."""
    depth = 0
    while True:
        if isinstance(expression, ast.Attribute):
            expression, depth = expression.value, depth + 1
        elif isinstance(expression, ast.Call):
            expression = expression.func
        elif isinstance(expression, ast.Subscript):
            expression = expression.value
        else:
            return (expression.id if isinstance(expression, ast.Name) else ""), depth

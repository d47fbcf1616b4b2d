"""The rules of the architecture that no ready-made linter knows, checked on the syntax tree of `src/tessera`.

A rule is a function from a module to (line, what to do instead). A place that has to break one is named in `ALLOWED`
with its reason. Which package may import which is import-linter's part (pyproject.toml).
"""

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools import refusals, writes
from tools.findings import SOURCE, Finding, report

LONGEST_FILE = 400
# Packages that know real time for a living; everywhere else "now" is the organization's.
_REAL_TIME_PACKAGES = frozenset({"core", "db", "http", "jobs", "cli", "config"})
# Modules of domain packages about keys, sign-in codes, leases, limits and signatures: real time by rule 4.
_REAL_TIME_MODULES = frozenset(
    {"app_tokens", "codes", "jwks", "keys", "leases", "limits", "passkeys", "sessions", "signatures", "tokens"}
)
_VAGUE_NAMES = frozenset({"utils", "helpers", "common", "manager", "managers", "base", "misc"})
_SERVICE_SUFFIXES = ("Service", "Services", "Manager", "Repository")
_HTTP_CLIENTS = (
    "aiohttp",
    "http.client",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
    "requests",
    "urllib.request",
    "urllib3",
)
_ENDING = frozenset({"end", "withdraw"})
_READ_ONLY_MODULES = frozenset({"queries", "models", "types", "errors"})
_CLOCK_READS = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "timezone": {"now", "localdate", "localtime"},
    "time": {"time", "time_ns", "gmtime", "localtime"},
}
_CLOCK_IMPORTS = {
    "time": {"time", "time_ns", "gmtime", "localtime"},
    "django.utils.timezone": {"now", "localdate"},
    "django.db.models.functions": {"Now"},
}

# (rule, path below src/tessera) → why it has to be so.
ALLOWED: dict[tuple[str, str], str] = {
    ("vague_name", "db/sqlite/base.py"): "Django looks for a database engine in a module of this name",
    ("clock_read", "core/clock.py"): "the one place that reads the clock",
    ("real_time", "organizations/time.py"): "where a live organization's time comes from",
    ("real_time", "organizations/former_emails.py"): "mails are tried, and given up, in real time",
    ("real_time", "organizations/clock.py"): "a move holds a lease in real time",
    ("real_time", "organizations/queries.py"): "whether a move of the test clock still holds its lease",
    ("real_time", "organizations/auth.py"): "API keys expire in real time, whatever an organization's clock says",
    ("foreign_write", "lifecycle/merge.py"): "a merge touches everything of a person",
    ("foreign_write", "lifecycle/uniting.py"): "a merge touches everything of a person",
    ("real_time", "identity/tasks.py"): "keys are renewed in real time",
    ("real_time", "webhooks/tasks.py"): "messages go out, and are tried again, in real time",
    ("real_time", "webhooks/services.py"): "secrets sign, and tests are sent, in real time",
    ("real_time", "identity/injection.py"): "tokens of sites live in real time",
    ("foreign_write", "lifecycle/deleting.py"): "an organization that is deleted takes everything along",
    ("real_time", "console/danger.py"): "keys are revoked, and organizations closed, in real time",
    ("real_time", "files/tasks.py"): "files that nobody keeps are removed an hour of real time later",
    ("outside_call", "http/targets.py"): "reads addresses with httpx2's parser, and asks nobody",
    ("refusal_text", "organizations/staff.py"): "what is wrong with a password is said, and translated, by Django",
    ("real_time", "events/services.py"): "`recorded_at` tells an auditor when a line was really written",
    ("real_time", "events/epochs.py"): "`opened_at` tells an auditor when a restore really was",
}


@dataclass(frozen=True, slots=True)
class Module:
    """A source file: `path` is relative to src/tessera, `tree` its syntax."""

    path: str
    text: str
    tree: ast.Module = field(repr=False)

    @classmethod
    def parse(cls, path: str, text: str) -> "Module":
        """Return the module. Raises SyntaxError if `text` is not Python."""
        return cls(path, text, ast.parse(text, path))

    @property
    def package(self) -> str:
        """The package right below `tessera`, or "" for a module at the top."""
        return self.path.split("/")[0] if "/" in self.path else ""

    @property
    def name(self) -> str:
        return Path(self.path).stem


Rule = Callable[[Module], Iterator[tuple[int, str]]]


def foreign_write(module: Module) -> Iterator[tuple[int, str]]:
    """A package writes its own records; others call its services."""
    yield from writes.of_foreign_models(module.tree, package=module.package)


def local_import(module: Module) -> Iterator[tuple[int, str]]:
    """Imports stand at the top, where a cycle shows; only commands and payment providers are loaded when needed."""
    if module.package == "cli" or module.path.startswith("billing/providers/__init__"):
        return
    for function in ast.walk(module.tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield node.lineno, f"import inside {function.name}(): move it to the top of the module"


def printing(module: Module) -> Iterator[tuple[int, str]]:
    """Programs answer through responses, logs and command output, not print."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node.lineno, "print(): write to the command's output or to the log"


def clock_read(module: Module) -> Iterator[tuple[int, str]]:
    """Nobody reads the clock but core/clock.py: `at` is passed in."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            if node.attr in _CLOCK_READS.get(owner, ()):
                yield node.lineno, f"{owner}.{node.attr} reads the clock: take `at`, or use core.clock at the edge"
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name in _CLOCK_IMPORTS.get(node.module or "", ()):
                    yield node.lineno, f"{node.module}.{alias.name} reads the clock: take `at` instead"
        elif isinstance(node, ast.keyword) and node.arg in {"auto_now", "auto_now_add"}:
            yield node.value.lineno, f"{node.arg} reads the clock: store the `at` that was passed in"


def real_time(module: Module) -> Iterator[tuple[int, str]]:
    """Domain time is `organizations.now(organization)`: a test organization's clock stands still."""
    if module.package in _REAL_TIME_PACKAGES or not module.package or module.name in _REAL_TIME_MODULES:
        return
    for line, imported in _imports(module.tree):
        if imported == "tessera.core.clock" or imported.startswith("tessera.core.clock."):
            yield line, "core.clock in a domain package: use organizations.now(organization)"


def django_signal(module: Module) -> Iterator[tuple[int, str]]:
    """What follows from a change is listed in config/reactions.py, where it can be found."""
    forbidden = ("django.dispatch", "django.db.models.signals", "django.core.signals", "django.contrib.auth.signals")
    for line, imported in _imports(module.tree):
        if imported.startswith(forbidden):
            yield line, "Django signals hide what follows from a change: list it in config/reactions.py"


def atomic_requests(module: Module) -> Iterator[tuple[int, str]]:
    """With IMMEDIATE transactions on SQLite, it would make every GET wait for the write lock."""
    for node in ast.walk(module.tree):
        named = isinstance(node, ast.Constant) and node.value == "ATOMIC_REQUESTS"
        if named or (isinstance(node, ast.keyword) and node.arg == "ATOMIC_REQUESTS"):
            yield (
                getattr(node, "lineno", 0),
                "ATOMIC_REQUESTS write-locks every GET on SQLite: transactions are in services",
            )


def default_ordering(module: Module) -> Iterator[tuple[int, str]]:
    """A query says its own order; a default one costs a sort wherever nobody asked."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef) and node.name == "Meta":
            for statement in node.body:
                targets = statement.targets if isinstance(statement, ast.Assign) else []
                if any(isinstance(target, ast.Name) and target.id == "ordering" for target in targets):
                    yield statement.lineno, "Meta.ordering: say the order in the query that needs it"


def service_class(module: Module) -> Iterator[tuple[int, str]]:
    """Verbs are functions. (Django's auth wants a manager class for its user model.)"""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef) and node.name.endswith(_SERVICE_SUFFIXES):
            bases = {base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in node.bases}
            if "BaseUserManager" not in bases:
                yield node.lineno, f"class {node.name}: write functions named by what they do"


def write_in_query(module: Module) -> Iterator[tuple[int, str]]:
    """Reads open no transaction and take no lock; reads that must agree use db.snapshot()."""
    if module.name != "queries":
        return
    for node in ast.walk(module.tree):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name in {"atomic", "transaction", "select_for_update"}:
            yield getattr(node, "lineno", 0), f"{name} in queries: reads only; db.snapshot() if several must agree"


def long_file(module: Module) -> Iterator[tuple[int, str]]:
    """A file is at most about 400 lines; a longer one is split by verb."""
    lines = module.text.count("\n")
    if lines > LONGEST_FILE and "migrations" not in module.path:
        yield 0, f"{lines} lines: split it by verb (at most {LONGEST_FILE})"


def vague_name(module: Module) -> Iterator[tuple[int, str]]:
    """A module is named by what it does."""
    for part in Path(module.path).with_suffix("").parts:
        if part in _VAGUE_NAMES:
            yield 0, f"{part!r} says nothing: name the module by what it does"


def outside_call(module: Module) -> Iterator[tuple[int, str]]:
    """Every request to an address that somebody typed goes through http/outbound.py, which guards it."""
    if module.path == "http/outbound.py":
        return
    for line, imported in _imports(module.tree):
        if any(imported == client or imported.startswith(f"{client}.") for client in _HTTP_CLIENTS):
            yield line, f"{imported}: call the outside through http/outbound.py"


def affiliation_end(module: Module) -> Iterator[tuple[int, str]]:
    """Leaving a company is one verb, memberships/inheritance.py: nothing else ends an affiliation."""
    if module.path == "memberships/inheritance.py":
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ENDING:
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if name == "affiliations":
                yield node.lineno, f"affiliations.{node.func.attr}(): call memberships.inheritance.leave_company()"
        elif (
            isinstance(node, ast.ImportFrom)
            and node.module == "tessera.people.affiliations"
            and any(alias.name in _ENDING for alias in node.names)
        ):
            yield node.lineno, "ends an affiliation: call memberships.inheritance.leave_company()"


def refusal_text(module: Module) -> Iterator[tuple[int, str]]:
    """What is refused is said in the reader's language: by a literal, or by a pattern and its values."""
    if refusals.shown(module.path):
        yield from refusals.faults(module.tree)


RULES: tuple[Rule, ...] = (
    foreign_write,
    local_import,
    printing,
    clock_read,
    real_time,
    django_signal,
    atomic_requests,
    default_ordering,
    service_class,
    write_in_query,
    long_file,
    vague_name,
    outside_call,
    affiliation_end,
    refusal_text,
)


def check_module(module: Module) -> list[Finding]:
    """Return what every rule that looks at one module finds in it, less what is allowed."""
    return [
        Finding(f"src/tessera/{module.path}", line, text)
        for rule in RULES
        if (rule.__name__, module.path) not in ALLOWED
        for line, text in rule(module)
    ]


def check_reads_stay_reads(modules: list[Module]) -> list[Finding]:
    """Return where queries, models, types or errors import a module of their package that opens a transaction.

    Such a module is a service whatever its name (memberships/renewing.py), and stands above them.
    """
    services = {
        "tessera." + module.path.removesuffix(".py").replace("/", ".")
        for module in modules
        if module.package not in {"", "core", "db"} and _opens_transaction(module.tree)
    }
    findings = []
    for module in modules:
        if module.name not in _READ_ONLY_MODULES:
            continue
        for line, imported in _imports(module.tree):
            service = next((name for name in services if imported == name or imported.startswith(f"{name}.")), None)
            if service and service.split(".")[1] == module.package:
                text = f"{module.name} imports {service}, which opens a transaction: reads do not depend on writes"
                findings.append(Finding(f"src/tessera/{module.path}", line, text))
    return findings


def check_packages(paths: set[str]) -> list[Finding]:
    """Return folders of modules without `__init__.py`: import-linter does not see what is in them."""
    folders = {folder for path in paths for folder in Path(path).parents if folder != Path()}
    return [
        Finding(f"src/tessera/{folder.as_posix()}", 0, "has no __init__.py, so nothing checks what it imports")
        for folder in folders
        if f"{folder.as_posix()}/__init__.py" not in paths
    ]


def unused_allowances(paths: set[str]) -> list[Finding]:
    """Return allowances for files that are gone."""
    return [
        Finding("tools/rules.py", 0, f"ALLOWED names {path} ({rule}), which does not exist")
        for rule, path in ALLOWED
        if path not in paths
    ]


def _opens_transaction(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else node
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name == "atomic" or (isinstance(node, ast.Call) and name == "transaction"):
            return True
    return False


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of everything a module imports; `from a import b` is both a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def read_modules(root: Path = SOURCE) -> tuple[list[Module], list[Finding]]:
    """Return every module below `root`, and the files that are not Python."""
    modules, broken = [], []
    for path in sorted(root.rglob("*.py")):
        relative = path.relative_to(root).as_posix()
        try:
            modules.append(Module.parse(relative, path.read_text(encoding="utf-8")))
        except SyntaxError as fault:
            broken.append(Finding(f"src/tessera/{relative}", fault.lineno or 0, f"not Python: {fault.msg}"))
    return modules, broken


def main() -> int:
    """Check the source tree; 1 if anything was found."""
    modules, findings = read_modules()
    findings += [finding for module in modules for finding in check_module(module)]
    findings += check_reads_stay_reads(modules)
    paths = {module.path for module in modules}
    findings += check_packages(paths) + unused_allowances(paths)
    return report(set(findings), clean=f"{len(modules)} modules follow {len(RULES) + 1} rules")


if __name__ == "__main__":
    sys.exit(main())

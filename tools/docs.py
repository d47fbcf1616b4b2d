"""The documentation names what exists, and everything that people script against is documented."""

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

import django

import tessera
from tessera.core.errors import TesseraError
from tools.findings import ROOT, SOURCE, Finding, report

_FOLDERS = frozenset({"src", "tests", "tools", "docs", "benchmarks", "deploy", "examples", ".ci"})
_FILE_KINDS = frozenset({".py", ".md", ".toml", ".html", ".css", ".js", ".sh", ".svg", ".png", ".po"})


def paths_named(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line, path) of what reads like a path of the repository: in backticks, or as the target of a link."""
    for number, line in enumerate(text.splitlines(), start=1):
        for quoted in re.findall(r"`([^`\s]+)`", line):
            path = quoted.split("::")[0].split("#")[0]
            if re.fullmatch(r"(?:\./)?[\w.@*-]+(?:/[\w.@*-]+)*/?", path) and _reads_like_a_path(path):
                yield number, path
        for target in re.findall(r"\]\(([^)\s]+)\)", line):
            if not re.match(r"[a-z]+:|#|/", target):
                yield number, unquote(target.split("#")[0])


def _reads_like_a_path(path: str) -> bool:
    first, *rest = path.rstrip("/").split("/")
    if first in _FOLDERS and (rest or path.endswith("/")):
        return True
    return Path(path).suffix in _FILE_KINDS and Path(path).stem not in {"*", ""}


def exists(path: str, *, beside: Path) -> bool:
    """Whether a path, which may hold `*`, is there: from the root, src/tessera, the page's folder, or a template."""
    pattern = path.rstrip("/").removeprefix("./")
    if ".." in pattern.split("/"):
        return (beside / pattern).exists()
    folders = (ROOT, SOURCE, beside, *SOURCE.glob("*/templates"))
    return any(next(folder.glob(pattern), None) is not None for folder in folders)


def check_paths(pages: Iterable[Path]) -> Iterator[Finding]:
    """Yield the paths that pages name and that are not there."""
    for page in pages:
        for line, path in paths_named(page.read_text(encoding="utf-8")):
            if not exists(path, beside=page.parent):
                yield Finding(page.relative_to(ROOT).as_posix(), line, f"`{path}` does not exist")


def check_documented(page: str, names: Iterable[str], *, what: str) -> Iterator[Finding]:
    """Yield the names that the page does not hold in backticks; or that the page is missing."""
    path = ROOT / page
    if not path.exists():
        yield Finding(page, 0, f"is missing; it documents every {what}")
        return
    documented = set(re.findall(r"`([^`\n]+)`", path.read_text(encoding="utf-8")))
    for name in sorted(set(names) - documented):
        yield Finding(page, 0, f"does not document the {what} `{name}`")


def check_no_ghosts(page: str, names: set[str], *, pattern: str, what: str) -> Iterator[Finding]:
    """Yield what the page documents and the code no longer has. `pattern`: what a name looks like."""
    path = ROOT / page
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path.exists() else [], start=1):
        for named in re.findall(rf"^\|\s*`({pattern})`", line):
            if named not in names:
                yield Finding(page, number, f"documents the {what} `{named}`, which does not exist")


# Importing these starts something: a program, or a server that wants its database.
_ENTRY_POINTS = (".__main__", ".wsgi")


def load_everything() -> None:
    """Import every module of the product but its entry points, so that all its errors are known."""
    django.setup()
    for module in pkgutil.walk_packages(tessera.__path__, "tessera."):
        if ".migrations" not in module.name and not module.name.endswith(_ENTRY_POINTS):
            importlib.import_module(module.name)


def _all_subclasses(of: type[TesseraError]) -> Iterator[type[TesseraError]]:
    for subclass in of.__subclasses__():
        yield subclass
        yield from _all_subclasses(subclass)


def interface_names() -> dict[str, tuple[str, set[str]]]:
    """Return, by page, what it documents and the names of it that the code has."""
    load_everything()
    env = importlib.import_module("tessera.config.env")
    event_types = importlib.import_module("tessera.events.types").EventType
    rights = importlib.import_module("tessera.organizations.rights").Right
    scopes = importlib.import_module("tessera.http.scopes").Scope
    kinds = importlib.import_module("tessera.notices.types").Kind
    reasons = importlib.import_module("tessera.access.types").Reason
    refusals = _all_subclasses(TesseraError)
    return {
        "docs/settings.md": ("setting", {f"{env.PREFIX}{name.upper()}" for name in env.Settings.model_fields}),
        "docs/events.md": ("event type", {str(member.value) for member in event_types}),
        "docs/rights.md": ("right", {str(member.value) for member in rights}),
        "docs/scopes.md": ("scope", {str(member.value) for member in scopes}),
        "docs/errors.md": ("error code", {refusal.code for refusal in refusals}),
        "docs/access.md": ("reason", {str(member.value) for member in reasons}),
        "docs/notices.md": ("kind of mail", {str(member.value) for member in kinds}),
    }


_NAME_PATTERNS = {
    "docs/settings.md": r"TESSERA_[A-Z_]+",
    "docs/events.md": r"[a-z_]+\.[a-z_]+",
    "docs/rights.md": r"[a-z_]+:[a-z_]+",
    "docs/scopes.md": r"[a-z_]+:[a-z_]+",
    "docs/errors.md": r"[a-z_]+",
    "docs/access.md": r"[a-z_]+",
    "docs/notices.md": r"[a-z_]+",
}


def main() -> int:
    """Check README and docs; 1 if anything was found."""
    pages = [page for page in (ROOT / "README.md", ROOT / "CHANGELOG.md") if page.exists()]
    pages += sorted((ROOT / "docs").rglob("*.md"))
    findings = list(check_paths(pages))
    findings += [Finding(name, 0, "is missing") for name in ("README.md", "CHANGELOG.md") if not (ROOT / name).exists()]
    for page, (what, names) in interface_names().items():
        findings += check_documented(page, names, what=what)
        findings += check_no_ghosts(page, names, pattern=_NAME_PATTERNS[page], what=what)
    return report(findings, clean=f"{len(pages)} pages name what exists, and all that is public is documented")


if __name__ == "__main__":
    sys.exit(main())

"""`make audit`: are packages what we pinned, may we ship them, and do we use them?

Known vulnerabilities are not looked up: every tool for that asks a service on the network, and this runs without one.
Whoever releases runs such a tool over `constraints.txt` besides.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from tools.environment import requirement_blocks
from tools.findings import ROOT, SOURCE, Finding, report

_COPYLEFT = re.compile(r"\bA?GPL|GNU (?:Affero )?General Public|SSPL|EUPL|CC-BY-SA|OSL-", re.IGNORECASE)
_WEAK = re.compile(r"\bLGPL|Lesser General|Library General|GCC-exception|Classpath-exception", re.IGNORECASE)
# What an environment has of its own.
_ALWAYS_THERE = frozenset({"pip", "setuptools", "tessera-membership"})
# Direct requirements that no module of ours imports.
_USED_OTHERWISE = {
    "argon2-cffi": "Django's password hasher, by name in the settings",
    "psycopg": "Django's PostgreSQL engine",
    "pysqlite3": "the SQLite engine loads it where there is a wheel",
    "tzdata": "time zones where the machine has none",
    "whitenoise": "middleware, by name in the settings",
}
# Where the metadata is silent and the archive is not.
_LICENCE_FILES = {"pysqlite3": "Zlib"}
# Distributions whose modules are not called like them.
_MODULES = {
    "django-allauth": "allauth",
    "pillow": "PIL",
    "pyjwt": "jwt",
    "django-anymail": "anymail",
    "django-csp": "csp",
    "django-ninja": "ninja",
    "phonenumberslite": "phonenumbers",
}


def normalised(name: str) -> str:
    """Return a distribution's name as PyPA's "name normalization" writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def check_pins(constraints: Path, installed: dict[str, str]) -> Iterator[Finding]:
    """Yield pins without hash or version, packages at another version than pinned, and packages nobody pinned."""
    blocks = requirement_blocks(constraints.read_text(encoding="utf-8"))
    for name, block in blocks.items():
        pinned = re.match(r"[\w.\[\]-]+==([^\s;\\]+)", block)
        if pinned is None:
            yield Finding(constraints.name, 0, f"{name} has no exact version")
        elif name in installed and installed[name] != pinned[1]:
            yield Finding(constraints.name, 0, f"{name} is {installed[name]} here, pinned {pinned[1]}: remove .venv")
        if "--hash=sha256:" not in block:
            yield Finding(constraints.name, 0, f"{name} has no hash")
    for name in sorted(installed.keys() - blocks.keys() - _ALWAYS_THERE):
        yield Finding(constraints.name, 0, f"{name} is installed, but nobody pinned it")


def licence_of(name: str) -> str:
    """Return what an installed package says of its licence: expression, else classifiers, else text; or ""."""
    about = metadata.metadata(name)
    if "License-Expression" in about:
        return about["License-Expression"]
    classifiers = [
        line.split(" :: ")[-1] for line in about.get_all("Classifier") or [] if line.startswith("License ::")
    ]
    named = [line for line in classifiers if line != "OSI Approved"]
    stated = ", ".join(named) or next(iter(about.get_all("License") or []), "").strip().split("\n")[0]
    return stated or _LICENCE_FILES.get(name, "")


def forbidden_licence(licence: str) -> bool:
    """Whether a licence asks more of who ships it than LGPL and MPL do. A choice ("MIT OR GPL") is ours to make."""
    return all(
        _COPYLEFT.search(option) is not None and _WEAK.search(option) is None
        for option in re.split(r"\s+OR\s+", licence)
    )


def check_licences(runtime: set[str], installed: dict[str, str]) -> Iterator[Finding]:
    """Yield what the product runs with and that we could not ship under MIT, or whose licence is unknown."""
    for name in sorted(runtime & installed.keys()):
        licence = licence_of(name)
        if not licence:
            yield Finding("constraints.txt", 0, f"{name} does not say its licence")
        elif forbidden_licence(licence):
            yield Finding("constraints.txt", 0, f"{name} is under {licence}: stronger than LGPL and MPL")


def check_direct(requirements: list[str], imported: set[str], texts: str) -> Iterator[Finding]:
    """Yield direct requirements without bounds, and those that nothing uses. `texts`: the settings, by name."""
    for requirement in requirements:
        name = normalised(re.split(r"[^\w.-]", requirement)[0])
        if not re.search(r"[~=]=", requirement) and name != "tzdata":
            yield Finding("pyproject.toml", 0, f"{name} has no bounds: say ~=")
        module = _MODULES.get(name, name.replace("-", "_"))
        if name not in _USED_OTHERWISE and module not in imported and f'"{module}' not in texts:
            yield Finding("pyproject.toml", 0, f"{name} is required, but nothing uses it")


def imported_modules(root: Path) -> set[str]:
    """Return the top-level modules that the sources below `root` import anywhere."""
    found: set[str] = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    return found


def main() -> int:
    """Print the licences of what the product runs with, then the findings; 1 if there are any."""
    installed = {normalised(found.name): found.version for found in metadata.distributions()}
    runtime = set(requirement_blocks((ROOT / "constraints.txt").read_text(encoding="utf-8")))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    settings = (SOURCE / "config" / "settings.py").read_text(encoding="utf-8")
    for name in sorted(runtime & installed.keys()):
        sys.stdout.write(f"{name:28} {installed[name]:14} {licence_of(name)}\n")
    findings = [
        *check_pins(ROOT / "constraints-dev.txt", installed),
        *check_licences(runtime, installed),
        *check_direct(project["project"]["dependencies"], imported_modules(SOURCE), settings),
    ]
    return report(findings, clean=f"{len(runtime)} packages are pinned, may be shipped and are used")


if __name__ == "__main__":
    sys.exit(main())

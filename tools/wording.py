"""What no file of the repository may hold: addresses of package registries, and paths of somebody's machine."""

import re
import subprocess
import sys
from collections.abc import Iterator

from tools.findings import ROOT, Finding, report

_FORBIDDEN = (
    (
        re.compile(r"\b(?:[a-z0-9-]+\.)*(?:pypi|pythonhosted|npmjs|debian)\.(?:org|com|net)\b"),
        "names a package registry: where packages come from is the business of whoever installs",
    ),
    (re.compile(r"(?<![\w.}/-])/(?:home|root|Users|work)/[\w.]"), "a path of somebody's machine: say it relative"),
    (re.compile(r"\bshared/(?:data|design)\b"), "names a folder outside the repository"),
)
_BINARY = frozenset({".woff2", ".png", ".ico", ".jpg", ".webp", ".mo", ".gz", ".br", ".wasm"})


def check_text(path: str, text: str) -> Iterator[Finding]:
    """Yield each forbidden mention in a file; `path` is relative to the repository."""
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern, why in _FORBIDDEN:
            if found := pattern.search(line):
                yield Finding(path, number, f"{found.group()!r}: {why}")


def files() -> list[str]:
    """Return the files that are, or with the next commit would be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return sorted(path for path in listed.split("\0") if path and (ROOT / path).is_file())


def main() -> int:
    """Check every file; 1 if anything was found."""
    paths = [path for path in files() if not path.endswith(tuple(_BINARY))]
    findings: list[Finding] = []
    for path in paths:
        try:
            findings += check_text(path, (ROOT / path).read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            findings.append(
                Finding(path, 0, "is not text in UTF-8; if it should not be, add its kind to tools/wording.py")
            )
    return report(findings, clean=f"{len(paths)} files speak of the project alone")


if __name__ == "__main__":
    sys.exit(main())

"""What a checker finds, and how it says so."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "tessera"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One fault: the file (relative to the repository), its line (0: the file as a whole), and what to do instead."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}" if self.line else f"{self.path}: {self.text}"


def report(findings: Iterable[Finding], *, clean: str) -> int:
    """Print the findings in order, or `clean` if there are none. Returns an exit code: 1 if there are any."""
    found = sorted(findings)
    sys.stdout.write("".join(f"{finding}\n" for finding in found) or f"{clean}\n")
    return 1 if found else 0

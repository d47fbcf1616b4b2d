"""The rules for templates: nothing inline (the content security policy would drop it), partials say what they need."""

import re
import sys
from collections.abc import Iterator

from tools.findings import SOURCE, Finding, report

_FORBIDDEN: tuple[tuple[str, str], ...] = (
    (
        r"<script(?![^>]*\bsrc=)(?![^>]*type=[\"']application/(?:ld\+)?json)[^>]*>",
        "inline script: put it in a static file",
    ),
    (r"<style\b", "inline style sheet: put it in a static file"),
    (r"\sstyle\s*=", "style attribute: use a class, or an SVG attribute"),
    (r"\shx-on[:\w-]*\s*=", "hx-on evaluates text as script, which the policy forbids"),
    (r"\son[a-z]+\s*=\s*[\"']", "event attribute: listen from a static file"),
    (r"[\"'\s]js:", "js: values are evaluated as script, which the policy forbids"),
    (r"javascript:", "javascript: address"),
    (r"\shx-trigger\s*=\s*[\"'][^\"']*\[", "a filter in hx-trigger is evaluated as script, which the policy forbids"),
    (r"</?c-[a-z]", "an element that no loader here knows would be sent as it is"),
    (r"\|\s*safe\b", "|safe: mark text safe where it is made safe"),
)


def check_template(path: str, text: str) -> Iterator[Finding]:
    """Yield what is forbidden in a template; `path` is relative to the repository."""
    without_comments = re.sub(
        r"{#.*?#}|{% comment.*?endcomment %}", lambda found: re.sub(r"[^\n]", " ", found.group()), text, flags=re.DOTALL
    )
    for pattern, instead in _FORBIDDEN:
        for found in re.finditer(pattern, without_comments, re.IGNORECASE):
            yield Finding(path, without_comments.count("\n", 0, found.start()) + 1, instead)
    if path.rsplit("/", 1)[-1].startswith("_") and not re.match(r"{#.*\bNeeds:", text):
        yield Finding(path, 1, "a partial says in line 1 what it needs: {# path  Needs: name (type), … #}")


def main() -> int:
    """Check every template of the product; 1 if anything was found."""
    paths = sorted(SOURCE.rglob("templates/**/*.html"))
    findings = [
        finding
        for path in paths
        for finding in check_template(
            f"src/tessera/{path.relative_to(SOURCE).as_posix()}", path.read_text(encoding="utf-8")
        )
    ]
    return report(findings, clean=f"{len(paths)} templates hold nothing inline")


if __name__ == "__main__":
    sys.exit(main())

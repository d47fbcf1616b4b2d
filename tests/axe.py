"""What of a page somebody with a screen reader, a keyboard or weak eyes could not use: axe-core, in a real browser."""

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import Frame, Page

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@cache
def _source() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page | Frame, *, only: tuple[str, ...] = ()) -> list[str]:
    """Return what axe finds wrong with the page as it stands: the rule, what it asks, and the first places.

    Rules are those of WCAG 2.2 at levels A and AA, and axe's best practices; with `only`, those that are named.
    """
    page.evaluate(_source())
    told = {"type": "rule", "values": list(only)} if only else {"type": "tag", "values": list(RULES)}
    found: dict[str, Any] = page.evaluate(
        "(told) => axe.run(document, {runOnly: told, resultTypes: ['violations']})", told
    )
    return [
        f"{each['id']}: {each['help']} ({len(each['nodes'])}) {[node['html'][:160] for node in each['nodes'][:3]]}"
        for each in found["violations"]
    ]

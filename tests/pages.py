"""An answer of Django's test client as somebody reads it: its words, its forms, where it leads."""

import html
import re
from dataclasses import dataclass
from typing import Any

_UNREAD = re.compile(r"<(head|script|style|template|svg)\b.*?</\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_FORM = re.compile(r"<form\b[^>]*>(.*?)</form>", re.DOTALL)
_INPUT = re.compile(r"<input\b[^>]*>")


@dataclass(frozen=True, slots=True)
class Page:
    """An answer, and how many queries it took."""

    status: int
    text: str
    headers: Any
    queries: int

    @property
    def words(self) -> str:
        """What can be read, on one line."""
        bare = _TAG.sub(" ", _UNREAD.sub(" ", self.text))
        return re.sub(r" ([,;.])", r"\1", " ".join(html.unescape(bare).split()))

    @property
    def location(self) -> str:
        """Where it leads: by a redirect, or by htmx's own."""
        return str(self.headers.get("Location") or self.headers.get("HX-Redirect") or "")

    def value(self, name: str) -> str:
        """What the field `name` holds."""
        for tag in _INPUT.findall(self.text):
            if _attribute(tag, "name") == name:
                return _attribute(tag, "value") or ""
        raise AssertionError(f"no field {name}")

    def form(self, **carrying: str) -> dict[str, str]:
        """The fields of the first form that carries these values, as a browser would send them, its token with them."""
        for inside in _FORM.findall(self.text):
            values = {}
            for tag in _INPUT.findall(inside):
                picked = "checked" in tag or _attribute(tag, "type") not in ("radio", "checkbox")
                if picked and (name := _attribute(tag, "name")):
                    values[name] = _attribute(tag, "value") or ""
            if carrying.items() <= values.items():
                return values
        raise AssertionError(f"no form carries {carrying}: {self.words}")


def read(answer: Any, queries: int = 0) -> Page:
    """Return what the test client was answered, whether in one piece or streamed."""
    return Page(answer.status_code, answer.getvalue().decode(errors="replace"), answer.headers, queries)


def _attribute(tag: str, name: str) -> str | None:
    found = re.search(rf'\s{name}="([^"]*)"', tag)
    return html.unescape(found[1]) if found else None

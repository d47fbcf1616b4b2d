"""The icons of pages: Lucide's, by the tag of its own library, each drawn once a process and kept.

Drawing them took a quarter of a page's time. `config/settings.py` puts this in the place of the library's tags.
"""

from functools import lru_cache
from typing import Final

from django import template
from django.utils.safestring import SafeString, mark_safe
from lucide.templatetags import lucide as drawing

_KEPT: Final = 1_000  # there are some hundred; one whose attributes come from records must not grow without end

register = template.Library()


@register.simple_tag
def lucide(name: str, *, size: int | None = 24, **attributes: object) -> SafeString:
    """Return the icon as inline SVG. Raises IconDoesNotExist."""
    return _drawn(name, size, tuple((key, str(value)) for key, value in attributes.items()))


@lru_cache(maxsize=_KEPT)
def _drawn(name: str, size: int | None, attributes: tuple[tuple[str, str], ...]) -> SafeString:
    return mark_safe(drawing.lucide(name, size=size, **dict(attributes)))  # noqa: S308  (drawn, and escaped, by Lucide)

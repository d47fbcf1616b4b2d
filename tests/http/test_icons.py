"""Icons are Lucide's, drawn once; what is said of them by pages is text."""

from django.template import Context, Template
from lucide.templatetags import lucide as drawing

from tessera.http import icons


def shown(tag: str, **context: object) -> str:
    return Template("{% load lucide %}" + tag).render(Context(context))


def test_an_icon_is_lucides_own_and_drawn_once() -> None:
    tag = '{% lucide "plus" size=16 aria_hidden="true" %}'
    assert shown(tag) == drawing.lucide("plus", size=16, aria_hidden="true")
    before = icons._drawn.cache_info().misses
    assert shown(tag) == shown(tag)
    assert icons._drawn.cache_info().misses == before


def test_what_a_page_says_of_an_icon_is_escaped() -> None:
    drawn = shown('{% lucide "plus" aria_label=said %}', said='"><script>')
    assert "<script>" not in drawn
    assert "&quot;&gt;&lt;script&gt;" in drawn

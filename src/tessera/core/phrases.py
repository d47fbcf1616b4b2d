"""English sentences that can be said in another language: what refusals say is for programs and for people.

A phrase *is* its English text, so whoever wants text has it. It remembers its pattern and what was put into it, which
pages look up in the catalogues and fill in anew (`organizations.formatting.spoken`; docs/decisions/0033-refusals.md). A
sentence without values needs no phrase: it is its own pattern.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from string import Formatter
from typing import Any, Self

from tessera.core.instants import instant_text

_PATTERN, _INSTANT, _DAY = "pattern", "instant", "day"


class Phrase(str):
    """An English text with its `pattern` and `values`; where something is counted, with `plural` and `number` too.

    Values are what they are, not texts of it: instants, days, money, numbers (digits that count nothing, such as a
    port, are text), other phrases, lists.
    """

    __slots__ = ("number", "pattern", "plural", "values")
    pattern: str
    plural: str
    number: int
    values: Mapping[str, object]

    def __new__(
        cls, text: str, pattern: str, values: Mapping[str, object] | None = None, plural: str = "", number: int = 1
    ) -> Self:
        self = super().__new__(cls, text)
        self.pattern, self.values, self.plural, self.number = pattern, values or {}, plural, number
        return self

    def __getnewargs__(self) -> tuple[str, ...]:  # type: ignore[override]  # copies are phrases too
        return str(self), self.pattern, self.values, self.plural, self.number  # type: ignore[return-value]


class _English(Formatter):
    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        return kwargs[field_name], field_name  # a name and nothing else: what is recalled leads to no attribute

    def format_field(self, value: object, format_spec: str) -> str:
        if isinstance(value, datetime) and not format_spec:
            return instant_text(value)
        if isinstance(value, list | tuple):
            return ", ".join(str(each) for each in value)
        return str(format(value, format_spec))


def said(pattern: str, /, **values: object) -> Phrase:
    """Return what `pattern` says of `values`, which stand in it as {name}. Without values nothing is put in."""
    return Phrase(_English().vformat(pattern, (), values) if values else pattern, pattern, values)


def counted(one: str, many: str, /, *, number: int, **values: object) -> Phrase:
    """Return what is said of one thing or of many; `number` is a value, too."""
    told = {"number": number, **values}
    text = _English().vformat(one if number == 1 else many, (), told)
    return Phrase(text, one, told, plural=many, number=number)


def phrase(text: str) -> Phrase:
    """Return a text as a phrase: as it is if it is one, else as its own pattern."""
    return text if isinstance(text, Phrase) else Phrase(text, text)


def kept(text: str, longest: int) -> str:
    """Return what a column of `longest` characters keeps of a text, for `recalled`.

    A sentence without values is kept as it is. So is one that does not fit with its values, as far as it goes: it will
    be read in English.
    """
    if not isinstance(text, Phrase) or not text.values:
        return text[:longest]
    written = json.dumps(_document(text), ensure_ascii=False, separators=(",", ":"))
    return written if len(written) <= longest else text[:longest]


def recalled(text: str) -> str:
    """Return the text that `kept` was given, or one of before phrases were kept."""
    if not text.startswith(f'{{"{_PATTERN}":'):
        return text
    try:
        return _phrase_of(json.loads(text))
    except (KeyError, TypeError, ValueError):
        return text  # begins like one, and was typed by somebody


def _document(text: Phrase) -> dict[str, object]:
    values = {name: _value(value) for name, value in text.values.items()}
    if text.plural:
        return {_PATTERN: text.pattern, "plural": text.plural, "values": values}
    return {_PATTERN: text.pattern, "values": values}


def _value(value: object) -> object:
    if isinstance(value, Phrase):
        return _document(value)
    if isinstance(value, list | tuple):
        return [_value(each) for each in value]
    if isinstance(value, datetime):
        return {_INSTANT: value.isoformat()}
    if isinstance(value, date):
        return {_DAY: value.isoformat()}
    return value if isinstance(value, int | float) else str(value)


def _phrase_of(document: Mapping[str, object]) -> Phrase:
    pattern, plural, told = document[_PATTERN], document.get("plural", ""), document["values"]
    if not (isinstance(pattern, str) and isinstance(plural, str) and isinstance(told, Mapping)):
        raise TypeError
    values = {name: _value_of(value) for name, value in told.items()}
    if plural:
        return counted(pattern, plural, number=int(str(values.pop("number"))), **values)
    return said(pattern, **values)


def _value_of(kept: object) -> object:
    if isinstance(kept, list):
        return [_value_of(each) for each in kept]
    if not isinstance(kept, Mapping):
        return kept
    if _INSTANT in kept:
        return datetime.fromisoformat(kept[_INSTANT])
    return date.fromisoformat(kept[_DAY]) if _DAY in kept else _phrase_of(kept)

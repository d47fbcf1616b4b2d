"""Two people at the same record: whoever saves second sees both versions, and nothing of either is lost."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext

_OWN: Final = ("version", "base")
_LONGEST_BASE = 100_000
Plain = list[str]  # what a field sends: nothing, one text or several


@dataclass(frozen=True, slots=True)
class Differing:
    """A field that somebody else has changed: how it is now, and what was typed here. `ours`: changed here as well."""

    name: str
    label: str
    theirs: str
    typed: str
    ours: bool


def version_told(text: str) -> int:
    """Return the version that a page was sent with; 0, which nothing has, if it is no number."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


class VersionedForm(forms.Form):
    """A form of a record that others may change meanwhile. `initial` has the record's `version`.

    It carries what it said when it was opened, so that a field that only the other has changed takes the other's value.
    Fields ticked under `theirs` take it, too. A page that shows it includes console/parts/version.html.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    base = forms.CharField(widget=forms.HiddenInput, required=False, max_length=_LONGEST_BASE)

    def __init__(self, data: QueryDict | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.differing: list[Differing] = []
        self.says_the_same = False  # once set against the present record: it is already as it was typed
        if not self.is_bound:
            self.initial["base"] = json.dumps({name: _plain(self[name].value()) for name in self._names()})
        elif isinstance(self.data, QueryDict) and (wanted := self.data.getlist("theirs")):
            base, taken = self._base(), self.data.copy()
            for name in set(wanted) & base.keys():
                _put(taken, name, base[name])
            self.data = taken

    def set_against(self, present: Mapping[str, Any]) -> None:
        """Show the record as it is now beside what was typed; sent again, this form is of the present version.

        `present` is what the form's `initial` would be now.
        """
        self.says_the_same = all(_plain(present.get(name)) == _plain(self[name].value()) for name in self._names())
        base, told = self._base(), self.data.copy() if isinstance(self.data, QueryDict) else QueryDict(mutable=True)
        for name in self._names():
            theirs, typed = _plain(present.get(name)), _plain(self[name].value())
            was = base.get(name)  # None: it has forgotten, so that nothing can be told from what was typed here
            if theirs in (typed, was):
                continue
            ours = typed != was
            if not ours:
                _put(told, name, theirs)
            label = str(self[name].label)
            self.differing.append(Differing(name, label, self._said(name, theirs), self._said(name, typed), ours))
        told["version"] = str(present["version"])
        told["base"] = json.dumps({name: _plain(present.get(name)) for name in self._names()})
        self.data = told

    def _names(self) -> Iterator[str]:
        return (name for name in self.fields if name not in _OWN)

    def _base(self) -> dict[str, Plain]:
        try:
            known = json.loads(self.data.get("base") or "{}")
        except (ValueError, RecursionError):  # the latter: of thousands of brackets
            return {}
        if not isinstance(known, dict):
            return {}
        names = set(self._names())
        lists = {name: value for name, value in known.items() if name in names and isinstance(value, list)}
        return {name: [str(each) for each in value] for name, value in lists.items()}

    def _said(self, name: str, value: Plain) -> str:
        field = self.fields[name]
        if isinstance(field, forms.BooleanField):
            return gettext("yes") if value else gettext("no")
        words = {
            str(key): str(text) for key, text in getattr(field, "choices", ()) if not isinstance(text, list | tuple)
        }
        return ", ".join(words.get(each, " · ".join(each.splitlines())) for each in value) or gettext("nothing")


def _plain(value: object) -> Plain:
    if value is None or value is False or value == "":
        return []
    if value is True:
        return ["on"]
    if isinstance(value, date):
        return [value.isoformat()]
    if isinstance(value, list | tuple | set | frozenset):
        return sorted(str(each) for each in value)
    return [str(value).replace("\r\n", "\n").strip()]


def _put(data: QueryDict, name: str, value: Plain) -> None:
    if value:
        data.setlist(name, list(value))
    else:
        data.pop(name, None)

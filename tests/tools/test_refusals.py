"""What refusals say is read from modules, and what could not be translated is found."""

import ast
from pathlib import Path

import polib
import pytest

from tools import messages, refusals, rules
from tools.rules import Module

HEAD = "from tessera.core.errors import Conflict\nfrom tessera.core.phrases import counted, said\n"
GOOD = {
    "a literal": 'raise Conflict("it is over")',
    "one of two": 'raise Conflict("it is over" if late else said("{plan} is full", plan=plan))',
    "values": 'raise Conflict(said("{plan} is full until {day:%d %b}", plan=plan.name, day=day), pointer="/plan")',
    "a number": 'raise Conflict(counted("{number} key", "{number} keys", number=many))',
    "handed on": "raise Conflict(refusal.detail)",
    "made elsewhere in the module": 'def why() -> Phrase:\n    return said("x")\nraise Conflict(why())',
    "in the reader's language": 'raise Conflict(gettext("%(a)s is full") % {"a": 1})',
    "no refusal": 'raise ValueError(f"{x} is odd")',
}
WRONG = {
    "an f-string": 'raise Conflict(f"{plan.name} is full")',
    "one of two": 'raise Conflict("it is over" if late else f"{plan} is full")',
    "percent": 'raise Conflict("%s is full" % plan)',
    "format": 'raise Conflict("{} is full".format(plan))',
    "put together": 'raise Conflict("full: " + plan)',
    "by a name": 'text = f"{plan} is full"\nraise Conflict(text)',
    "by a function": 'def why() -> str:\n    return f"{plan}"\nraise Conflict(why())',
    "made and not raised": 'return_it = Conflict(f"{plan} is full")',
    "what another is told to say": 'check(version, detail=f"it is {version}")',
    "a pattern of a variable": "raise Conflict(said(pattern, plan=plan))",
    "a value too few": 'raise Conflict(said("{plan} is full until {day}", plan=plan))',
    "a value too many": 'raise Conflict(said("{plan} is full", plan=plan, day=day))',
}


@pytest.mark.parametrize("code", GOOD.values(), ids=GOOD)
def test_what_can_be_translated_is_left_alone(code: str) -> None:
    assert list(refusals.faults(ast.parse(HEAD + code))) == []


@pytest.mark.parametrize("code", WRONG.values(), ids=WRONG)
def test_what_cannot_is_found(code: str) -> None:
    assert len(list(rules.refusal_text(Module.parse("plans/services.py", HEAD + code)))) == 1
    assert list(rules.refusal_text(Module.parse("events/queries.py", HEAD + code))) == []  # which no page shows


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package that refuses, with German."""
    package = tmp_path / "club"
    (package / "locale" / "de" / "LC_MESSAGES").mkdir(parents=True)
    code = (
        'raise Conflict(said("{plan} is full until {day}", plan=plan, day=day))\n'
        'raise Conflict("it is over" if late else said("{plan} is full", plan=plan))\n'
        'raise Conflict(counted("{number} key", "{number} keys", number=many))\n'
        "raise Conflict('write {\"keys\": 1}')\n"
    )
    (package / "services.py").write_text(HEAD + code)
    messages.write(package)
    return package


def test_what_is_refused_is_to_be_translated(package: Path) -> None:
    assert {(each.text, each.plural, each.braces) for each in messages.messages(package)} == {
        ("{plan} is full until {day}", "", True),
        ("it is over", "", False),
        ("{plan} is full", "", True),
        ("{number} key", "{number} keys", True),
        ('write {"keys": 1}', "", False),
    }


@pytest.mark.parametrize(
    ("translation", "right"),
    [
        ("bis {day} ist „{plan}“ voll", True), ("{plan} ist voll", False), ("{plan} ist voll bis {tag}", False),
        ("{plan} ist voll bis {day", False), ("%(plan)s ist voll bis %(day)s", False),
    ],
)  # fmt: skip
def test_a_translation_has_the_same_values(package: Path, translation: str, right: bool) -> None:
    found = polib.pofile(str(package / "locale/de/LC_MESSAGES/django.po"))
    for entry in found:
        if entry.msgid_plural:
            entry.msgstr_plural = {0: "{number} Schlüssel", 1: "{number} Schlüssel"}
        else:
            entry.msgstr = translation if entry.msgid.endswith("{day}") else entry.msgid
    found.save()
    messages.write(package)
    wrong = [finding.text for finding in messages.check(package, root=package.parent)]
    assert wrong == [] if right else "has other placeholders" in wrong[0]


def test_a_package_whose_refusals_are_shown_has_catalogues(tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "services.py").write_text(HEAD + 'raise Conflict("it is over")\n')
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "queries.py").write_text(HEAD + 'raise Conflict("it is over")\n')
    (found,) = messages.without(tmp_path)
    assert "plans has no folder `locale`" in found.text
    (tmp_path / "plans" / "locale").mkdir()
    assert list(messages.without(tmp_path)) == []

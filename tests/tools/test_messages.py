"""Catalogues hold exactly what the code says, translated with the same placeholders, compiled."""

from collections.abc import Callable
from pathlib import Path

import polib
import pytest

from tools import messages

TEMPLATE = """{# parts/mail.html #}
{% extends "base.html" %}{% load i18n %}
<p class="x">
  {% if until %}
    {% blocktranslate with day=until|date:"j M" %}It ends on {{ day }}, at 100 %.{% endblocktranslate %}
  {% else %}
        {% translate "It does not end." %}
  {% endif %}
  {% blocktranslate count many=days %}one day{% plural %}{{ many }} days{% endblocktranslate %}
  {% blocktranslate trimmed context "button" %}
    Leave
    now
  {% endblocktranslate %}
  <input value="{{ _('Enter') }}" title={% translate 'To' context "mail" %}>
</p>
"""
MODULE = '''
from django.utils.translation import gettext, ngettext, pgettext
def said(n: int) -> str:
    """Return gettext("in a docstring")."""
    seats = ngettext("%(n)d seat", "%(n)d seats", n)
    return gettext("Ends %(when)s") + seats + pgettext("mail", "To") + gettext("Leave")
'''


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with a module, a template and German."""
    package = tmp_path / "club"
    (package / "templates" / "club").mkdir(parents=True)
    (package / "templates" / "club" / "mail.html").write_text(TEMPLATE)
    (package / "said.py").write_text(MODULE)
    (package / "locale" / "de" / "LC_MESSAGES").mkdir(parents=True)
    return package


def catalogue(package: Path) -> polib.POFile:
    return polib.pofile(str(package / "locale/de/LC_MESSAGES/django.po"))


def translated(package: Path, change: Callable[[polib.POEntry], None] = lambda entry: None) -> None:
    """Write the catalogue with a right translation for everything, then `change` each."""
    messages.write(package)
    found = catalogue(package)
    for entry in found:
        if entry.msgid_plural:
            entry.msgstr_plural = {0: f"x {entry.msgid}", 1: f"x {entry.msgid_plural}"}
        else:
            entry.msgstr = f"x {entry.msgid}"
        change(entry)
    found.save()
    messages.write(package)


def findings(package: Path) -> list[str]:
    return [finding.text for finding in messages.check(package, root=package.parent)]


def test_templates_and_modules_are_read_without_gnu_gettext(package: Path) -> None:
    found = {(each.context, each.text, each.plural): each.places for each in messages.messages(package)}
    template, module = "templates/club/mail.html", "said.py"
    assert found == {
        ("", "It ends on %(day)s, at 100 %%.", ""): [template],
        ("", "It does not end.", ""): [template],
        ("", "one day", "%(many)s days"): [template],
        ("button", "Leave now", ""): [template],
        ("", "Enter", ""): [template],
        ("mail", "To", ""): [module, template],
        ("", "Ends %(when)s", ""): [module],
        ("", "%(n)d seat", "%(n)d seats"): [module],
        ("", "Leave", ""): [module],
    }


def test_a_complete_catalogue_is_clean_and_django_reads_what_was_compiled(package: Path) -> None:
    translated(package)
    assert findings(package) == []
    compiled = polib.mofile(str(package / "locale/de/LC_MESSAGES/django.mo"))
    assert {entry.msgid: entry.msgstr for entry in compiled}["Ends %(when)s"] == "x Ends %(when)s"


def test_bringing_it_up_to_date_keeps_what_is_translated_and_drops_what_is_gone(package: Path) -> None:
    translated(package)
    (package / "said.py").write_text('from django.utils.translation import gettext\nx = gettext("New")\n')
    assert any("not up to date" in each for each in findings(package))

    messages.write(package)
    now = {entry.msgid: entry.msgstr for entry in catalogue(package)}
    assert now["It does not end."] == "x It does not end."
    assert now["New"] == ""
    assert "Leave" not in now
    assert findings(package) == ["'New' is not translated"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda entry: setattr(entry, "msgstr", "endet"), "has other placeholders"),
        (lambda entry: setattr(entry, "msgstr", "endet %(wann)s"), "has other placeholders"),
        (lambda entry: setattr(entry, "msgstr", ""), "is not translated"),
        (lambda entry: entry.flags.append("fuzzy"), "is marked fuzzy"),
        (lambda entry: setattr(entry, "msgstr", "endet %(when)s."), "ends without a stop"),
        (lambda entry: setattr(entry, "msgstr", " endet %(when)s"), "white space around it"),
    ],
    ids=["missing", "another", "empty", "fuzzy", "stop", "space"],
)
def test_a_wrong_translation_is_found(package: Path, wrong: Callable[[polib.POEntry], None], said: str) -> None:
    translated(package, lambda entry: wrong(entry) if entry.msgid == "Ends %(when)s" else None)
    (found,) = findings(package)
    assert "'Ends %(when)s'" in found
    assert said in found


def test_each_form_of_a_plural_is_looked_at(package: Path) -> None:
    def lose_one(entry: polib.POEntry) -> None:
        if entry.msgid == "%(n)d seat":
            entry.msgstr_plural = {0: "ein Platz", 1: ""}

    translated(package, lose_one)
    assert [each.partition("' ")[2].split(" its")[0] for each in findings(package)] == [
        "has other placeholders than",
        "is not translated",
    ]


def test_a_compiled_catalogue_that_is_stale_is_found(package: Path) -> None:
    translated(package)
    compiled = package / "locale/de/LC_MESSAGES/django.mo"
    compiled.write_bytes(compiled.read_bytes()[:-1] + b"?")
    assert findings(package) == ["is not what the .po says: run `make messages`"]
    compiled.unlink()
    assert findings(package) == ["is not what the .po says: run `make messages`"]


def test_a_package_without_a_language_is_found(tmp_path: Path) -> None:
    (tmp_path / "club" / "locale").mkdir(parents=True)
    assert findings(tmp_path / "club") == ["has a folder `locale` with no language in it"]


def test_the_products_catalogues_are_clean() -> None:
    assert {package.name for package in messages.packages()} >= {"notices", "organizations", "plans"}
    assert [str(finding) for package in messages.packages() for finding in messages.check(package)] == []
    assert [str(finding) for finding in (*messages.without(), *messages.contradictions(messages.packages()))] == []


def test_what_two_packages_say_differently_is_found(package: Path) -> None:
    translated(package)
    other = package.parent / "pool"
    (other / "locale" / "de" / "LC_MESSAGES").mkdir(parents=True)
    (other / "said.py").write_text('from django.utils.translation import gettext\nx = gettext("Leave")\n')
    messages.write(other)
    found = catalogue(other)
    found[0].msgstr = "Gehen"
    found.save()
    (finding,) = messages.contradictions([package, other], root=package.parent)
    assert "'Leave' is 'Gehen' here and 'x Leave' elsewhere" in finding.text
    found[0].msgstr = "x Leave"
    found.save()
    assert list(messages.contradictions([package, other], root=package.parent)) == []

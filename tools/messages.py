"""The catalogues of translations: `make messages` brings them up to date, `make check` finds what is wrong with them.

Every package with a folder `locale` has catalogues; a language is a folder in it (`locale/de/LC_MESSAGES`). What is to
be translated is read from the package's modules and templates, without GNU gettext: templates become something like
Python by Django's own `templatize`, and Babel reads both. The compiled `.mo` are part of the repository, so that an
installation needs no tools.
"""

import ast
import io
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polib
from babel.messages.extract import extract
from babel.messages.plurals import get_plural
from django.conf import settings
from django.utils.translation.template import templatize

from tools import refusals
from tools.findings import ROOT, SOURCE, Finding, report

_KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_TEMPLATES = (".html", ".txt")
_BRACES = "python-brace-format"
_PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]|%%")


@dataclass(slots=True)
class Message:
    """Something to be translated. `plural` is empty where there is none; `places` are files of the package."""

    text: str
    plural: str = ""
    context: str = ""
    places: list[str] = field(default_factory=list)
    braces: bool = False

    @property
    def flags(self) -> list[str]:
        """What is put into it, and how: by %(name)s, or by {name} where it is a refusal's."""
        if self.braces:
            return [_BRACES]
        return ["python-format"] if _PLACEHOLDER.search(self.text) or _PLACEHOLDER.search(self.plural) else []


def packages(source: Path = SOURCE) -> list[Path]:
    """Return the packages that have catalogues."""
    return sorted(folder.parent for folder in source.glob("*/locale"))


def languages(package: Path) -> list[str]:
    """Return the languages that a package is translated into."""
    return sorted(folder.parent.name for folder in package.glob("locale/*/LC_MESSAGES"))


def messages(package: Path) -> list[Message]:
    """Return what a package has to be translated, in the order of its files."""
    found: dict[tuple[str, str], Message] = {}
    for path in sorted(package.rglob("*")):
        if path.suffix not in (".py", *_TEMPLATES) or "migrations" in path.parts:
            continue
        place = path.relative_to(package).as_posix()
        for message in read(place, path.read_text(encoding="utf-8"), package=package.name):
            known = found.setdefault((message.context, message.text), message)
            known.plural = known.plural or message.plural
            if place not in known.places:
                known.places.append(place)
    return list(found.values())


def read(place: str, text: str, *, package: str) -> Iterator[Message]:
    """Yield what one file, a module or a template, has to be translated: what it says, and what it refuses with."""
    if place.endswith(_TEMPLATES):
        # What is not to be translated has become X, and stands where it stood: only the margin would mean something.
        text = "\n".join(line.lstrip() for line in templatize(text, origin=place).splitlines())
    for _, told, _, context in extract("python", io.BytesIO(text.encode()), keywords=_KEYWORDS):
        singular, plural = told if isinstance(told, tuple) else (told, "")
        if singular:
            yield Message(singular, plural or "", context or "")
    if place.endswith(".py") and refusals.shown(f"{package}/{place}"):
        for each in refusals.told(ast.parse(text)):
            yield Message(each.text, each.plural, braces=each.braces)


def updated(found: Sequence[Message], present: polib.POFile, language: str) -> polib.POFile:
    """Return a catalogue of exactly the messages found, with the translations that there are already."""
    catalogue = polib.POFile(wrapwidth=120)
    plural = get_plural(language)
    catalogue.metadata = {
        "Project-Id-Version": "Tessera",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": f"nplurals={plural.num_plurals}; plural={plural.plural_expr};",
    }
    known = {(entry.msgctxt or "", entry.msgid): entry for entry in present if not entry.obsolete}
    for message in found:
        before = known.get((message.context, message.text))
        entry = polib.POEntry(
            msgid=message.text,
            msgctxt=message.context or None,
            occurrences=[(place, "") for place in message.places],
            flags=message.flags,
            tcomment=before.tcomment if before else "",
        )
        if message.plural:
            entry.msgid_plural = message.plural
            forms = before.msgstr_plural if before else {}
            entry.msgstr_plural = {form: forms.get(form, "") for form in range(plural.num_plurals)}
        elif before is not None:
            entry.msgstr = before.msgstr
        if before is not None and "fuzzy" in before.flags:
            entry.flags.append("fuzzy")
        catalogue.append(entry)
    return catalogue


def _paths(package: Path, language: str) -> tuple[Path, Path]:
    folder = package / "locale" / language / "LC_MESSAGES"
    return folder / "django.po", folder / "django.mo"


def _present(path: Path) -> polib.POFile:
    return polib.pofile(str(path), wrapwidth=120) if path.exists() else polib.POFile(wrapwidth=120)


def write(package: Path) -> None:
    """Bring a package's catalogues up to date, and compile them."""
    found = messages(package)
    for language in languages(package):
        source, compiled = _paths(package, language)
        catalogue = updated(found, _present(source), language)
        source.write_text(f"{catalogue}\n", encoding="utf-8")
        compiled.write_bytes(catalogue.to_binary())


def check(package: Path, *, root: Path = ROOT) -> Iterator[Finding]:
    """Yield what is wrong with a package's catalogues."""
    found = messages(package)
    if not languages(package):
        yield Finding(package.relative_to(root).as_posix(), 0, "has a folder `locale` with no language in it")
    for language in languages(package):
        source, compiled = _paths(package, language)
        name = source.relative_to(root).as_posix()
        present = _present(source)
        if not source.exists() or source.read_text(encoding="utf-8") != f"{updated(found, present, language)}\n":
            yield Finding(name, 0, "is not up to date: run `make messages`")
        for entry in present:
            yield from (Finding(name, entry.linenum, fault) for fault in faults(entry))
        if not compiled.exists() or compiled.read_bytes() != present.to_binary():
            yield Finding(compiled.relative_to(root).as_posix(), 0, "is not what the .po says: run `make messages`")


def faults(entry: polib.POEntry) -> Iterator[str]:
    """Yield what is wrong with one translation."""
    shown = repr(entry.msgid if len(entry.msgid) <= 60 else f"{entry.msgid[:59]}…")
    if "fuzzy" in entry.flags:
        yield f"{shown} is marked fuzzy: read it again, then take the mark off"
    forms = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    wanted = [_placeholders(text, entry.flags) for text in (entry.msgid, entry.msgid_plural) if text]
    for form in forms:
        if not form:
            yield f"{shown} is not translated"
        elif _placeholders(form, entry.flags) not in wanted:
            yield f"{shown} has other placeholders than its translation {form!r}"
        elif form[-1:] in ".:?" and entry.msgid[-1:] not in ".:?":
            yield f"{shown} ends without a stop, its translation {form!r} with one"
        elif form.strip() != form and entry.msgid.strip() == entry.msgid:
            yield f"the translation of {shown} has white space around it"


def _placeholders(text: str, flags: Sequence[str]) -> set[str] | None:
    """What is put into a text; None if its braces do not fit together."""
    if _BRACES not in flags:
        return set(_PLACEHOLDER.findall(text))
    try:
        return refusals.fields(text)
    except ValueError:
        return None


def contradictions(packages: Sequence[Path], *, root: Path = ROOT) -> Iterator[Finding]:
    """Yield what two packages translate differently. Django has one catalogue of all: one of them would be ignored."""
    for language in sorted({language for package in packages for language in languages(package)}):
        known: dict[tuple[str, str], str] = {}
        for package in packages:
            source, _compiled = _paths(package, language)
            for entry in _present(source):
                form = entry.msgstr or "/".join(entry.msgstr_plural.values())
                other = known.setdefault((entry.msgctxt or "", entry.msgid), form)
                if form != other:
                    text = (
                        f"{entry.msgid!r} is {form!r} here and {other!r} elsewhere: say it alike, or give it a context"
                    )
                    yield Finding(source.relative_to(root).as_posix(), entry.linenum, text)


def without(source: Path = SOURCE) -> Iterator[Finding]:
    """Yield the packages whose refusals pages show, and that have no catalogues."""
    for package in sorted(path for path in source.iterdir() if path.is_dir() and not (path / "locale").exists()):
        for path in sorted(package.rglob("*.py")):
            place = path.relative_to(source).as_posix()
            if refusals.shown(place) and any(refusals.told(ast.parse(path.read_text(encoding="utf-8")))):
                yield Finding(f"src/tessera/{place}", 0, f"refuses, and {package.name} has no folder `locale`")
                break


def main(arguments: Sequence[str]) -> int:
    """Bring all catalogues up to date; with --check only say what is wrong, and return 1 if anything is."""
    if not settings.configured:
        settings.configure(USE_I18N=False)  # templatize asks for little more than that
    if "--check" in arguments:
        findings = [
            *without(),
            *contradictions(packages()),
            *(each for package in packages() for each in check(package)),
        ]
        many = sum(len(languages(package)) for package in packages())
        return report(findings, clean=f"{many} catalogues are complete and compiled")
    for package in packages():
        write(package)
    return report([finding for package in packages() for finding in check(package)], clean="up to date")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

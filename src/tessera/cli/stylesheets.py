"""Stylesheets that import others, made into one each: what is many files to read is one to load.

Each also works as it is written, where a browser follows its imports (docs/decisions/0034-one-stylesheet.md).
"""

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

_IMPORT: Final = re.compile(r'^@import "([^":]+)";\n', re.MULTILINE)
_ANY_IMPORT: Final = re.compile(r"^\s*@import\b", re.MULTILINE)
_RELATIVE: Final = re.compile(r"""url\((["']?)(?![a-z]+:|[/#])([^"')]+)\1\)""")


class NotJoinable(Exception):
    """A stylesheet imports another in a way that is not known here: on other conditions, or from elsewhere."""


def joined(name: str, read: Callable[[str], str]) -> str:
    """Return the stylesheet `name` with those it imports in the places of their imports, which keeps their order.

    What is relative in them stays right. Raises NotJoinable for an import that is not a line of its own.
    """
    folder = posixpath.dirname(name)

    def imported(found: re.Match[str]) -> str:
        part = posixpath.normpath(posixpath.join(folder, found[1]))
        return _moved(joined(part, read), posixpath.dirname(part), folder)

    text = _IMPORT.sub(imported, read(name))
    if _ANY_IMPORT.search(text):
        raise NotJoinable(f'{name}: write @import "file.css"; on a line of its own')
    return text


def _moved(text: str, here: str, there: str) -> str:
    """Return the text of a stylesheet in the folder `here` as it is written in the folder `there`."""

    def rebased(found: re.Match[str]) -> str:
        return f'url("{posixpath.relpath(posixpath.join("/", here, found[2]), posixpath.join("/", there))}")'

    return _RELATIVE.sub(rebased, text)


class JoinedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Static files compressed and under names of what is in them; stylesheets joined, scripts importing those names."""

    support_js_module_import_aggregation = True

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Join the stylesheets among what was collected, then hash and compress all of it."""
        for name in [each for each in paths if each.endswith(".css")]:
            written = self._text(name)
            text = joined(name, self._text)
            if text != written:
                self.delete(name)
                self.save(name, ContentFile(text.encode()))
                paths[name] = (self, name)
        yield from super().post_process(paths, dry_run, **options)

    def _text(self, name: str) -> str:
        with self.open(name) as file:
            return str(file.read().decode())

"""A language that nobody speaks: every translation is its message in other letters.

Where names and dates are in other letters too, a Latin letter that a reader sees was never given to gettext.
"""

import gettext
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.utils.translation import trans_real

from tessera.notices import languages

LOCALE = "el"  # its days, months and money have no Latin letters
_LATIN = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "αβψδεφγηιξκλμνοπϙρστθωςχυζΑΒΨΔΕΦΓΗΙΞΚΛΜΝΟΠϘΡΣΤΘΩΣΧΥΖ"
)
_PLACEHOLDER = re.compile(r"(%\(\w+\)[sd]|%%)")


def pseudo(text: str) -> str:
    """Return the text in other letters and in brackets, its placeholders as they are."""
    parts = _PLACEHOLDER.split(text)
    return "⟦" + "".join(part if n % 2 else part.translate(_LATIN) for n, part in enumerate(parts)) + "⟧"


class Pseudo(gettext.NullTranslations):
    """A catalogue with a translation for whatever it is asked."""

    def gettext(self, message: str) -> str:
        return pseudo(message) if message else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return pseudo(msgid1 if n == 1 else msgid2)

    def language(self) -> str:
        return LOCALE

    def to_language(self) -> str:
        return LOCALE


@contextmanager
def spoken_by_nobody() -> Iterator[None]:
    """Inside, mails are written in this language too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(languages, "LANGUAGES", (*languages.LANGUAGES, LOCALE))
        patch.setitem(trans_real._translations, LOCALE, Pseudo())  # type: ignore[attr-defined]
        yield

"""Rows that were left out, as a file: as they stand in theirs, each with the reason, to be mended and brought again."""

import csv
import io
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

from django.utils import translation
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from tessera.organizations.formatting import spoken
from tessera.transfer import queries
from tessera.transfer.cells import guarded
from tessera.transfer.queries import ImportFacts, LeftOut
from tessera.transfer.types import Outcome

_MARK = "\ufeff"
# What stands over the notes, in the reader's language; the heads before them are the file's own. None is the name of a
# field (`fields.py`), so that a mended file is understood as its columns were.
_NOTES: Final = (_("line"), _("outcome"), _("code"), _("field"), _("what would be right"))
_OUTCOMES: Final[Mapping[Outcome, object]] = {
    Outcome.SKIPPED: pgettext_lazy("of a row", "skipped"),
    Outcome.REFUSED: pgettext_lazy("of a row", "refused"),
}


def left_out_csv(found: ImportFacts) -> Iterator[str]:
    """Return the file in pieces, for a spreadsheet, in the language that is spoken now, when nothing was sent yet.

    Raises FileGone, before the first piece.
    """
    rows = queries.left_out(found)
    first = next(rows, None)
    return _written(found, chain([] if first is None else [first], rows), get_language() or "en")


def _written(found: ImportFacts, rows: Iterator[LeftOut], language: str) -> Iterator[str]:
    target = io.StringIO()
    writer = csv.writer(target, delimiter=found.delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    target.write(_MARK)
    with translation.override(language):
        writer.writerow([*map(guarded, found.headers), *map(str, _NOTES)])
    for each in rows:
        cells = [*each.line.cells, *[""] * (len(found.headers) - len(each.line.cells))]
        with translation.override(language):
            outcome, detail = str(_OUTCOMES[each.outcome]), spoken(each.detail)
        notes = [str(each.line.number), outcome, each.code, each.field, detail]
        writer.writerow([guarded(cell) for cell in [*cells, *notes]])
        yield target.getvalue()
        target.seek(0)
        target.truncate()
    yield target.getvalue()

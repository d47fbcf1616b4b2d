"""Rows that were left out, as a file: as they stand in theirs, each with the reason, to be mended and brought again."""

import csv
import io
from collections.abc import Iterator
from itertools import chain

from django.utils import translation
from django.utils.translation import get_language

from tessera.organizations.formatting import spoken
from tessera.transfer import queries
from tessera.transfer.cells import guarded
from tessera.transfer.queries import ImportFacts, LeftOut
from tessera.transfer.types import OUTCOME_NAMES

_MARK = "\ufeff"
_NOTES = ("line", "outcome", "code", "field", "what would be right")


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
    writer.writerow([*map(guarded, found.headers), *_NOTES])
    for each in rows:
        cells = [*each.line.cells, *[""] * (len(found.headers) - len(each.line.cells))]
        with translation.override(language):
            detail = spoken(each.detail)
        notes = [str(each.line.number), OUTCOME_NAMES[each.outcome], each.code, each.field, detail]
        writer.writerow([guarded(cell) for cell in [*cells, *notes]])
        yield target.getvalue()
        target.seek(0)
        target.truncate()
    yield target.getvalue()

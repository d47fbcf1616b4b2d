"""Rows of a file in UTF-8, read one after the other from any place where one begins; never more than one in memory."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from tessera.core.phrases import said
from tessera.transfer.errors import FileUnreadable
from tessera.transfer.limits import LONGEST_HEADER, LONGEST_RECORD, MOST_COLUMNS
from tessera.transfer.types import Line

DELIMITERS: Final = (",", ";", "\t")
_UNREADABLE: Final = said("its quotes cannot be read: a quote inside a quoted cell is written twice")
_TOO_LONG: Final = said("a cell or row that is far too long, or a quote that is never closed")


class _TooLongError(Exception):
    pass


@dataclass(slots=True)
class Place:
    """Where a row begins: bytes from the beginning of the file, and the line, the first being 1."""

    position: int = 0
    line: int = 1


class Reader:
    """Yields rows from `place` on, which always says where the next one begins. Blank rows are passed over."""

    def __init__(self, file: BinaryIO, *, delimiter: str, place: Place) -> None:
        self.place = place
        self._file, self._delimiter = file, delimiter
        self._start = self._after_first = place
        self._taken = 0

    def __iter__(self) -> Iterator[Line]:
        self._file.seek(self.place.position)
        rows = self._rows()
        while True:
            self._start, self._taken = Place(self.place.position, self.place.line), 0
            try:
                cells = next(rows)
            except StopIteration:
                return
            except (csv.Error, _TooLongError) as reason:
                # What comes after cannot be trusted: begin again on the line after the one that this row began on.
                line = self._start.line
                self.place = Place(self._after_first.position, self._after_first.line)
                self._file.seek(self.place.position)
                rows = self._rows()
                long = isinstance(reason, _TooLongError) or "limit" in str(reason)
                yield Line(line, fault=_TOO_LONG if long else _UNREADABLE)
                continue
            if any(cell.strip() for cell in cells):
                yield Line(self._start.line, tuple(cells))

    def _rows(self) -> Iterator[list[str]]:
        return csv.reader(self._lines(), delimiter=self._delimiter, strict=True)

    def _lines(self) -> Iterator[str]:
        while raw := self._file.readline(LONGEST_RECORD):
            size = len(raw)
            whole = raw.endswith(b"\n") or size < LONGEST_RECORD
            while not whole:  # far too long: passed over without being kept
                more = self._file.readline(LONGEST_RECORD)
                size += len(more)
                whole = more.endswith(b"\n") or len(more) < LONGEST_RECORD
            self.place = Place(self.place.position + size, self.place.line + 1)
            if self._taken == 0:
                self._after_first = self.place
            self._taken += size
            if self._taken > LONGEST_RECORD:
                raise _TooLongError
            yield raw.decode()


def header_of(file: BinaryIO) -> tuple[str, list[str], Place]:
    """Return the delimiter, the headers and where the first row begins.

    The delimiter is the one of `, ;` and tab that makes the most columns of the first row. A header that is empty or
    comes twice gets a name that tells it apart. Raises FileUnreadable if there is no header, or too many columns.
    """
    found: list[tuple[int, str, list[str], Place]] = []
    for delimiter in DELIMITERS:
        reader = Reader(file, delimiter=delimiter, place=Place())
        first = next(iter(reader), None)
        if first is None:
            raise FileUnreadable("the file is empty")
        if not first.fault:
            found.append((len(first.cells), delimiter, list(first.cells), reader.place))
    if not found:
        raise FileUnreadable(said("the first row, which names the columns, cannot be read: {why}", why=_UNREADABLE))
    many, delimiter, cells, place = max(found, key=lambda each: each[0])
    if many > MOST_COLUMNS:
        raise FileUnreadable(
            said(
                "the file has {many} columns, more than {most}: leave out what is not needed",
                many=many,
                most=MOST_COLUMNS,
            )
        )
    return delimiter, _told_apart(cells), place


def _told_apart(cells: list[str]) -> list[str]:
    headers: list[str] = []
    taken: set[str] = set()
    for place, cell in enumerate(cells, start=1):
        bare = "".join(each if each.isprintable() else " " for each in cell)
        name = " ".join(bare.split())[:LONGEST_HEADER] or f"({place})"
        plain, again = name, 1
        while name.casefold() in taken:
            again += 1
            name = f"{plain} ({again})"
        taken.add(name.casefold())
        headers.append(name)
    return headers

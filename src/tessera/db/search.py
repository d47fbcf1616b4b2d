"""Finding texts by parts of their words, in one organization, on both databases alike (docs/decisions/0018-search.md).

Beside a table of texts stands an inverted index of marks: numbers made of an organization's salt and of three letters
that follow each other, of the first one or two letters of a word, or of the last two digits of a phone number. SQLite
keeps it as a table of FTS5 without content, PostgreSQL as an array with a GIN index: neither needs an extension, and
because of the salt no mark of one organization is one of another. What the index finds is compared with the text
itself, so that the answer is that of reading all texts.

A text is lines that begin with a line feed; a line that ends with a tab may be asked for by its last two characters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final
from zlib import crc32

from django.db import connection

LINE: Final = "\n"
TAIL: Final = "\t"  # after what is also known by its end, such as a phone number
_GRAM: Final = 3
_TAIL: Final = 2
_MOST_WORDS: Final = 8
_MOST_LETTERS: Final = 60  # of a word that is asked for


@dataclass(frozen=True, slots=True)
class Part:
    """One thing a text has to hold: any of `needles`, each of which has all the marks of its place in `marks`."""

    needles: tuple[str, ...]
    marks: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Asked:
    """What is looked for: all parts of any of the `ways`. Without ways nothing is found."""

    ways: tuple[tuple[Part, ...], ...]

    @cached_property
    def impossible(self) -> bool:
        return not self.ways


@dataclass(frozen=True, slots=True)
class Entry:
    """A text to be put into the index or taken out of it, by its row's number."""

    id: int
    salt: int
    text: str


def salt_of(*parts: bytes) -> int:
    """Return what keeps the marks of one kind of record of one organization apart from all others."""
    return crc32(b"/".join(parts))


def asked(words: Iterable[Sequence[str]], *, salt: int) -> Asked:
    """Return what is looked for: a text with all words of any of the sequences, each without white space.

    A word of one or two letters begins a word of the text (or, two digits, ends a phone number); a longer one is found
    anywhere in it. Of a sequence eight words count.
    """
    ways = [tuple(_part(word[:_MOST_LETTERS], salt) for word in each[:_MOST_WORDS]) for each in words if each]
    return Asked(tuple(dict.fromkeys(ways)))


def is_in(text: str, what: Asked) -> bool:
    """Whether a text is one of those looked for: what the index must agree with."""
    return any(all(any(needle in text for needle in part.needles) for part in way) for way in what.ways)


def marks_of(text: str, salt: int) -> set[int]:
    """Return the marks of a text: numbers of 32 bits."""
    found: set[int] = set()
    for line in text.split(LINE):
        for word in line.split():
            # Names come again and again, addresses and numbers do not.
            found.update(_of_name(word, salt) if word.isalpha() else _of_word(word, salt))
        if line.endswith(TAIL):
            found.add(_mark("$" + line[-_TAIL - 1 : -1], salt))
    return found


def _of_word(word: str, salt: int) -> tuple[int, ...]:
    letters = _bytes(word)
    grams = range(len(word) - _GRAM + 1)
    if len(letters) == len(word):  # written so for speed: this is what indexing costs most
        marks = [crc32(letters[start : start + _GRAM], salt) for start in grams]
    else:
        marks = [_mark(word[start : start + _GRAM], salt) for start in grams]
    return _mark("^" + word[:1], salt), _mark("^" + word[:2], salt), *marks


_of_name = lru_cache(maxsize=20_000)(_of_word)


def _mark(text: str, salt: int) -> int:
    return crc32(_bytes(text), salt)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _part(word: str, salt: int) -> Part:
    if len(word) >= _GRAM:
        # Parts that touch are enough to find it: the text is compared with the whole word anyway.
        starts = {*range(0, len(word) - _GRAM + 1, _GRAM), len(word) - _GRAM}
        return Part((word,), (tuple(_mark(word[start : start + _GRAM], salt) for start in sorted(starts)),))
    needles, marks = [LINE + word, " " + word], [(_mark("^" + word, salt),)] * 2
    if len(word) == _TAIL and word.isdigit():
        needles.append(word + TAIL)
        marks.append((_mark("$" + word, salt),))
    return Part(tuple(needles), tuple(marks))


@dataclass(frozen=True, slots=True)
class TextIndex:
    """The index beside `table`, whose rows have a numeric `id` and a `text`; its own name is `table`_marks."""

    table: str

    @property
    def marks(self) -> str:
        return f"{self.table}_marks"

    def creation(self, vendor: str) -> tuple[str, ...]:
        """Return the statements that lay the index."""
        if vendor == "sqlite":
            return (
                f"CREATE VIRTUAL TABLE {self.marks} USING fts5"
                "(marks, content='', detail=none, columnsize=0, tokenize='ascii')",
            )
        return (
            f"ALTER TABLE {self.table} ADD COLUMN marks integer[]",
            f"CREATE INDEX {self.marks} ON {self.table} USING gin (marks) WITH (gin_pending_list_limit = 1024)",
        )

    def removal(self, vendor: str) -> tuple[str, ...]:
        """Return the statements that take it away again."""
        if vendor == "sqlite":
            return (f"DROP TABLE {self.marks}",)
        return (f"DROP INDEX {self.marks}", f"ALTER TABLE {self.table} DROP COLUMN marks")

    @property
    def in_rows(self) -> bool:
        """Whether marks are a column of the table, so that a row is best written with `marks_as_written` at once."""
        return connection.vendor == "postgresql"

    def put(self, entries: Sequence[Entry]) -> None:
        """Index texts whose rows have been written, and that are not in the index."""
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.executemany(
                    f"INSERT INTO {self.marks} (rowid, marks) VALUES (%s, %s)",
                    [(each.id, _as_words(each)) for each in entries],
                )
            else:
                cursor.executemany(
                    f"UPDATE {self.table} SET marks = %s WHERE id = %s",
                    [(marks_as_written(each.text, each.salt), each.id) for each in entries],
                )

    def take_out(self, entries: Sequence[Entry]) -> None:
        """Take texts out, told as they were put in; on PostgreSQL they go with their rows."""
        if connection.vendor == "sqlite" and entries:
            with connection.cursor() as cursor:
                cursor.executemany(
                    f"INSERT INTO {self.marks} ({self.marks}, rowid, marks) VALUES ('delete', %s, %s)",
                    [(each.id, _as_words(each)) for each in entries],
                )

    def found(self, what: Asked, *, column: str, limit: int | None = None) -> tuple[str, list[Any]]:
        """Return the statement, with its parameters, for `column` of the rows that are looked for, `limit` at most."""
        on_sqlite = connection.vendor == "sqlite"
        ways: list[str] = []
        parameters: list[str] = []
        for way in what.ways:
            conditions = []
            for part in way:
                inside = "instr(e.text, %s) > 0" if on_sqlite else "strpos(e.text, %s) > 0"
                conditions.append(f"({' OR '.join([inside] * len(part.needles))})")
                parameters += part.needles
            ways.append(f"({' AND '.join(conditions)})")
        compared = " OR ".join(ways) or "1 = 0"
        end = "" if limit is None else f" LIMIT {int(limit)}"
        if on_sqlite:
            sql = (
                f"SELECT e.{column} FROM {self.marks} m CROSS JOIN {self.table} e"
                f" WHERE m.{self.marks} MATCH %s AND e.id = m.rowid AND ({compared}) AND e.{column} IS NOT NULL{end}"
            )
            return sql, [_as_match(what), *parameters]
        condition, marks = _as_arrays(what)
        sql = f"SELECT e.{column} FROM {self.table} e WHERE ({condition}) AND ({compared})"
        return f"{sql} AND e.{column} IS NOT NULL{end}", [*marks, *parameters]


def _as_words(entry: Entry) -> str:
    return " ".join([f"{mark:x}" for mark in marks_of(entry.text, entry.salt)])


def marks_as_written(text: str, salt: int) -> str:
    """Return the marks of a text as PostgreSQL writes an array: its driver takes ten times as long for a list."""
    return f"{{{str(as_array(marks_of(text, salt)))[1:-1]}}}"


def as_array(marks: Iterable[int]) -> list[int]:
    """Return marks as PostgreSQL's integers, which have a sign."""
    return [mark - (1 << 32) if mark >= 1 << 31 else mark for mark in marks]


def _as_match(what: Asked) -> str:
    """What is looked for in the language of FTS5."""
    ways = []
    for way in what.ways:
        parts = []
        for part in way:
            sets = [" AND ".join(f'"{mark:x}"' for mark in each) for each in dict.fromkeys(part.marks)]
            parts.append(" OR ".join(f"({each})" for each in sets))
        ways.append(" AND ".join(f"({each})" for each in parts))
    return " OR ".join(f"({each})" for each in ways)


def _as_arrays(what: Asked) -> tuple[str, list[Any]]:
    conditions: list[str] = []
    parameters: list[list[int]] = []
    for way in what.ways:
        parts = []
        for part in way:
            sets = list(dict.fromkeys(part.marks))
            parts.append(f"({' OR '.join(['e.marks @> %s::integer[]'] * len(sets))})")
            parameters += [as_array(each) for each in sets]
        conditions.append(f"({' AND '.join(parts)})")
    return " OR ".join(conditions) or "false", parameters

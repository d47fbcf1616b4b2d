"""A list of e-mail addresses as somebody pastes it: from a mail, a table, a note; with names or without."""

import re
from dataclasses import dataclass
from typing import Final

from tessera.core.errors import TesseraError
from tessera.core.phrases import said
from tessera.people import details

MOST: Final = 500
LONGEST: Final = 100_000  # characters of the whole list
_ADDRESS: Final = re.compile(r"[^\s,;<>()\"']+@[^\s,;<>()\"']+")
_AROUND: Final = " \t,;:<>()\"'[]"
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """What one part of the list says. `key` is what the address is compared by, empty if it cannot be read.

    `problem` says why it cannot be read.
    """

    text: str
    address: str = ""
    key: str = ""
    first_name: str = ""
    last_name: str = ""
    problem: str = ""


def parsed(text: str) -> list[Entry]:
    """Return what a list says, in its order: one entry for each address, and one for each line that holds none.

    Understood are "ada@acme.example", "Ada Lovelace <ada@acme.example>", "Lovelace, Ada <ada@acme.example>", and cells
    of a table on one line, name first or last. What is left over is not lost: it is an entry with a problem.
    """
    return [entry for line in text[:LONGEST].splitlines() for entry in _of_line(line)]


def _of_line(line: str) -> list[Entry]:
    found = list(_ADDRESS.finditer(line))
    if not found:
        rest = line.strip(_AROUND)
        return [Entry(rest[:_LONGEST_NAME], problem=said("there is no e-mail address in it"))] if rest else []
    entries, begins = [], 0
    for match in found:
        entries.append(_entry(match.group(), line[begins : match.start()]))
        begins = match.end()
    if len(found) == 1 and not entries[0].first_name + entries[0].last_name:
        return [_entry(found[0].group(), line[begins:])]
    return entries


def _entry(address: str, name: str) -> Entry:
    address = address.removeprefix("mailto:").rstrip(".:")
    first, last = _names(name)
    try:
        kept = details.email(address, pointer="")
    except TesseraError as refusal:
        return Entry(address[:_LONGEST_NAME], problem=refusal.detail)
    return Entry(address, kept, details.email_key(kept), first, last)


def _names(text: str) -> tuple[str, str]:
    """Return first and last name of "Ada Lovelace", "Lovelace, Ada" or the cells "Ada<tab>Lovelace"."""
    cells = [part.strip(_AROUND) for part in re.split(r"[\t;]", text.strip(_AROUND)) if part.strip(_AROUND)]
    words = " ".join(cells)
    if words.count(",") == 1 and len(cells) == 1:
        last, _comma, first = words.partition(",")
        return first.strip(_AROUND)[:_LONGEST_NAME], last.strip(_AROUND)[:_LONGEST_NAME]
    first, _space, last = words.replace(",", " ").strip().rpartition(" ")
    return (first.strip()[:_LONGEST_NAME], last[:_LONGEST_NAME]) if first else (last[:_LONGEST_NAME], "")

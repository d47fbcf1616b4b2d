"""A row of a file as fields: cells by the mapping, constants where a cell is missing or empty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tessera.core import local_time
from tessera.core.errors import TesseraError
from tessera.core.phrases import phrase, said
from tessera.events.types import Actor
from tessera.organizations.models import Organization
from tessera.transfer import cells
from tessera.transfer.errors import CellInvalid
from tessera.transfer.types import Line, Outcome, Result, Setup


@dataclass(frozen=True, slots=True)
class Task:
    """For whom, by whom, when and how a block of rows is worked on."""

    organization: Organization
    at: datetime
    actor: Actor
    setup: Setup
    zone: ZoneInfo


def values_of(line: Line, setup: Setup, headers: int) -> dict[str, str]:
    """Return the fields of a row that are not empty. Raises CellInvalid if it has more cells than there are headers."""
    if any(cell.strip() for cell in line.cells[headers:]):
        raise CellInvalid(
            said(
                "the row has {cells} cells, but there are {headers} headers: put cells with a comma into quotes",
                cells=len(line.cells),
                headers=headers,
            )
        )
    found = {name: text for name, value in setup.constants.items() if (text := cells.plain(value))}
    for name, place in setup.columns.items():
        if place < len(line.cells) and (text := cells.plain(line.cells[place])):
            found[name] = text
    return found


def refused(refusal: TesseraError) -> Result:
    """Return a refusal as what became of a row."""
    field = (refusal.pointer or "").strip("/").partition("/")[0]
    named = refusal.extra.get("holder") or refusal.extra.get("matches") or refusal.extra.get("membership")
    more = ", ".join(map(str, named)) if isinstance(named, list | tuple) else str(named or "")
    detail = said("{reason} ({more})", reason=phrase(refusal.detail), more=more) if more else refusal.detail
    return Result(Outcome.REFUSED, refusal.code, field, detail)


def interval(values: Mapping[str, str], task: Task) -> tuple[datetime | None, datetime | None]:
    """Return when a row starts and ends, exclusively; None for what it does not say.

    Raises CellInvalid for what is no day, and if a last day and an exact end contradict each other.
    """
    order = task.setup.dates
    starts = _instant(values, "starts_at", task)
    ends = _instant(values, "ends_at", task)
    if (text := values.get("last_day")) is None:
        return starts, ends
    last = cells.day(text, order, "last_day")
    if ends is not None and local_time.last_day(ends, task.zone) != last:
        raise CellInvalid("the last day and the exact end are not of the same day", pointer="/last_day")
    try:
        return starts, ends or local_time.day_start(last + timedelta(days=1), task.zone)
    except OverflowError as reason:
        raise CellInvalid("a day that far away cannot be", pointer="/last_day") from reason


def _instant(values: Mapping[str, str], name: str, task: Task) -> datetime | None:
    text = values.get(name)
    return None if text is None else cells.instant(text, task.setup.dates, task.zone, name)


def boolean(values: Mapping[str, str], name: str) -> bool | None:
    """Return a yes or no, None if the row does not say. Raises CellInvalid."""
    text = values.get(name)
    return None if text is None else cells.yes_or_no(text, name)


def joined(values: Mapping[str, str], *names: str) -> list[str]:
    """Return what several fields list, in order, each once."""
    return list(dict.fromkeys(each for name in names for each in cells.several(values.get(name, ""))))


Results = Sequence[Result]

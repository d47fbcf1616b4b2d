"""Rows that are written one after the other, each as if it were asked for by itself."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from tessera.core.errors import TesseraError
from tessera.transfer import rows
from tessera.transfer.naming import Names
from tessera.transfer.rows import Task
from tessera.transfer.seen import Seen
from tessera.transfer.types import Result

Told = TypeVar("Told")


def written(
    found: Sequence[tuple[int, Told]], task: Task, seen: Seen, write: Callable[[int, Told, Task, Seen, Names], Result]
) -> list[Result]:
    """Write the rows in order, inside the caller's transaction; return what became of each, refusals too."""
    names = Names(task.organization)
    results = []
    for line, told in found:
        try:
            results.append(write(line, told, task, seen.earlier(found[0][0]), names))
        except TesseraError as refusal:
            results.append(rows.refused(refusal))
    return results

"""What was measured against what was aimed at, and the table of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True)
class Result:
    """One measurement. `value` and `bound` have the same unit; null: could not be measured, and `note` says why."""

    what: str
    database: str
    bound: float
    at_most: bool  # whether the target is an upper bound; else it is a lower one
    unit: str
    value: float | None
    note: str = ""

    @property
    def verdict(self) -> str:
        """`met`, `not reached`, or `not measured`."""
        if self.value is None:
            return "not measured"
        met = self.value <= self.bound if self.at_most else self.value >= self.bound
        return "met" if met else NOT_REACHED

    def line(self) -> str:
        """The result as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, line: str) -> Self:
        """Inverse of `line`."""
        return cls(**json.loads(line))


def table(results: Sequence[Result]) -> str:
    """Return the results as text in columns."""
    rows = [("what", "on", "target", "measured", "")]
    for each in results:
        sign = "<=" if each.at_most else ">="
        measured = "-" if each.value is None else f"{each.value:.2f}{each.unit}"
        rows.append((each.what, each.database, f"{sign} {each.bound:g}{each.unit}", measured, each.verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    notes = [f"  {each.what} ({each.database}): {each.note}" for each in results if each.note]
    return "\n".join([*lines, "", *notes])

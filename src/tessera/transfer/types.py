"""The words imports and exports are described with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tessera.core.phrases import said


class Kind(StrEnum):
    """What the rows of an import are."""

    CUSTOMERS = "customers"
    COMPANIES = "companies"
    AFFILIATIONS = "affiliations"
    MEMBERSHIPS = "memberships"


class ImportStatus(StrEnum):
    """Where an import is on its way. Everything before `running` has written nothing but the import itself."""

    UPLOADED = "uploaded"
    CHECKING = "checking"
    CHECKED = "checked"
    RUNNING = "running"
    DONE = "done"
    CANCELED = "canceled"
    FAILED = "failed"


WORKING = (ImportStatus.CHECKING, ImportStatus.RUNNING)
OVER = (ImportStatus.DONE, ImportStatus.CANCELED, ImportStatus.FAILED)


class ExportStatus(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Phase(StrEnum):
    """Whether a block was only tried, or written."""

    CHECK = "check"
    RUN = "run"


class Outcome(StrEnum):
    """What became of a row, as one letter: a block of five hundred keeps five hundred letters."""

    CREATED = "c"
    UPDATED = "u"
    SKIPPED = "s"
    REFUSED = "r"


OUTCOME_NAMES: Mapping[Outcome, str] = {each: each.name.lower() for each in Outcome}


class Policy(StrEnum):
    """What happens to a row that is known already."""

    SKIP = "skip"
    UPDATE = "update"
    REFUSE = "refuse"


class DateOrder(StrEnum):
    """How days are written. 2026-03-31 is understood whichever is chosen."""

    ISO = "iso"
    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


class Match(StrEnum):
    """What tells that a row is known already."""

    EXTERNAL_ID = "external_id"
    NUMBER = "number"
    EMAIL = "email"
    VERIFIED_EMAIL = "verified_email"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Setup:
    """What the person who imports has said about a file.

    `columns` names, for each field, the place of its column; `constants` what every row has where the file has none.
    """

    columns: Mapping[str, int] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    dates: DateOrder = DateOrder.ISO
    match: Sequence[Match] = (Match.EXTERNAL_ID, Match.NUMBER)
    policy: Policy = Policy.SKIP
    welcome: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "columns": dict(self.columns),
            "constants": dict(self.constants),
            "dates": self.dates.value,
            "match": [each.value for each in self.match],
            "policy": self.policy.value,
            "welcome": self.welcome,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Setup":
        return cls(
            columns={name: int(place) for name, place in told["columns"].items()},
            constants=dict(told["constants"]),
            dates=DateOrder(told["dates"]),
            match=tuple(Match(each) for each in told["match"]),
            policy=Policy(told["policy"]),
            welcome=bool(told["welcome"]),
        )


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the file as it is written: the line that it begins on, and its cells; or why it cannot be read."""

    number: int
    cells: tuple[str, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a row, and why it was left out if it was: `code` and `detail` as of errors, `field` if known."""

    outcome: Outcome
    code: str = ""
    field: str = ""
    detail: str = ""


CREATED = Result(Outcome.CREATED)
UPDATED = Result(Outcome.UPDATED)
UNCHANGED = Result(Outcome.SKIPPED, "unchanged", "", said("it is known already, and nothing differs"))

"""The words signing up is described with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, TypedDict
from uuid import UUID


class Kind(StrEnum):
    """What a question asks for."""

    TEXT = "text"  # one line
    LONG_TEXT = "long_text"
    CHOICE = "choice"  # one of its choices
    DATE = "date"
    CONSENT = "consent"  # yes or no to the very text that was shown


class AskPhone(StrEnum):
    """Whether whoever joins is asked for a phone number."""

    NO = "no"
    OPTIONAL = "optional"
    REQUIRED = "required"


YES: Final = "yes"
NO: Final = "no"


class QuestionDetails(TypedDict, total=False):
    """What can be said about a question. `plans` are those it is asked for; None: all."""

    label: str
    help: str
    choices: Sequence[str]
    required: bool
    plans: Sequence[UUID] | None


class SettingsDetails(TypedDict, total=False):
    """What can be said about signing up. A new `terms_text` or `terms_url` is a new version of the terms."""

    closed: bool
    closed_sentence: str
    terms_text: str
    terms_url: str
    privacy_url: str
    powered_by: bool
    welcome: str
    ask_phone: AskPhone


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody says about themselves while they join. None was not asked; answers are by question."""

    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    answers: tuple[tuple[UUID, str], ...] = ()


def as_kept(day: date) -> str:
    """Return a date as an answer keeps it."""
    return day.isoformat()

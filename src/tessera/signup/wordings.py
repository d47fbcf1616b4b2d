"""What may be written in settings, questions and answers. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Final
from urllib.parse import urlsplit

from tessera.core.phrases import Phrase, said
from tessera.signup.errors import AnswerInvalid, AnswerMissing, QuestionInvalid, SignupSettingInvalid
from tessera.signup.queries import QuestionFacts
from tessera.signup.types import NO, YES, Kind

LONGEST_TERMS: Final = 50_000
LONGEST_LABEL: Final = 1_000
LONGEST_ANSWER: Final = {Kind.TEXT: 200, Kind.LONG_TEXT: 5_000}
MOST_CHOICES: Final = 50
_LONGEST_CHOICE: Final = 200
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def link(given: str, *, pointer: str) -> str:
    """Return an address of a page, or "". Raises SignupSettingInvalid unless it is http or https."""
    url = given.strip()
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.username is None
    except ValueError:
        right = False
    if len(url) > 2_000 or not right or not url.isprintable() or " " in url:
        raise SignupSettingInvalid("an address such as https://club.example/terms", pointer=pointer)
    return url


def paragraphs(given: str, *, longest: int, pointer: str) -> str:
    """Return a text of several lines, trimmed and composed. Raises SignupSettingInvalid if it is too long."""
    kept, problem = _kept(given, longest=longest, lines=True)
    if problem:
        raise SignupSettingInvalid(problem, pointer=pointer)
    return kept


def label(given: str) -> str:
    """Return what a question says. Raises QuestionInvalid if that is nothing, or more than 1,000 characters."""
    kept, problem = _kept(given, longest=LONGEST_LABEL, lines=False)
    if problem:
        raise QuestionInvalid(problem, pointer="/label")
    if not kept:
        raise QuestionInvalid("say what is asked", pointer="/label")
    return kept


def help_text(given: str) -> str:
    """Return what stands below a question, at most 500 characters. Raises QuestionInvalid."""
    kept, problem = _kept(given, longest=500, lines=False)
    if problem:
        raise QuestionInvalid(problem, pointer="/help")
    return kept


def choices(given: Sequence[str], kind: Kind) -> list[str]:
    """Return the choices of a question in their order. Raises QuestionInvalid.

    A choice has 2 to 50 of at most 200 characters, no two the same; other kinds have none.
    """
    kept = []
    for each in given:
        text, problem = _kept(each, longest=_LONGEST_CHOICE, lines=False)
        if problem:
            raise QuestionInvalid(problem, pointer="/choices")
        if text:
            kept.append(text)
    if kind is not Kind.CHOICE:
        if kept:
            raise QuestionInvalid("only a choice has choices", pointer="/choices")
        return []
    if len(set(kept)) != len(kept):
        raise QuestionInvalid("each choice once", pointer="/choices")
    if not 2 <= len(kept) <= MOST_CHOICES:
        raise QuestionInvalid(said("2 to {most} choices, one a line", most=MOST_CHOICES), pointer="/choices")
    return kept


def answer(given: str, question: QuestionFacts) -> str:
    """Return an answer in the form it is kept in. Raises AnswerMissing, AnswerInvalid."""
    pointer = f"/{question.ref}"
    kept, problem = _kept(given, longest=LONGEST_ANSWER.get(question.kind, 200), lines=question.kind is Kind.LONG_TEXT)
    if problem:
        raise AnswerInvalid(problem, pointer=pointer)
    if question.kind is Kind.CONSENT:
        kept = YES if kept == YES else NO
        if kept == NO and question.required:
            raise AnswerMissing("this has to be agreed to", pointer=pointer)
        return kept
    if not kept:
        if question.required:
            raise AnswerMissing("this has to be answered", pointer=pointer)
        return ""
    if question.kind is Kind.CHOICE and kept not in question.choices:
        raise AnswerInvalid("one of the choices", pointer=pointer)
    if question.kind is Kind.DATE and not _is_day(kept):
        raise AnswerInvalid("a date such as 2026-01-31", pointer=pointer)
    return kept


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.fullmatch(text)) and date.fromisoformat(text).year >= 1900
    except ValueError:
        return False


def _kept(given: str, *, longest: int, lines: bool) -> tuple[str, Phrase | None]:
    """Return the text trimmed and composed (NFC), and what is wrong with it, if anything is."""
    bare = given.strip().replace("\r\n", "\n")
    # Composing takes the square of the accents on a letter: what is far too long is not composed.
    kept = unicodedata.normalize("NFC", bare) if len(bare) <= 4 * longest else bare
    if len(kept) > longest:
        return "", said("at most {longest:,} characters, not {many:,}", longest=longest, many=len(kept))
    allowed = "\n\t" if lines else ""
    if any(unicodedata.category(each) in ("Cc", "Cs") and each not in allowed for each in kept):
        if lines:
            return "", said("text without control characters")
        return "", said("one line of text, without control characters")
    return kept, None

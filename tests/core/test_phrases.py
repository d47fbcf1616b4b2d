"""A phrase is its English text, and can be put together anew from its pattern and values."""

import copy
import json
from datetime import UTC, date, datetime

import pytest

from tessera.core.errors import Conflict
from tessera.core.money import Money
from tessera.core.phrases import Phrase, counted, kept, phrase, recalled, said

MOMENT = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
LINES = said("several match: {who}", who=["CUS-000001", said("line {line}", line="7")])


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (said("{plan} is full", plan="Gold"), "Gold is full"),
        (said("{text!r} is no day", text="2026-13-01"), "'2026-13-01' is no day"),
        (said("at most {most:,} rows", most=20_000), "at most 20,000 rows"),
        (said("no answer within {seconds:g} s", seconds=15.0), "no answer within 15 s"),
        (said("not before {at}", at=MOMENT), "not before 2026-03-31T09:30:00Z"),
        (said("not before {day:%d %b %Y}", day=date(2026, 3, 1)), "not before 01 Mar 2026"),
        (said("at most {most}", most=Money(3500, "GBP")), "at most 35.00 GBP"),
        (LINES, "several match: CUS-000001, line 7"),
        (said('it should be {"keys": […]}'), 'it should be {"keys": […]}'),
        (counted("{number} key of {who}", "{number} keys of {who}", number=1, who="Ada"), "1 key of Ada"),
        (counted("{number} key of {who}", "{number} keys of {who}", number=2, who="Ada"), "2 keys of Ada"),
    ],
)
def test_a_phrase_is_its_english_text_and_is_recalled_as_it_was(made: Phrase, text: str) -> None:
    assert made == text
    assert json.loads(json.dumps({"detail": made})) == {"detail": text}
    for again in (recalled(kept(made, 200)), copy.deepcopy(made)):
        assert again == text
        assert not made.values or (isinstance(again, Phrase) and again.pattern == made.pattern)


def test_a_refusal_hands_its_phrase_on() -> None:
    detail = Conflict(said("{plan} is full", plan="Gold")).detail
    assert isinstance(detail, Phrase) and detail.values == {"plan": "Gold"}
    assert phrase(detail) is detail
    assert phrase("it is over").pattern == "it is over"


def test_what_does_not_fit_with_its_values_is_kept_in_english() -> None:
    long = said("{plan} is full", plan="G" * 90)
    assert kept(long, 100) == f"{'G' * 90} is full"
    assert kept("it is over", 5) == "it is"


_REACHES = '{"pattern":"{a.__new__.__globals__[json]}","values":{"a":{"pattern":"x","values":{}}}}'
_NO_NAME = '{"pattern":"{}","values":{"a":1}}'


@pytest.mark.parametrize(
    "text",
    ["it is over", "", '{"pattern":', '{"pattern":"x"}', '{"pattern":1,"values":2}', _REACHES, _NO_NAME],
)
def test_a_text_that_was_no_phrase_is_recalled_as_it_is(text: str) -> None:
    assert recalled(text) == text

"""What happened is said in sentences, also what came with nobody doing anything."""

import pytest

from tessera.console.words import happened
from tessera.events.types import EventType
from tessera.memberships.milestones import KINDS


@pytest.mark.parametrize("event", KINDS)
def test_what_is_announced_is_a_sentence_about_the_plan(event: EventType) -> None:
    text, tone = happened(event, plan="Gold", other="")

    assert text.startswith("Gold")
    assert "due" not in text  # not the fallback, which spells the type
    assert tone in ("good", "care")

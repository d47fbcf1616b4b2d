"""Colours are corrected until text in them, or on them, can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.core.colours import contrast, readable

PAPER, NIGHT = "#faf7f1", "#11151e"
colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_wcags() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#1f5f4a", "#1f5f4a") == 1


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert readable("#1f5f4a", on=PAPER) == "#1f5f4a"


@given(colours, st.sampled_from([PAPER, NIGHT, "#ffffff", "#000000"]), st.sampled_from([3.0, 4.5, 7.0]))
def test_whatever_the_colour_the_result_can_be_read(colour: str, ground: str, ratio: float) -> None:
    assert contrast(readable(colour, on=ground, ratio=ratio), ground) >= ratio


def test_it_keeps_its_hue() -> None:
    red, green, blue = (int(readable("#ffee00", on=PAPER)[place : place + 2], 16) for place in (1, 3, 5))
    assert red > green > blue == 0

"""Prices as people read them."""

import pytest

from tessera.organizations.formatting import Formats
from tessera.organizations.models import Organization
from tessera.plans.formatting import price_text
from tessera.plans.models import Price

LONDON = Formats.of(Organization(locale="en-GB", time_zone="Europe/London"))


def price(amount: int, currency: str = "GBP", **terms: object) -> Price:
    return Price(amount_minor=amount, currency=currency, **{"billing": "recurring", "interval": "month", **terms})


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (price(3500), "£35.00 a month"),
        (price(0), "Free"),
        (price(5000, "JPY"), "JP¥5,000 a month"),
        (price(1500, "KWD"), "KWD1.500 a month"),
        (price(9900, interval="year", interval_count=2), "£99.00 every 2 years"),
        (price(4000, billing="once", interval="week", interval_count=6), "£40.00 once, for 6 weeks"),
        (price(50000, billing="open", interval=""), "£500.00 once, without an end"),
        (price(0, billing="open", interval=""), "Free once, without an end"),
    ],
)
def test_a_price_says_how_much_and_how_often(given: Price, text: str) -> None:
    assert price_text(given, LONDON).replace("\xa0", "") == text

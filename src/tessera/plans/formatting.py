"""Prices as people read them: how much, and how often."""

from collections.abc import Mapping
from typing import Protocol

from django.utils.translation import gettext, ngettext

from tessera.organizations.formatting import Formats
from tessera.plans.types import Billing


class Priced(Protocol):
    """A price, wherever it was read."""

    @property
    def amount_minor(self) -> int: ...
    @property
    def currency(self) -> str: ...
    @property
    def billing(self) -> str: ...
    @property
    def interval(self) -> str | None: ...
    @property
    def interval_count(self) -> int: ...


def price_text(price: Priced, formats: Formats) -> str:
    """Return "£35.00 a month", "Free", "£120.00 once, for 3 months"."""
    if price.amount_minor == 0 and price.billing == Billing.RECURRING:
        return gettext("Free")
    amount = formats.money(price.amount_minor, price.currency) if price.amount_minor else gettext("Free")
    if price.billing == Billing.OPEN:
        return gettext("%(amount)s once, without an end") % {"amount": amount}
    span, count = str(price.interval or ""), price.interval_count
    if price.billing == Billing.ONCE:
        return gettext("%(amount)s once, for %(span)s") % {"amount": amount, "span": _length(span, count)}
    return f"{amount} {_every(span, count)}"


def _every(interval: str, count: int) -> str:
    """Return how often something is due: "a month", "every 3 months"."""
    if count == 1:
        return _once_every().get(interval, interval)
    return gettext("every %(span)s") % {"span": _length(interval, count)}


def _length(interval: str, count: int) -> str:
    """Return a span of time: "1 month", "3 months"."""
    many = {"count": count}
    if interval == "day":
        return ngettext("%(count)d day", "%(count)d days", count) % many
    if interval == "week":
        return ngettext("%(count)d week", "%(count)d weeks", count) % many
    if interval == "month":
        return ngettext("%(count)d month", "%(count)d months", count) % many
    return ngettext("%(count)d year", "%(count)d years", count) % many


def _once_every() -> Mapping[str, str]:
    return {
        "day": gettext("a day"),
        "week": gettext("a week"),
        "month": gettext("a month"),
        "year": gettext("a year"),
    }

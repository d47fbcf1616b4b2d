"""Amounts of money: whole minor units of a known currency, never floating point.

How an amount looks in a reader's language is not decided here; `amount_text` is the plain form.
"""

import re
from dataclasses import dataclass
from typing import Final

from tessera.core.currencies import minor_digits, smallest_step
from tessera.core.errors import Invalid
from tessera.core.phrases import said

MAX_AMOUNT: Final = 999_999_999_999
"""The largest amount, in minor units: twelve digits, the most that any currency has at a payment provider."""

# One or two digits after a comma are decimals in whatever language; three may be thousands in another.
_DECIMAL = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,6})|,([0-9]{1,2}))?")


class InvalidAmount(Invalid):
    """An amount that is no number, out of bounds, or not payable in its currency."""

    code = "invalid_amount"


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` minor units of `currency`; below zero for what is given back.

    Raises UnknownCurrency; InvalidAmount if beyond `MAX_AMOUNT` or not payable in the currency.
    """

    amount: int
    currency: str

    def __post_init__(self) -> None:
        _check_step(self.amount, self.currency)
        if abs(self.amount) > MAX_AMOUNT:
            raise _too_large(self.currency)

    def __str__(self) -> str:
        return f"{amount_text(self.amount, self.currency)} {self.currency}"


def check_amount(amount: int, currency: str) -> None:
    """Check that `amount` minor units of `currency` can be asked for: 0 (free) to `MAX_AMOUNT`.

    Raises UnknownCurrency; InvalidAmount if the amount is out of bounds or not payable in the currency.
    """
    _check_step(amount, currency)
    if amount < 0:
        raise InvalidAmount("an amount cannot be negative; 0 is free")
    if amount > MAX_AMOUNT:
        raise _too_large(currency)


def parse_amount(text: str, currency: str) -> int:
    """Return the minor units of a typed decimal: "35", "35.5" and "35,00" GBP are 3500, 3550 and 3500.

    A point separates decimals, or a comma before one or two of them; signs, thousands separators and currency signs
    are refused.

    Raises UnknownCurrency; InvalidAmount if `text` is not such a number or `check_amount` refuses it.
    """
    digits = minor_digits(currency)
    match = _DECIMAL.fullmatch(text.strip())
    if match is None:
        example = amount_text(35 * 10**digits, currency)
        raise InvalidAmount(said("{text!r} is not an amount such as {example}", text=text[:24], example=example))
    whole, decimals = match[1], match[2] or match[3] or ""
    if len(decimals) > digits:
        raise InvalidAmount(
            said("an amount in {currency} has at most {digits} decimals", currency=currency, digits=digits)
            if digits
            else said("an amount in {currency} has no decimals", currency=currency)
        )
    amount = int(whole + decimals.ljust(digits, "0"))
    check_amount(amount, currency)
    return amount


def amount_text(amount: int, currency: str) -> str:
    """Return minor units as a plain decimal, "35.00" for 3500 GBP: what `parse_amount` reads back.

    Raises UnknownCurrency if there is no such currency.
    """
    digits = minor_digits(currency)
    sign = "-" if amount < 0 else ""
    if not digits:
        return f"{sign}{abs(amount)}"
    whole, minor = divmod(abs(amount), 10**digits)
    return f"{sign}{whole}.{minor:0{digits}d}"


def _check_step(amount: int, currency: str) -> None:
    step = smallest_step(currency)
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise InvalidAmount("an amount is a whole number of minor units")
    if amount % step:
        raise InvalidAmount(
            said("an amount in {currency} is a multiple of {step} minor units", currency=currency, step=step)
        )


def _too_large(currency: str) -> InvalidAmount:
    return InvalidAmount(said("an amount cannot be more than {most}", most=Money(MAX_AMOUNT, currency)))

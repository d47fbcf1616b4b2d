"""Currencies, amounts in minor units, and the decimals that staff type."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tessera.core.currencies import CODES, UnknownCurrency, is_known, minor_digits, smallest_step
from tessera.core.money import MAX_AMOUNT, InvalidAmount, Money, amount_text, check_amount, parse_amount

currencies = st.sampled_from(sorted(CODES))
WITHOUT_DECIMALS = [
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "JPY",
    "KMF",
    "KRW",
    "MGA",
    "PYG",
    "RWF",
    "UGX",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
]
WHERE_LOCALE_DATA_COUNT_NONE = ["AFN", "ALL", "ISK", "LAK", "LBP", "MMK", "RSD", "SOS", "STD", "YER"]


@given(currencies, st.integers(0, MAX_AMOUNT // 100))
def test_an_amount_reads_back_from_its_text(currency: str, steps: int) -> None:
    amount = steps * smallest_step(currency)
    assume(amount <= MAX_AMOUNT)
    check_amount(amount, currency)
    assert parse_amount(amount_text(amount, currency), currency) == amount


@pytest.mark.parametrize("currency", WITHOUT_DECIMALS)
def test_these_currencies_have_no_decimals(currency: str) -> None:
    assert minor_digits(currency) == 0
    assert parse_amount("3500", currency) == 3500
    with pytest.raises(InvalidAmount, match=f"in {currency} has no decimals"):
        parse_amount("35.00", currency)


@pytest.mark.parametrize("currency", [*WHERE_LOCALE_DATA_COUNT_NONE, "GBP", "EUR", "USD"])
def test_these_currencies_have_two_decimals(currency: str) -> None:
    assert minor_digits(currency) == 2
    assert parse_amount("35.00", currency) == 3500


@pytest.mark.parametrize("currency", ["BHD", "JOD", "KWD", "OMR", "TND"])
def test_these_currencies_have_three_decimals_of_which_the_last_is_zero(currency: str) -> None:
    assert minor_digits(currency) == 3
    assert parse_amount("5.12", currency) == 5120
    with pytest.raises(InvalidAmount, match="multiple of 10"):
        parse_amount("5.124", currency)


def test_krona_have_two_decimals_which_are_zero() -> None:
    assert parse_amount("3500", "ISK") == 350_000
    assert amount_text(350_000, "ISK") == "3500.00"
    with pytest.raises(InvalidAmount, match="multiple of 100"):
        check_amount(3550, "ISK")


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("35.00", 3500),
        ("35", 3500),
        ("35.5", 3550),
        ("35,5", 3550),
        ("35,00", 3500),
        (" 0.05 ", 5),
        ("0", 0),
        ("007.10", 710),
        ("9999999999.99", MAX_AMOUNT),
    ],
)
def test_typed_pounds_become_pence(text: str, amount: int) -> None:
    assert parse_amount(text, "GBP") == amount


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (3500, "GBP", "35.00"),
        (5, "GBP", "0.05"),
        (0, "GBP", "0.00"),
        (-3505, "GBP", "-35.05"),
        (3500, "JPY", "3500"),
        (-3500, "JPY", "-3500"),
        (5120, "KWD", "5.120"),
    ],
)
def test_an_amount_is_written_with_all_its_decimals(amount: int, currency: str, text: str) -> None:
    assert amount_text(amount, currency) == text
    assert str(Money(amount, currency)) == f"{text} {currency}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *[(text, "is not an amount such as 35.00") for text in ("", " ", "free", "-5", "+5", "5-", "1e3", "NaN")],
        *[(text, "is not an amount such as 35.00") for text in (".50", "5.", "1.2.3", "1 000", "1,000.00", "1,000")],
        *[(text, "is not an amount such as 35.00") for text in ("£35", "0x10", "1_000", "\u0663\u0665", "9" * 5000)],
        ("35.001", "at most 2 decimals"),
        ("10000000000.00", "cannot be more than 9999999999.99 GBP"),
    ],
)
def test_other_texts_are_refused_with_what_would_be_right(text: str, reason: str) -> None:
    with pytest.raises(InvalidAmount, match=reason) as refusal:
        parse_amount(text, "GBP")
    assert (refusal.value.code, refusal.value.status) == ("invalid_amount", 422)


def test_nothing_less_than_free_and_nothing_beyond_the_bound_can_be_asked_for() -> None:
    check_amount(0, "GBP")
    check_amount(MAX_AMOUNT, "GBP")
    with pytest.raises(InvalidAmount, match="cannot be negative"):
        check_amount(-1, "GBP")
    with pytest.raises(InvalidAmount, match="cannot be more than"):
        check_amount(MAX_AMOUNT + 1, "GBP")


@pytest.mark.parametrize("amount", [True, 35.0, "3500", None])
def test_an_amount_is_a_whole_number(amount: object) -> None:
    with pytest.raises(InvalidAmount, match="whole number of minor units"):
        check_amount(amount, "GBP")  # type: ignore[arg-type]


def test_money_given_back_is_below_zero_within_the_same_bounds() -> None:
    assert Money(-MAX_AMOUNT, "GBP").amount == -MAX_AMOUNT
    for amount in (MAX_AMOUNT + 1, -MAX_AMOUNT - 1):
        with pytest.raises(InvalidAmount, match="cannot be more than"):
            Money(amount, "GBP")
    with pytest.raises(InvalidAmount, match="multiple of 100"):
        Money(-50, "ISK")


@pytest.mark.parametrize("code", ["", "gbp", "GB", "GBPP", "XXX", "BTC", "£", "G\u0412P", "x" * 5000])
def test_a_currency_is_an_upper_case_iso_code(code: str) -> None:
    assert not is_known(code)
    for attempt in (
        lambda: minor_digits(code),
        lambda: smallest_step(code),
        lambda: check_amount(0, code),
        lambda: parse_amount("1", code),
        lambda: amount_text(1, code),
        lambda: Money(1, code),
    ):
        with pytest.raises(UnknownCurrency, match="use a three-letter ISO 4217 code") as refusal:
            attempt()
        assert (refusal.value.code, refusal.value.status) == ("unknown_currency", 422)


def test_every_code_is_three_capital_letters() -> None:
    assert all(len(code) == 3 and code.isascii() and code.isupper() and is_known(code) for code in CODES)

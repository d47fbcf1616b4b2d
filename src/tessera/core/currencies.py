"""Which currencies there are and how many decimals their amounts have, as payment providers count them.

The codes are the legal tenders of ISO 4217. Decimals follow Stripe's list ("Supported currencies"), not CLDR:
CLDR counts none for AFN ALL ISK LAK LBP MMK RSD SOS STD YER, providers count two (6-libraries, trap 15).
"""

from typing import Final

from tessera.core.errors import Invalid
from tessera.core.phrases import said

_TWO: Final = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IRR ISK JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MRU MUR MVR
    MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD
    SHP SLE SOS SRD SSP STD STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD
    XCG YER ZAR ZMW ZWG
"""
_ZERO: Final = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF UGX VND VUV XAF XOF XPF"
_THREE: Final = "BHD IQD JOD KWD LYD OMR TND"

_MINOR_DIGITS: Final[dict[str, int]] = {
    code: digits for digits, codes in ((2, _TWO), (0, _ZERO), (3, _THREE)) for code in codes.split()
}
_STEPS: Final[dict[str, int]] = {"ISK": 100, **dict.fromkeys(_THREE.split(), 10)}

CODES: Final[frozenset[str]] = frozenset(_MINOR_DIGITS)


class UnknownCurrency(Invalid):
    """Not the upper-case ISO 4217 code of a currency in use."""

    code = "unknown_currency"


def is_known(code: str) -> bool:
    """Is `code` the upper-case ISO 4217 code of a currency in use?"""
    return code in _MINOR_DIGITS


def minor_digits(code: str) -> int:
    """Return how many decimals amounts in `code` have: 2 for GBP, 0 for JPY, 3 for KWD.

    Raises UnknownCurrency if there is no such currency.
    """
    try:
        return _MINOR_DIGITS[code]
    except KeyError:
        raise UnknownCurrency(
            said("{code!r} is not a currency; use a three-letter ISO 4217 code such as GBP", code=code[:12])
        ) from None


def smallest_step(code: str) -> int:
    """Return the number of minor units that an amount in `code` must be a multiple of; 1 for most.

    10 where there are three decimals, because card networks refuse the last one; 100 for ISK, which keeps two
    decimals that must be zero. UGX has none here: it is counted in whole shillings.

    Raises UnknownCurrency if there is no such currency.
    """
    minor_digits(code)
    return _STEPS.get(code, 1)

"""What a permission, a plan and a price may look like."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from tessera.core import money
from tessera.core.errors import Invalid
from tessera.core.periods import FixedCycle, Interval
from tessera.core.phrases import Phrase, said
from tessera.plans.errors import CurrencyMismatch, PermissionKeyInvalid, PlanInvalid, PriceInvalid, TargetInvalid
from tessera.plans.types import Audience, Billing, PriceTerms, Rule, Target

LONGEST_TRIAL_DAYS = 730
LONGEST_REVIVAL_DAYS = 3_650
LARGEST_COUNT = 32_767
LARGEST_POSITION = 1_000_000
MOST_SEATS = 1_000_000
MOST_TARGETS = 100
MOST_PERMISSIONS = 200
_KEY = re.compile(r"[a-z0-9][a-z0-9._:-]{0,79}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,79}")
_COLOUR = re.compile(r"#[0-9a-f]{6}")


def check_key(key: str) -> None:
    """Raise PermissionKeyInvalid unless `key` can be a permission's: `[a-z0-9][a-z0-9._:-]{0,79}`."""
    if not _KEY.fullmatch(key):
        raise PermissionKeyInvalid(
            said(
                "{key!r}: 1 to 80 of a-z, 0-9 and . _ : - with a letter or digit first, such as pool or door:main",
                key=key[:80],
            ),
            pointer="/key",
        )


def checked_targets(targets: Sequence[Target]) -> tuple[Target, ...]:
    """Return a permission's targets, at most a hundred, each once.

    Action and resource type are 1 to 80 letters, digits and `. _ : / -`; the id is 1 to 200 characters without
    spaces, in which `*` stands only at the end. Raises TargetInvalid.
    """
    if len(targets) > MOST_TARGETS:
        raise TargetInvalid(
            said("at most {most} targets, not {many}", most=MOST_TARGETS, many=len(targets)), pointer="/targets"
        )
    for place, target in enumerate(targets):
        for name in ("action", "resource_type"):
            if not _WORD.fullmatch(getattr(target, name)):
                raise TargetInvalid(
                    "1 to 80 letters, digits and . _ : / - such as enter, door or read",
                    pointer=f"/targets/{place}/{name}",
                )
        _check_resource_id(target.resource_id, f"/targets/{place}/resource_id")
        if target in targets[:place]:
            raise TargetInvalid("the same target twice", pointer=f"/targets/{place}")
    return tuple(targets)


def line(given: str, *, pointer: str, required: bool = False) -> str:
    """Return one line of at most 200 characters, trimmed. Raises PlanInvalid."""
    kept = _composed(given, longest=200)
    if required and not kept:
        raise PlanInvalid("a name is required", pointer=pointer)
    if len(kept) > 200 or any(unicodedata.category(character) in ("Cc", "Cs") for character in kept):
        raise PlanInvalid("one line of at most 200 characters", pointer=pointer)
    return kept


def paragraphs(given: str, *, longest: int, pointer: str = "/description") -> str:
    """Return a text of several lines, trimmed. Raises PlanInvalid if it is longer than `longest` characters."""
    kept = _composed(given.replace("\r\n", "\n"), longest=longest)
    if len(kept) > longest:
        raise PlanInvalid(
            said("at most {longest} characters, not {many}", longest=longest, many=len(kept)), pointer=pointer
        )
    if any(unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t" for character in kept):
        raise PlanInvalid("text without control characters", pointer=pointer)
    return kept


def _composed(given: str, *, longest: int) -> str:
    """Return the text trimmed and in Unicode's composed form (NFC), or as it is if it is too long either way.

    A letter of the composed form is at most four of the decomposed one; composing takes the square of the accents.
    """
    bare = given.strip()
    return unicodedata.normalize("NFC", bare) if len(bare) <= 4 * longest else bare


def colour(given: str) -> str:
    """Return a colour as #rrggbb in lower case. Raises PlanInvalid if it is none."""
    if not _COLOUR.fullmatch(given.lower()):
        raise PlanInvalid("a colour is written #rrggbb, such as #1f5f4a", pointer="/colour")
    return given.lower()


def check_bounds(value: int, *, least: int, most: int, pointer: str) -> None:
    """Raise PlanInvalid unless `value` is from `least` to `most`."""
    if not least <= value <= most:
        raise PlanInvalid(
            said("from {least} to {most}, not {value}", least=least, most=most, value=value), pointer=pointer
        )


def check_cycle(rule: Rule, start: str, rollover: str) -> None:
    """Check that a fixed plan has a cycle and a rolling one has none.

    Raises PlanInvalid if not; InvalidPeriod if a day is none, or the cycle starts on 29 February.
    """
    if rule == Rule.FIXED:
        if not start:
            raise PlanInvalid("a fixed plan needs the day its cycle begins, such as 01-01", pointer="/cycle")
        FixedCycle.parse(start, rollover or None)
    elif start or rollover:
        raise PlanInvalid("only a fixed plan has a cycle", pointer="/cycle")


def check_seats(seats: int | None, audience: Audience) -> None:
    """Check a plan's seats: None, or 1 to a million, and only where companies can hold it. Raises PlanInvalid."""
    if seats is None:
        return
    if audience == Audience.CUSTOMERS:
        raise PlanInvalid("only a plan that companies can hold has seats", pointer="/seats")
    check_bounds(seats, least=1, most=MOST_SEATS, pointer="/seats")


def check_capacity(capacity: int | None) -> None:
    """Check how many may have a plan: None, or 1 to a million. Raises PlanInvalid."""
    if capacity is not None:
        check_bounds(capacity, least=1, most=MOST_SEATS, pointer="/capacity")


def checked_terms(terms: PriceTerms, *, rule: Rule, currency: str, pointer: str = "") -> PriceTerms:
    """Return what a price of a plan with this rule asks, in the organization's `currency`.

    Raises CurrencyMismatch; UnknownCurrency or InvalidAmount (core.money); PriceInvalid if the interval does not fit
    the billing or the plan's rule (a fixed plan's prices are years x count), or a count or trial is out of bounds.
    """
    if terms.currency not in (None, currency):
        raise CurrencyMismatch(
            said("prices are in {currency} here, not {given}", currency=currency, given=terms.currency),
            pointer=f"{pointer}/amount",
        )
    _check_amount(terms.amount_minor, currency, f"{pointer}/amount")
    _check_amount(terms.joining_fee_minor, currency, f"{pointer}/joining_fee")
    _check_interval(terms, rule, pointer)
    if not 0 <= terms.trial_days <= LONGEST_TRIAL_DAYS:
        raise PriceInvalid(said("from 0 to {most} days", most=LONGEST_TRIAL_DAYS), pointer=f"{pointer}/trial_days")
    if terms.trial_days and (terms.billing != Billing.RECURRING or not terms.amount_minor):
        raise PriceInvalid("only a price that is paid again and again has a trial", pointer=f"{pointer}/trial_days")
    return replace(terms, currency=currency)


def _check_resource_id(given: str, pointer: str) -> None:
    fits = 1 <= len(given) <= 200 and "*" not in given[:-1]
    # Invisible characters would make two ids that look alike and are not.
    if not fits or not given.isprintable() or " " in given:
        raise TargetInvalid("1 to 200 characters without spaces: exact, *, or a beginning and then *", pointer=pointer)


def _check_amount(amount: int, currency: str, pointer: str) -> None:
    try:
        money.check_amount(amount, currency)
    except Invalid as refusal:
        refusal.pointer = pointer
        raise


def _check_interval(terms: PriceTerms, rule: Rule, pointer: str) -> None:
    if rule == Rule.FIXED and terms.interval != Interval.YEAR:
        raise PriceInvalid("a fixed plan's prices are for years", pointer=f"{pointer}/interval")
    if terms.billing == Billing.OPEN:
        if terms.interval is not None or terms.interval_count != 1:
            raise PriceInvalid("an open-ended price has no interval", pointer=f"{pointer}/interval")
        return
    if terms.interval is None:
        raise PriceInvalid("day, week, month or year", pointer=f"{pointer}/interval")
    most = min(Interval(terms.interval).max_count, LARGEST_COUNT)
    if not 1 <= terms.interval_count <= most:
        raise PriceInvalid(_count_of(Interval(terms.interval), most), pointer=f"{pointer}/interval_count")


def _count_of(interval: Interval, most: int) -> Phrase:
    return {
        Interval.DAY: said("from 1 to {most} days", most=most),
        Interval.WEEK: said("from 1 to {most} weeks", most=most),
        Interval.MONTH: said("from 1 to {most} months", most=most),
        Interval.YEAR: said("from 1 to {most} years", most=most),
    }[interval]

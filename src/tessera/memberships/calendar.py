"""When terms begin and end: plan, price and anchor put to `core.periods`. The rules are 2-domain's, "Time".

Nothing here reads a clock or a database beyond the plan and price it is given.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from tessera.core import local_time, periods
from tessera.core.periods import Anchor, FixedCycle, Interval
from tessera.plans.models import Plan, Price
from tessera.plans.types import Billing

_TRIAL_GRACE_DAYS = 1
LEAST_GRACE_DAYS = 1  # a provider takes hours to collect


class _Ended(Protocol):
    @property
    def ends_at(self) -> datetime | None: ...
    @property
    def trial(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Booking:
    """An interval to book, and the anchor that the membership has from then on."""

    starts_at: datetime
    ends_at: datetime | None
    anchor: Anchor
    trial: bool = False


def first_term(
    plan: Plan,
    price: Price,
    *,
    starts_at: datetime,
    from_midnight: bool,
    zone: ZoneInfo,
    ends_at: datetime | None = None,
    trial: bool = False,
    renews: bool = True,
) -> Booking:
    """Return the term that begins a membership, a revival or a new period at `starts_at`.

    `from_midnight`: it starts "now", so it is anchored at 00:00 of that local day and its last day is whole.
    `ends_at` is an end set by hand; it becomes the anchor. `renews`: False gives one period to what needs no payment.
    """
    anchor = Anchor.midnight(starts_at, zone) if from_midnight else Anchor.at(starts_at, zone)
    if ends_at is not None:
        return Booking(starts_at, ends_at, Anchor.at(ends_at, zone))
    if trial:
        trial_end = periods.boundary(anchor, 1, every=Interval.DAY, count=price.trial_days, zone=zone)
        return Booking(starts_at, trial_end, Anchor.at(trial_end, zone), trial=True)
    if _is_open(price) and (renews or price.billing == Billing.OPEN):
        return Booking(starts_at, None, anchor)
    return Booking(starts_at, _first_end(plan, price, anchor, starts_at, zone), anchor)


def next_term(plan: Plan, price: Price, *, last: _Ended, anchor: Anchor, zone: ZoneInfo) -> Booking:
    """Return the term that follows `last`, booked from its end, on the anchor.

    After a trial a fixed plan's term counts as joining; otherwise it takes whole cycles.
    """
    starts_at = last.ends_at
    assert starts_at is not None, "an open term has no next one"
    anchor = periods.rebased(anchor, starts_at, zone=zone)
    if local_time.first_instant(anchor.wall, zone) != starts_at:  # the last term was of another rule, or was cut
        anchor = Anchor.at(starts_at, zone)
    if _is_open(price):
        return Booking(starts_at, None, anchor)
    cycle = plan.cycle
    if cycle is None:
        end = periods.boundary(anchor, 1, every=Interval(price.interval), count=price.interval_count, zone=zone)
    elif last.trial:
        end = cycle.first_end(starts_at, years=price.interval_count, zone=zone)
    else:
        end = cycle.renewed_end(starts_at, years=price.interval_count, zone=zone)
    return Booking(starts_at, end, anchor)


def period_end(plan: Plan, price: Price, *, anchor: Anchor, at: datetime, zone: ZoneInfo) -> datetime:
    """Return when the computed period that covers `at` ends, for a price that renews in one open term.

    An anchor that is still to come was set by hand, as an end: the period ends there.
    """
    cycle = plan.cycle
    anchored_at = local_time.first_instant(anchor.wall, zone)
    if cycle is None:
        if at < anchored_at:
            return anchored_at
        every, count = Interval(price.interval), price.interval_count
        return periods.next_boundary(anchor, at, every=every, count=count, zone=zone)
    end = cycle.first_end(anchored_at, years=price.interval_count, zone=zone)
    while end <= at:
        end = cycle.renewed_end(end, years=price.interval_count, zone=zone)
    return end


def grace_until(ends_at: datetime | None, *, trial: bool, grace_days: int, zone: ZoneInfo) -> datetime | None:
    """Return until when access goes on after a term whose renewal needs a payment: whole local days, at least one."""
    if ends_at is None:
        return None
    days = _TRIAL_GRACE_DAYS if trial else max(grace_days, LEAST_GRACE_DAYS)
    return local_time.end_of_local_days(ends_at, days, zone)


def remind_at(ends_at: datetime | None, *, days: int, zone: ZoneInfo) -> datetime | None:
    """Return when the holder is reminded of an end: that many whole local days before it. None: never, with 0 days."""
    if ends_at is None or days == 0:
        return None
    instant = local_time.local_days_before(ends_at, days, zone)
    return instant if instant < ends_at else None


def revivable_until(ends_at: datetime, *, plan: Plan, zone: ZoneInfo) -> datetime:
    """Return until when (exclusive) a lapsed membership is renewed from its old end."""
    return local_time.end_of_local_days(ends_at, plan.revival_days, zone)


def same_rhythm(plan: Plan, price: Price, other_plan: Plan, other_price: Price) -> bool:
    """Whether a running term can go on under the other plan and price to the same end (2-domain, "Plan change")."""
    return (
        (price.billing, price.interval, price.interval_count)
        == (other_price.billing, other_price.interval, other_price.interval_count)
        and (plan.rule, plan.cycle_start, plan.cycle_rollover)
        == (other_plan.rule, other_plan.cycle_start, other_plan.cycle_rollover)
        and price.renews_without_payment == other_price.renews_without_payment
    )


def _first_end(plan: Plan, price: Price, anchor: Anchor, starts_at: datetime, zone: ZoneInfo) -> datetime:
    cycle: FixedCycle | None = plan.cycle
    if cycle is not None:
        return cycle.first_end(starts_at, years=price.interval_count, zone=zone)
    return periods.boundary(anchor, 1, every=Interval(price.interval), count=price.interval_count, zone=zone)


def _is_open(price: Price) -> bool:
    """What renews without a payment, or has no interval, is one open term: no job can be late."""
    return price.billing == Billing.OPEN or price.renews_without_payment

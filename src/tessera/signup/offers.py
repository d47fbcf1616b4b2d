"""What joining a plan on a price comes to: when it begins and ends, what is paid when. By the calendar's rules."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from tessera.memberships import calendar
from tessera.plans.models import Plan, Price
from tessera.plans.types import Billing


@dataclass(frozen=True, slots=True)
class Payment:
    """So much at an instant, in minor units."""

    amount_minor: int
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Offer:
    """A membership as it would be if it began at the instant asked for.

    `ends_at` is the end of its first term, None without one; `trial` says that this is a trial. `renews`: it goes on by
    itself. `next_payment` is what keeps it going; None if nothing does, or nothing has to.
    """

    ends_at: datetime | None
    trial: bool
    renews: bool
    first_payment: Payment | None
    next_payment: Payment | None

    @property
    def pay_first(self) -> bool:
        """Whether money is due before it begins."""
        return self.first_payment is not None and not self.trial


def has_trial(price: Price) -> bool:
    """Whether a price has a trial at all, for whoever has had none."""
    return price.trial_days > 0 and price.amount_minor > 0


def offer(plan: Plan, price: Price, *, at: datetime, zone: ZoneInfo, trial: bool) -> Offer:
    """Return what joining now comes to. `trial`: whoever joins may have one; a fee is then due with what follows it.

    Raises InvalidPeriod if the calendar ends.
    """
    booking = calendar.first_term(
        plan,
        price,
        starts_at=at,
        from_midnight=True,
        zone=zone,
        trial=trial and has_trial(price),
        renews=price.renews_without_payment,
    )
    due, currency = price.amount_minor + price.joining_fee_minor, price.currency
    first_at = booking.ends_at if booking.trial and booking.ends_at is not None else at
    first = Payment(due, currency, first_at) if due else None
    following = booking.ends_at
    if booking.trial:
        following = calendar.next_term(plan, price, last=booking, anchor=booking.anchor, zone=zone).ends_at
    again = price.billing == Billing.RECURRING and price.amount_minor > 0 and following is not None
    return Offer(
        ends_at=booking.ends_at,
        trial=booking.trial,
        renews=price.renews_without_payment,
        first_payment=first,
        next_payment=Payment(price.amount_minor, currency, following) if again and following is not None else None,
    )

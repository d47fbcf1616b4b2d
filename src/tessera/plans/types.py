"""The words the catalogue is described with."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict

from tessera.core.periods import Interval


class Audience(StrEnum):
    """Who may hold a plan."""

    CUSTOMERS = "customers"
    COMPANIES = "companies"
    BOTH = "both"


class Visibility(StrEnum):
    PUBLIC = "public"
    UNLISTED = "unlisted"  # by link
    PRIVATE = "private"  # staff only


class Rule(StrEnum):
    """How a plan's terms lie in the calendar."""

    ROLLING = "rolling"  # they start when they start
    FIXED = "fixed"  # they end with a yearly cycle


class Billing(StrEnum):
    """What a price buys."""

    RECURRING = "recurring"  # interval x count, again and again
    ONCE = "once"  # one term of interval x count
    OPEN = "open"  # one term without an end


@dataclass(frozen=True, slots=True)
class Target:
    """An action on a resource in an outside system's words; the id is exact, `*`, or a prefix ending in `*`."""

    action: str
    resource_type: str
    resource_id: str

    def __str__(self) -> str:
        return f"{self.action} {self.resource_type}:{self.resource_id}"


@dataclass(frozen=True, slots=True)
class PriceTerms:
    """What a price asks for what. Amounts in minor units; without a currency, the organization's.

    `interval` is None if and only if `billing` is open-ended. Trials are whole local days, 0 to 730.
    """

    amount_minor: int
    currency: str | None = None
    billing: Billing = Billing.RECURRING
    interval: Interval | None = Interval.MONTH
    interval_count: int = 1
    trial_days: int = 0
    joining_fee_minor: int = 0


class PriceDetails(TypedDict, total=False):
    """What can be changed of a price: all of it until it is used, then only whether it is active."""

    amount_minor: int
    currency: str
    billing: Billing
    interval: Interval | None
    interval_count: int
    trial_days: int
    joining_fee_minor: int
    active: bool


class PermissionDetails(TypedDict, total=False):
    """What can be said about a permission; what is left out stays as it is. Targets come whole."""

    name: str
    description: str
    targets: Sequence[Target]


class PlanDetails(TypedDict, total=False):
    """What can be said about a plan; what is left out stays as it is. Permissions are keys and come whole.

    The cycle of a fixed plan is two "MM-DD" texts, the rollover may be empty.
    """

    name: str
    description: str
    audience: Audience
    rule: Rule
    cycle_start: str
    cycle_rollover: str
    visibility: Visibility
    needs_approval: bool
    seats: int | None
    capacity: int | None
    pauses_allowed: bool
    pauses_extend: bool
    revival_days: int
    colour: str
    position: int
    permissions: Sequence[str]

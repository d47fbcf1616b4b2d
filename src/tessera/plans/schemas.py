"""How the catalogue looks in the API."""

from datetime import date
from typing import Annotated, Any, cast

from pydantic import Field

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.core.periods import Interval
from tessera.http.schemas import Filters, In, Instant, MoneyIn, MoneyOut, Out, PageFilters
from tessera.plans.queries import PermissionFacts, PlanFacts, PriceFacts, ScheduledTerm
from tessera.plans.types import (
    Audience,
    Billing,
    PermissionDetails,
    PlanDetails,
    PriceDetails,
    PriceTerms,
    Rule,
    Target,
    Visibility,
)

Key = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9._:-]{0,79}$", max_length=80, examples=["pool"], description="Never changes.")
]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Count = Annotated[int, Field(ge=1, le=32_767)]
Days = Annotated[int, Field(ge=0, le=730, description="Whole local days.")]
MonthAndDay = Annotated[str, Field(pattern=r"^\d\d-\d\d$", examples=["01-01"])]
Version = Annotated[
    int, Field(ge=1, le=2**31 - 1, description="The version you know; refused with 409 if there is a later one.")
]


class TargetIn(In):
    """What a permission means to an outside system; `resource_id` is exact, `*`, or a prefix ending in `*`."""

    action: Annotated[str, Field(min_length=1, max_length=80, examples=["enter"])]
    resource_type: Annotated[str, Field(min_length=1, max_length=80, examples=["door"])]
    resource_id: Annotated[str, Field(min_length=1, max_length=200, examples=["main"])]


class PermissionFields(In):
    description: Annotated[str, Field(max_length=2_000)] = ""
    targets: Annotated[list[TargetIn], Field(max_length=100)] = []

    def details(self) -> PermissionDetails:
        """Return what was sent, and only that."""
        told = self.model_dump(exclude_unset=True, include=set(PermissionDetails.__annotations__))
        if "targets" in told:
            told["targets"] = [Target(each.action, each.resource_type, each.resource_id) for each in self.targets]
        return cast("PermissionDetails", told)


class PermissionIn(PermissionFields):
    """A new permission. Without a name it is called by its key."""

    key: Key
    name: Annotated[str, Field(max_length=200)] = ""


class PermissionChange(PermissionFields):
    """What is to change; what is left out stays as it is. Targets replace the whole list."""

    name: Name = ""


class PriceIn(In):
    """A new price, in the organization's currency."""

    amount: MoneyIn
    joining_fee: MoneyIn | None = None
    billing: Billing = Billing.RECURRING
    interval: Interval | None = None
    interval_count: Count = 1
    trial_days: Days = 0

    def terms(self) -> PriceTerms:
        """Return what the price asks for what. Without an interval it is a month, unless it is open-ended."""
        default = None if self.billing == Billing.OPEN else Interval.MONTH
        return PriceTerms(
            amount_minor=self.amount.amount,
            currency=self.amount.currency,
            billing=self.billing,
            interval=self.interval or default,
            interval_count=self.interval_count,
            trial_days=self.trial_days,
            joining_fee_minor=self.joining_fee.amount if self.joining_fee else 0,
        )


class PriceChange(In):
    """What is to change of a price: all of it until somebody has it, then only `active`."""

    amount: MoneyIn | None = None
    joining_fee: MoneyIn | None = None
    billing: Billing = Billing.RECURRING
    interval: Interval | None = None
    interval_count: Count = 1
    trial_days: Days = 0
    active: bool = True

    def details(self) -> PriceDetails:
        """Return what was sent, and only that."""
        told = self.model_dump(exclude_unset=True, exclude={"amount", "joining_fee"})
        if self.amount is not None:
            told["amount_minor"] = self.amount.amount
            told["currency"] = self.amount.currency
        if "joining_fee" in self.model_fields_set:
            told["joining_fee_minor"] = self.joining_fee.amount if self.joining_fee else 0
        return cast("PriceDetails", told)


class CycleIn(In):
    """The year of a fixed plan: when it begins, and from when joining gives the following one too (month-day)."""

    start: MonthAndDay
    rollover: MonthAndDay | None = None


class PlanFields(In):
    description: Annotated[str, Field(max_length=5_000)] = ""
    audience: Audience = Audience.BOTH
    rule: Rule = Rule.ROLLING
    cycle: CycleIn | None = None
    visibility: Visibility = Visibility.PUBLIC
    needs_approval: bool = False
    seats: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    capacity: Annotated[
        Annotated[int, Field(ge=1, le=1_000_000)] | None,
        Field(description="How many may have it until nobody can join by themselves any more; null: no limit."),
    ] = None
    pauses_allowed: bool = False
    pauses_extend: bool = False
    revival_days: Annotated[int, Field(ge=0, le=3_650, description="Whole local days.")] = 0
    colour: Annotated[str, Field(pattern="^#[0-9A-Fa-f]{6}$", examples=["#1f5f4a"])] = "#1f5f4a"
    position: Annotated[int, Field(ge=0, le=1_000_000, description="Place in the catalogue's order.")] = 0
    permissions: Annotated[
        list[Annotated[str, Field(max_length=80, examples=["pool"])]],
        Field(max_length=200, description="Keys. Replaces the whole list."),
    ] = []

    def details(self) -> PlanDetails:
        """Return what was sent, and only that."""
        told: dict[str, Any] = self.model_dump(exclude_unset=True, include=set(PlanDetails.__annotations__))
        if "cycle" in self.model_fields_set:
            told["cycle_start"] = self.cycle.start if self.cycle else ""
            told["cycle_rollover"] = (self.cycle.rollover or "") if self.cycle else ""
        return cast("PlanDetails", told)


class PlanIn(PlanFields):
    """A new plan, with at least one price."""

    name: Name
    prices: Annotated[list[PriceIn], Field(min_length=1, max_length=50)]


class PlanChange(PlanFields):
    """What is to change; what is left out stays as it is."""

    name: Name = ""
    version: Version | None = None


class TargetOut(Out):
    action: str
    resource_type: str
    resource_id: str


class PermissionOut(Out):
    """A named right that plans grant."""

    id: Annotated[str, Field(examples=["per_01jh2xcejqtf2nbrexx3vqjhp4"])]
    key: str
    name: str
    description: str
    targets: list[TargetOut]
    created_at: Instant

    @classmethod
    def of(cls, facts: PermissionFacts) -> "PermissionOut":
        """Return the permission as it is sent."""
        return cls(
            id=ids.to_text(Prefix.PERMISSION, facts.id),
            key=facts.key,
            name=facts.name,
            description=facts.description,
            targets=[TargetOut.model_validate(target) for target in facts.targets],
            created_at=facts.created_at,
        )


class PriceOut(Out):
    """A price of a plan; open-ended ones have no interval."""

    id: Annotated[str, Field(examples=["prc_01jh2xcejqtf2nbrexx3vqjhp4"])]
    plan_id: str
    amount: MoneyOut
    joining_fee: MoneyOut
    billing: Billing
    interval: Interval | None
    interval_count: int
    trial_days: int
    active: bool
    created_at: Instant

    @classmethod
    def of(cls, facts: PriceFacts) -> "PriceOut":
        """Return the price as it is sent."""
        return cls(
            id=ids.to_text(Prefix.PRICE, facts.id),
            plan_id=ids.to_text(Prefix.PLAN, facts.plan_id),
            amount=MoneyOut(amount=facts.amount_minor, currency=facts.currency),
            joining_fee=MoneyOut(amount=facts.joining_fee_minor, currency=facts.currency),
            billing=facts.billing,
            interval=facts.interval,
            interval_count=facts.interval_count,
            trial_days=facts.trial_days,
            active=facts.active,
            created_at=facts.created_at,
        )


class CycleOut(Out):
    start: str
    rollover: str | None


class PlanOut(Out):
    """What can be held: its permissions' keys, and its prices, active or not."""

    id: Annotated[str, Field(examples=["pln_01jh2xcejqtf2nbrexx3vqjhp4"])]
    version: int
    name: str
    description: str
    audience: Audience
    rule: Rule
    cycle: CycleOut | None
    visibility: Visibility
    needs_approval: bool
    seats: int | None
    capacity: int | None
    pauses_allowed: bool
    pauses_extend: bool
    revival_days: int
    colour: str
    position: int
    permissions: list[str]
    prices: list[PriceOut]
    archived_at: Instant | None
    created_at: Instant

    @classmethod
    def of(cls, facts: PlanFacts) -> "PlanOut":
        """Return the plan as it is sent."""
        cycle = CycleOut(start=facts.cycle_start, rollover=facts.cycle_rollover or None)
        return cls(
            id=ids.to_text(Prefix.PLAN, facts.id),
            version=facts.version,
            name=facts.name,
            description=facts.description,
            audience=facts.audience,
            rule=facts.rule,
            cycle=cycle if facts.rule == Rule.FIXED else None,
            visibility=facts.visibility,
            needs_approval=facts.needs_approval,
            seats=facts.seats,
            capacity=facts.capacity,
            pauses_allowed=facts.pauses_allowed,
            pauses_extend=facts.pauses_extend,
            revival_days=facts.revival_days,
            colour=facts.colour,
            position=facts.position,
            permissions=list(facts.permissions),
            prices=[PriceOut.of(price) for price in facts.prices],
            archived_at=facts.archived_at,
            created_at=facts.created_at,
        )


class ScheduledTermOut(Out):
    """One term `[starts_at, ends_at)`; `last_day` is the last local day it includes."""

    starts_at: Instant
    ends_at: Instant | None
    last_day: date | None


class ScheduleOut(Out):
    data: list[ScheduledTermOut]

    @classmethod
    def of(cls, terms: tuple[ScheduledTerm, ...]) -> "ScheduleOut":
        """Return the terms as they are sent."""
        return cls(data=[ScheduledTermOut.model_validate(term) for term in terms])


class PlanFilters(PageFilters):
    """Which plans."""

    archived: bool | None = None
    audience: Audience | None = None
    visibility: Visibility | None = None


class ScheduleFilters(Filters):
    """From when, and how many terms."""

    starts_at: Annotated[Instant | None, Field(description="Left out: now, to the end of the last day.")] = None
    take: Annotated[int, Field(ge=1, le=200)] = 12

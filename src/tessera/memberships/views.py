"""What screens and APIs see of a membership at an instant: what `queries` returns."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from tessera.core.periods import Anchor
from tessera.memberships.types import EndedReason, Status
from tessera.people.types import Source
from tessera.plans.types import Billing


@dataclass(frozen=True, slots=True)
class Named:
    """Something by its key and name."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a membership: `type` is `customer` or `company`."""

    type: str
    id: UUID
    name: str
    photo: UUID | None = None  # or the company's logo

    @property
    def is_company(self) -> bool:
        return self.type == "company"


@dataclass(frozen=True, slots=True)
class PriceView:
    """A price. `interval` is empty for an open-ended one; amounts are minor units."""

    id: UUID
    amount_minor: int
    currency: str
    billing: Billing
    interval: str
    interval_count: int


@dataclass(frozen=True, slots=True)
class PauseView:
    """A pause; `ends_at` null: until somebody resumes. `extends`: ends move by the time that was paused."""

    starts_at: datetime
    ends_at: datetime | None
    extends: bool
    reason: str
    paused_by: str


@dataclass(frozen=True, slots=True)
class TermView:
    """One term of a membership's history."""

    id: UUID
    plan: Named
    price: PriceView
    starts_at: datetime
    ends_at: datetime | None
    last_day: date | None
    grace_until: datetime | None
    trial: bool
    paid_by: str
    booked_by: str


@dataclass(frozen=True, slots=True)
class MembershipView:
    """A membership as it is at an instant, of the holder or as inherited by somebody.

    `ends_at` is the last booked end, without grace; if inherited, the earlier of that and the affiliation's end.
    `last_day` is the local date of the instant before it really ends. `seated` is null unless inherited: false means
    that the company's seats are taken by others, so nothing is inherited. `anchor` is null before the first term;
    `pause` is the one that runs, else the next that is planned. `permissions` are keys and `permission_names` what they
    are called, in the same order. `pausable`: its plan has pauses.
    """

    id: UUID
    version: int
    status: Status
    in_grace: bool
    plan: Named
    price: PriceView
    holder: Holder
    anchor: Anchor | None
    inherited_from: Named | None
    seated: bool | None
    starts_at: datetime | None
    ends_at: datetime | None
    last_day: date | None
    grace_until: datetime | None
    pause: PauseView | None
    renews: bool
    cancel_at: datetime | None
    next_plan: Named | None
    awaiting: tuple[str, ...]
    pending_until: datetime | None
    ended_at: datetime | None
    ended_reason: EndedReason | None
    seats: int | None
    source: Source
    external_reference: str
    created_at: datetime
    permissions: tuple[str, ...]
    permission_names: tuple[str, ...]
    pausable: bool


@dataclass(frozen=True, slots=True)
class Life:
    """A membership as it is at an instant, with all that it was and is booked to be, the first ones first."""

    view: MembershipView
    terms: list[TermView]
    pauses: list[PauseView]

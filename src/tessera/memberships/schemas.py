"""Memberships as they are sent and asked for over HTTP."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.http.schemas import In, Instant, MoneyOut, Out, PageFilters
from tessera.memberships.types import EndedReason, Status
from tessera.memberships.views import MembershipView, Named, PriceView, TermView
from tessera.people.types import Source
from tessera.plans.types import Billing

PlanId = Annotated[str, Field(max_length=40, examples=["pln_01jh2xcejqtf2nbrexx3vqjhp4"])]
PriceId = Annotated[str, Field(max_length=40, examples=["prc_01jh2xcejqtf2nbrexx3vqjhp4"])]
Reference = Annotated[
    str,
    Field(
        max_length=300, description="An id, a number, or `external:…`, `email:…`, `phone:…`.", examples=["CUS-000001"]
    ),
]
Seats = Annotated[int, Field(ge=0, le=1_000_000, description="How many people inherit it at most.")]


class MembershipFilters(PageFilters):
    """Which memberships a list is of. Status and plan are those of now; ends are last booked ends."""

    status: Status | None = None
    plan: PlanId | None = None
    customer: Reference | None = None
    company: Reference | None = None
    ends_before: Instant | None = None
    ends_after: Instant | None = None


class GrantIn(In):
    """A new membership of a plan, for one customer or one company."""

    plan: PlanId
    price: Annotated[PriceId | None, Field(description="The plan's only active price if not named.")] = None
    customer: Reference | None = None
    company: Reference | None = None
    starts_at: Annotated[Instant | None, Field(description="Now if not given; the first local day is then whole.")] = (
        None
    )
    ends_at: Annotated[Instant | None, Field(description="An own end, instead of the price's interval.")] = None
    trial: Annotated[bool | None, Field(description="Null: the price's trial, if the holder has not had it.")] = None
    renews: Annotated[bool | None, Field(description="Null: what needs no payment renews by itself.")] = None
    await_approval: Annotated[bool | None, Field(description="Null: as the plan says.")] = None
    await_payment: bool = False
    seats: Annotated[Seats | None, Field(description="For a company; null: the plan's.")] = None
    external_reference: Annotated[str, Field(max_length=200)] = ""


class ExtendIn(In):
    """A later end."""

    ends_at: Instant


class CancelIn(In):
    """When the holder leaves: at the period's end, which can be undone until then, or at once."""

    when: Literal["period_end", "now"] = "period_end"


class PauseIn(In):
    """An interval in which the membership grants nothing: from now, and until resumed, where nothing else is said."""

    starts_at: Instant | None = None
    ends_at: Instant | None = None
    reason: Annotated[str, Field(max_length=500)] = ""


class ChangePlanIn(In):
    """Another plan or price: from now, or with the next term."""

    plan: PlanId
    price: Annotated[PriceId | None, Field(description="The plan's only active price if not named.")] = None
    when: Literal["now", "renewal"] = "now"


class ChangeSeatsIn(In):
    """How many people inherit the membership at most; null: as many as its plan says."""

    seats: Annotated[Seats | None, Field(examples=[25])]


class JoinIn(In):
    """What a customer is to a company, and from when until when."""

    starts_at: Annotated[Instant | None, Field(description="Now if not given. Not for one who belongs already.")] = None
    ends_at: Annotated[Instant | None, Field(description="Open if not given. Not for one who belongs already.")] = None
    title: Annotated[str, Field(max_length=200)] = ""
    company_admin: bool = False
    primary_contact: bool = False


class NamedOut(Out):
    """Something by its id and name."""

    id: str
    name: str

    @classmethod
    def of(cls, prefix: Prefix, named: Named) -> "NamedOut":
        return cls(id=ids.to_text(prefix, named.id), name=named.name)


class HolderOut(Out):
    """Who holds it."""

    type: Literal["customer", "company"]
    id: str
    name: str


class HeldPriceOut(Out):
    """The price that it is held on."""

    id: str
    amount: MoneyOut
    billing: Billing
    interval: str | None
    interval_count: int

    @classmethod
    def of(cls, view: PriceView) -> "HeldPriceOut":
        return cls(
            id=ids.to_text(Prefix.PRICE, view.id),
            amount=MoneyOut(amount=view.amount_minor, currency=view.currency),
            billing=view.billing,
            interval=view.interval or None,
            interval_count=view.interval_count,
        )


class PauseOut(Out):
    """A pause that runs or is planned; `ends_at` null: until somebody resumes."""

    starts_at: Instant
    ends_at: Instant | None
    reason: str


class MembershipOut(Out):
    """A membership as it is now. Expired ones stay visible for ever, and grant nothing."""

    id: Annotated[str, Field(examples=["mem_01jh2xcejqtf2nbrexx3vqjhp4"])]
    version: int
    status: Status
    in_grace: bool
    plan: NamedOut
    price: HeldPriceOut
    holder: HolderOut
    inherited_from: Annotated[NamedOut | None, Field(description="The company it is seen through; null: an own one.")]
    seated: Annotated[bool | None, Field(description="Inherited: false means that all seats are taken by others.")]
    starts_at: Annotated[Instant | None, Field(description="The first start; while pending the one agreed, if any.")]
    ends_at: Annotated[Instant | None, Field(description="The last booked end, without grace; null: open.")]
    last_day: Annotated[date | None, Field(description="The local date of the instant before it really ends.")]
    grace_until: Instant | None
    pause: PauseOut | None
    renews: bool
    cancel_at: Annotated[Instant | None, Field(description="When it ends because canceling was booked.")]
    next_plan: Annotated[NamedOut | None, Field(description="The plan its next term carries, where that is another.")]
    awaiting: list[str]
    pending_until: Instant | None
    ended_at: Instant | None
    ended_reason: EndedReason | None
    seats: int | None
    source: Source
    external_reference: str
    created_at: Instant
    permissions: list[str]

    @classmethod
    def of(cls, view: MembershipView) -> "MembershipOut":
        """Return the membership as it is sent."""
        holder = Prefix.CUSTOMER if view.holder.type == "customer" else Prefix.COMPANY
        return cls(
            id=ids.to_text(Prefix.MEMBERSHIP, view.id),
            version=view.version,
            status=view.status,
            in_grace=view.in_grace,
            plan=NamedOut.of(Prefix.PLAN, view.plan),
            price=HeldPriceOut.of(view.price),
            holder=HolderOut(type=view.holder.type, id=ids.to_text(holder, view.holder.id), name=view.holder.name),
            inherited_from=NamedOut.of(Prefix.COMPANY, view.inherited_from) if view.inherited_from else None,
            seated=view.seated,
            starts_at=view.starts_at,
            ends_at=view.ends_at,
            last_day=view.last_day,
            grace_until=view.grace_until,
            pause=PauseOut.model_validate(view.pause) if view.pause else None,
            renews=view.renews,
            cancel_at=view.cancel_at,
            next_plan=NamedOut.of(Prefix.PLAN, view.next_plan) if view.next_plan else None,
            awaiting=list(view.awaiting),
            pending_until=view.pending_until,
            ended_at=view.ended_at,
            ended_reason=view.ended_reason,
            seats=view.seats,
            source=view.source,
            external_reference=view.external_reference,
            created_at=view.created_at,
            permissions=list(view.permissions),
        )


class TermOut(Out):
    """One granted or paid interval `[starts_at, ends_at)`, with the plan and price it was held under."""

    id: str
    plan: NamedOut
    price: HeldPriceOut
    starts_at: Instant
    ends_at: Instant | None
    last_day: date | None
    grace_until: Instant | None
    trial: bool
    paid_by: str

    @classmethod
    def of(cls, view: TermView) -> "TermOut":
        """Return the term as it is sent."""
        return cls(
            id=ids.to_text(Prefix.TERM, view.id),
            plan=NamedOut.of(Prefix.PLAN, view.plan),
            price=HeldPriceOut.of(view.price),
            starts_at=view.starts_at,
            ends_at=view.ends_at,
            last_day=view.last_day,
            grace_until=view.grace_until,
            trial=view.trial,
            paid_by=view.paid_by,
        )


class ListOut(Out):
    """A whole list, which needs no pages."""

    data: list[MembershipOut]


class TermsOut(Out):
    """All terms of a membership, the first one first."""

    data: list[TermOut]

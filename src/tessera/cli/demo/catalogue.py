"""What Strand House offers: twelve permissions and six plans."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Unpack

from tessera.core.periods import Interval
from tessera.events.types import Actor
from tessera.organizations.models import Organization
from tessera.plans.models import Plan, Price
from tessera.plans.permissions import create_permission
from tessera.plans.services import create_plan
from tessera.plans.types import Audience, PlanDetails, PriceTerms, Rule, Target, Visibility

_PERMISSIONS: Final = (
    ("house", "The house", "Come in, and stay.", ("enter door:main", "enter door:library")),
    ("members-area", "Members' pages", "What only members read.", ("read page:/members/*",)),
    ("bar", "Rooftop bar", "Until one in the morning.", ("enter door:rooftop",)),
    ("restaurant", "Restaurant", "Tables before anybody else.", ("book table:*",)),
    ("gym", "Gym", "Every day from six.", ("enter door:gym", "enter door:changing-rooms")),
    ("pool", "Pool", "Twenty-five metres, under glass.", ("enter door:pool", "enter door:changing-rooms")),
    ("classes", "Classes", "Yoga, spin, boxing.", ("book class:*",)),
    ("studio", "Studio", "A desk for the day.", ("enter door:studio", "join network:studio")),
    ("meeting-rooms", "Meeting rooms", "Eight hours a month.", ("book room:*",)),
    ("locker", "Locker", "One of one's own.", ("open locker:*",)),
    ("guests", "Guests", "Two at a time.", ("bring guest:*",)),
    ("presale", "Presale", "Tickets a week early.", ("buy ticket:presale-*", "read page:/presale/*")),
)
_EVERYWHERE: Final = ("house", "members-area", "bar", "restaurant", "guests", "presale")


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan and its prices, by interval."""

    plan: Plan
    prices: Mapping[str, Price]

    @property
    def price(self) -> Price:
        """The first price."""
        return next(iter(self.prices.values()))


@dataclass(frozen=True, slots=True)
class Catalogue:
    house: Offer
    gym: Offer
    studio: Offer
    corporate: Offer
    patron: Offer
    friends: Offer


def offer_everything(organization: Organization, *, at: datetime, actor: Actor) -> Catalogue:
    """Make the permissions and plans; return the plans."""
    for key, name, description, targets in _PERMISSIONS:
        create_permission(
            organization=organization,
            key=key,
            name=name,
            description=description,
            targets=[_target(each) for each in targets],
            at=at,
            actor=actor,
        )

    def offer(*prices: PriceTerms, **details: Unpack[PlanDetails]) -> Offer:
        plan = create_plan(organization=organization, prices=prices, at=at, actor=actor, **details)
        rows = Price.objects.filter(plan=plan).order_by("created_at", "pk")
        return Offer(plan, {row.interval: row for row in rows})

    return Catalogue(
        house=offer(
            PriceTerms(6_500, trial_days=14),
            name="House",
            description="The whole house, and a friend or two.",
            audience=Audience.CUSTOMERS,
            pauses_allowed=True,
            pauses_extend=True,
            revival_days=30,
            colour="#1f5f4a",
            permissions=_EVERYWHERE,
        ),
        gym=offer(
            PriceTerms(3_900, joining_fee_minor=2_500),
            PriceTerms(39_000, interval=Interval.YEAR),
            name="Gym & Pool",
            description="Gym, pool and classes.",
            audience=Audience.CUSTOMERS,
            pauses_allowed=True,
            revival_days=14,
            colour="#245a8d",
            permissions=("house", "gym", "pool", "classes", "locker"),
        ),
        studio=offer(
            PriceTerms(18_000),
            name="Studio",
            description="A desk, a quiet hour, meeting rooms.",
            audience=Audience.BOTH,
            pauses_allowed=True,
            colour="#8a5a1f",
            permissions=("house", "members-area", "studio", "meeting-rooms", "locker"),
        ),
        corporate=offer(
            PriceTerms(125_000),
            name="Corporate",
            description="House and gym for the people of a company, up to its number of seats.",
            audience=Audience.COMPANIES,
            visibility=Visibility.UNLISTED,
            seats=20,
            pauses_allowed=True,
            colour="#4a3f73",
            permissions=(*_EVERYWHERE, "gym", "pool", "meeting-rooms"),
        ),
        patron=offer(
            PriceTerms(120_000, interval=Interval.YEAR),
            name="Patron",
            description="A year of everything; patrons keep the lights on. By application.",
            audience=Audience.CUSTOMERS,
            visibility=Visibility.UNLISTED,
            rule=Rule.FIXED,
            cycle_start="01-01",
            cycle_rollover="11-01",
            needs_approval=True,
            colour="#7d1f3f",
            permissions=[key for key, *_ in _PERMISSIONS],
        ),
        friends=offer(
            PriceTerms(0, interval=Interval.YEAR),
            name="Friends of Strand House",
            description="Free. News, and tickets a week early.",
            audience=Audience.BOTH,
            colour="#b0792a",
            permissions=("members-area", "presale"),
        ),
    )


def _target(text: str) -> Target:
    action, _, resource = text.partition(" ")
    kind, _, resource_id = resource.partition(":")
    return Target(action, kind, resource_id)

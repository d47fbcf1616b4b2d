"""An organization with some of everything, and the words that address its parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from tessera import db
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.memberships.models import Membership
from tessera.organizations.models import Organization
from tessera.people.models import Company, Customer
from tessera.plans.models import Plan, Price
from tessera.webhooks.models import Delivery, WebhookEndpoint
from tessera.webhooks.types import DeliveryStatus
from tests import make

TARGET = {"action": "enter", "resource_type": "door", "resource_id": "main"}


@dataclass(frozen=True, slots=True)
class World:
    """What there is: one whose id each kind of address can be filled with, and a key that may do everything.

    Ada holds the plan herself and inherits it from her company; the application waits for approval.
    """

    club: Organization
    secret: str
    ada: Customer
    acme: Company
    plan: Plan
    price: Price
    own: Membership
    inherited: Membership
    application: Membership
    endpoint: WebhookEndpoint
    delivery: Delivery

    @property
    def addresses(self) -> Mapping[str, str]:
        """An id for the part of an address that follows each noun, and for each field or parameter of that name."""
        ada, acme = ids.to_text(Prefix.CUSTOMER, self.ada.pk), ids.to_text(Prefix.COMPANY, self.acme.pk)
        plan, price = ids.to_text(Prefix.PLAN, self.plan.pk), ids.to_text(Prefix.PRICE, self.price.pk)
        own = ids.to_text(Prefix.MEMBERSHIP, self.own.pk)
        return {
            "customers": ada,
            "companies": acme,
            "plans": plan,
            "prices": price,
            "memberships": own,
            "permissions": "club-only",
            "webhook-endpoints": ids.to_text(Prefix.WEBHOOK_ENDPOINT, self.endpoint.pk),
            "deliveries": ids.to_text(Prefix.DELIVERY, self.delivery.pk),
            "customer": ada,
            "company": acme,
            "plan": plan,
            "price": price,
            "membership": own,
            "into": ada,
            "identity": self.club.slug,
        }


def settled(club: Organization) -> World:
    """Give the organization some of everything, from 10 January on."""
    key = "club-only" if club.name == "Strand House" else "elsewhere-only"
    make.permission(club, key, targets=["enter door:main"])
    plan = make.plan(club, f"Gold of {club.name}", permissions=[key], pauses_allowed=True, revival_days=30, seats=1)
    price = Price.objects.get(plan=plan)
    make.plan(club, f"Silver of {club.name}", needs_approval=True)
    ada = make.customer(club, first_name="Ada", last_name=club.name, emails=[f"ada@{club.slug}.example"])
    acme = make.company(club, f"Acme of {club.name}", email=f"office@{club.slug}.example")
    make.affiliation(ada, acme)
    make.photo(ada)
    make.logo(acme)
    make.logo(club)
    applicant = make.customer(club)
    endpoint = make.webhook_endpoint(club, f"https://hooks.{club.slug}.example/tessera")
    world = World(
        club=club,
        secret=make.key(club)[1],
        ada=ada,
        acme=acme,
        plan=plan,
        price=price,
        own=make.membership(plan, customer=ada, ends_at=make.FEB_10 + timedelta(days=20)),
        inherited=make.membership(plan, company=acme),
        application=make.membership(plan, customer=applicant, starts_at=None, needs_approval=True),
        endpoint=endpoint,
        delivery=make.delivery(endpoint, DeliveryStatus.FAILED),
    )
    happened(world)
    return world


def happened(world: World, many: int = 1) -> None:
    """Record that Ada was looked at, `many` times."""
    with db.transaction():
        events.record(
            *[
                events.Happened(
                    organization_id=world.club.pk,
                    type=EventType.CUSTOMER_UPDATED,
                    at=make.JAN_10,
                    actor=Actor.system("tests"),
                    customer_id=world.ada.pk,
                    data={"fields": ["locale"]},
                )
            ]
            * many
        )


def crowded(world: World, many: int) -> None:
    """Add `many` of everything that a list can show, all of it around Ada and her company."""
    club = world.club
    for number in range(many):
        key = f"room-{number}"
        make.permission(club, key, targets=[f"enter room:{number}"])
        plan = make.plan(club, permissions=[key])
        make.price(world.plan, amount=number)
        make.membership(plan, customer=world.ada)
        employer = make.company(club)
        make.affiliation(world.ada, employer)
        make.membership(plan, company=employer)
        make.membership(plan, company=world.acme)
        colleague = make.employee(world.acme)
        make.membership(world.plan, customer=colleague)
        start = make.FEB_10 + timedelta(days=20 + number)
        make.term(world.own, world.plan, starts_at=start, ends_at=start + timedelta(days=1))
        make.webhook_endpoint(club)
        make.delivery(world.endpoint)
    happened(world, many)

"""Where paying begins: the one seam between signing up and whatever takes the money.

A provider is anything that begins a membership for whoever wants it and, if money is due first, leaves it `pending`
until the payment comes: `memberships.granting.confirm_payment` completes it then, however late. Today there is one:
at the desk, where staff confirm.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from tessera.events.types import Actor
from tessera.memberships import granting
from tessera.memberships.models import Membership
from tessera.organizations.models import Organization
from tessera.people.models import Customer
from tessera.people.types import Source
from tessera.plans.models import Plan, Price


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody wants a plan on a price. `pay_first`: money is due before it begins. Inside a transaction."""

    organization: Organization
    customer: Customer
    plan: Plan
    price: Price
    pay_first: bool
    at: datetime
    actor: Actor


@dataclass(frozen=True, slots=True)
class Started:
    """The membership that has been begun. `pay_at`: the address where it is paid now; empty: nowhere on line."""

    membership: Membership
    pay_at: str = ""


class Provider(Protocol):
    """What takes money. It may write, in the transaction that it is called in, and call nothing outside."""

    def start(self, asked: Asked) -> Started:
        """Begin the membership. Raises what `granting.grant` raises."""
        ...


class AtTheDesk:
    """Paid at the desk or by transfer: staff confirm it in the console."""

    def start(self, asked: Asked) -> Started:
        """Begin the membership; it waits for a payment if one is due first."""
        return Started(
            granting.grant(
                organization=asked.organization,
                plan=asked.plan,
                price=asked.price,
                holder=asked.customer,
                at=asked.at,
                actor=asked.actor,
                source=Source.SIGNUP,
                await_approval=asked.plan.needs_approval,
                await_payment=asked.pay_first,
            )
        )


AT_THE_DESK: Final[Provider] = AtTheDesk()


def start_checkout(asked: Asked, *, provider: Provider = AT_THE_DESK) -> Started:
    """Begin what somebody wants, and what is to be paid for it. Raises what `granting.grant` raises."""
    return provider.start(asked)

"""A club with somebody in it to whom something happens, so that a mail is written to them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from tessera import db
from tessera.core.instants import instant_text
from tessera.events import queries as events
from tessera.events import services as recording
from tessera.events.queries import EventLine
from tessera.events.types import Actor, EventType
from tessera.identity import addresses
from tessera.identity.passkeys import PasskeyView
from tessera.identity.types import SignedIn
from tessera.memberships.models import Membership
from tessera.organizations.models import Organization
from tessera.people.models import Company, Customer
from tessera.plans.models import Plan
from tests import make
from tests.identity.authenticator import Device, made
from tests.identity.visitors import Browser
from tests.memberships.desk import ACTOR, Desk

NOON: Final = make.JAN_10
DAY: Final = timedelta(days=1)
Holder = Customer | Company


@dataclass(frozen=True, slots=True)
class Names:
    """What everything is called: a test of languages gives other names, to know them from what was translated."""

    club: str = "Strand House"
    first: str = "Ada"
    last: str = "Okonkwo"
    company: str = "Acme Ltd"
    plan: str = "Gold"
    other_plan: str = "Silver"
    permissions: tuple[str, str] = ("Pool", "Lounge")


@dataclass(slots=True)
class Stage:
    """A club with a person and a company in it, and the one of them to whom a scene happens."""

    desk: Desk
    ada: Customer
    acme: Company
    names: Names
    company_holds: bool = False
    at: datetime = NOON
    plans: dict[str, Plan] = field(default_factory=dict)

    @classmethod
    def set_up(
        cls, names: Names | None = None, *, locale: str = "en-GB", company_holds: bool = False, contact: str = ""
    ) -> "Stage":
        names = names or Names()
        club = make.organization(names.club, locale=locale)
        if contact:
            Organization.objects.filter(pk=club.pk).update(contact_email=contact)
            club.refresh_from_db()
        ada = make.customer(club, first_name=names.first, last_name=names.last, emails=["ada@member.example"])
        acme = make.company(club, names.company, email="office@acme.example")
        return cls(Desk(club), ada, acme, names, company_holds)

    @property
    def club(self) -> Organization:
        return self.desk.club

    @property
    def holder(self) -> Holder:
        return self.acme if self.company_holds else self.ada

    def plan(self, **details: Any) -> Plan:
        """The plan of the scene, which grants two permissions."""
        pool, lounge = self.names.permissions
        granted = [make.permission(self.club, "pool", name=pool), make.permission(self.club, "lounge", name=lounge)]
        return make.plan(
            self.club,
            self.names.plan,
            permissions=granted,
            pauses_allowed=True,
            pauses_extend=True,
            **details,
        )

    def held(self, **terms: Any) -> Membership:
        """The holder's membership of that plan, since noon."""
        return self.desk.grant(self.plan(), self.holder, at=NOON, **terms)

    def change_address(self, address: str) -> None:
        """Let Ada prove another address, as at the portal."""
        proven, by = Browser(self.club).prove(address), Actor.customer(self.ada.pk)
        addresses.change_address(organization=self.club, customer=self.ada, proven=proven, at=self.at, actor=by)

    def sign_in(self, address: str = "ada@member.example") -> SignedIn:
        """Let somebody sign in at the portal by a code that comes to an address."""
        return Browser(self.club).sign_in(address).signed_in

    def make_passkey(self, name: str) -> PasskeyView:
        """Let Ada make a passkey at the portal."""
        return made(self.sign_in(), Device(), name)

    def falls_due(self, event: EventType, membership: Membership, *, days: int) -> None:
        """Record what the schedule records some days before a membership's end."""
        assert membership.ends_at is not None
        self.at = membership.ends_at - days * DAY
        with db.transaction():
            recording.record(
                recording.Happened(
                    organization_id=self.club.pk,
                    type=event,
                    at=self.at,
                    actor=ACTOR,
                    customer_id=membership.customer_id,
                    company_id=membership.company_id,
                    membership_id=membership.pk,
                    data={"ends_at": instant_text(membership.ends_at), "days": days},
                )
            )


def lines(club: Organization) -> list[EventLine]:
    """Return all that happened in the club."""
    return events.feed(club, limit=1_000).lines

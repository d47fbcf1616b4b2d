"""A small club with a life behind it: memberships in every status, a company, a merge, a ban. Made by the services.

`python -m tests.migrations` puts it into the configured database, which has been migrated. The same people do the same
things on the same days each time; only ids and secrets differ.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tessera.core.periods import Interval
from tessera.events.types import Actor
from tessera.http.scopes import Scope
from tessera.lifecycle.archive import archive_customer
from tessera.lifecycle.merge import merge_customer
from tessera.memberships import announcing, canceling, changing, granting, pausing, renewing
from tessera.memberships.inheritance import join_company, leave_company
from tessera.memberships.models import Membership
from tessera.organizations.clock import move_clock
from tessera.organizations.keys import create_key
from tessera.organizations.models import Organization
from tessera.organizations.rights import Role
from tessera.organizations.services import create_organization
from tessera.organizations.staff import add_staff
from tessera.people import services as people
from tessera.people.models import Company, Customer
from tessera.people.types import Email, Source, Via
from tessera.plans import permissions
from tessera.plans import services as plans
from tessera.plans.models import Plan
from tessera.plans.types import Billing, PriceTerms, Rule, Target
from tests.migrations.answers import OTHER_SLUG, PERMISSIONS, SLUG

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
_ACTOR = Actor.system("tests")


def on(day: str) -> datetime:
    """Noon of a day, UTC."""
    return datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class House:
    """The club with its plans, and its staff at work."""

    club: Organization
    month: Plan
    year: Plan
    season: Plan
    team: Plan
    trial: Plan
    friends: Plan

    def person(self, first: str, last: str, day: str, **details: Any) -> Customer:
        return people.create_customer(
            organization=self.club, at=on(day), actor=_ACTOR, first_name=first, last_name=last, **details
        )

    def grant(self, plan: Plan, holder: Customer | Company, day: str, **terms: Any) -> Membership:
        return granting.grant(
            organization=self.club, plan=plan, holder=holder, at=on(day), actor=_ACTOR, source=Source.STAFF, **terms
        )

    def held(self, membership: Membership, day: str) -> dict[str, Any]:
        """What every verb on a membership is told."""
        return {"organization": self.club, "membership_id": membership.pk, "at": on(day), "actor": _ACTOR}


def found(slug: str, name: str, *, test_now: datetime) -> Organization:
    """A test organization, so that decisions are asked where its clock stands, whenever the tests run."""
    return create_organization(
        slug=slug,
        name=name,
        time_zone="Europe/London",
        currency="GBP",
        test_now=test_now,
        at=test_now,
        actor=_ACTOR,
    )


def open_house(club: Organization, day: str) -> House:
    """The catalogue: what can be held, and what it lets people do."""
    for key in PERMISSIONS:
        target = Target("enter", "door", key)
        permissions.create_permission(organization=club, key=key, targets=[target], at=on(day), actor=_ACTOR)

    def plan(name: str, *keys: str, price: PriceTerms, **details: Any) -> Plan:
        return plans.create_plan(
            organization=club, name=name, permissions=keys, prices=[price], at=on(day), actor=_ACTOR, **details
        )

    return House(
        club,
        month=plan(
            "House", "members-area", "pool", price=PriceTerms(3500), pauses_allowed=True, pauses_extend=True,
            revival_days=30,
        ),
        year=plan("House by the year", "members-area", "pool", price=PriceTerms(35000, interval=Interval.YEAR)),
        season=plan(
            "Season", "pool", price=PriceTerms(12000, interval=Interval.YEAR), rule=Rule.FIXED, cycle_start="04-01",
            cycle_rollover="01-01",
        ),
        team=plan("Team", "members-area", "sauna", price=PriceTerms(20000), seats=2),
        trial=plan("Gym", "pool", price=PriceTerms(2500, trial_days=14)),
        friends=plan("Friends", "members-area", price=PriceTerms(0, billing=Billing.OPEN, interval=None)),
    )  # fmt: skip


def live(house: House) -> None:
    """A year in which everything happens to somebody."""
    _members(house)
    _leavers(house)
    _applicants(house)
    _companies(house)
    _people(house)
    announcing.run_due(organization=house.club, at=on("2026-03-01"))


def _members(house: House) -> None:
    stayed = house.grant(house.month, house.person("Ada", "Ashby", "2025-12-31"), "2025-12-31")
    for day in ("2026-01-15", "2026-02-15"):
        renewing.renew(**house.held(stayed, day))
    ended_by_hand = house.person("Bruno", "Brandt", "2026-01-31", emails=[Email("bruno@example.org", verified=True)])
    house.grant(house.month, ended_by_hand, "2026-01-31", ends_at=on("2026-04-15"))
    renewed = house.grant(house.month, house.person("Chidi", "Coker", "2026-02-20"), "2026-02-20")
    renewing.renew(**house.held(renewed, "2026-03-01"))
    in_grace = house.person("Dalia", "Delacroix", "2026-02-06", phones=["+442071838750"])
    house.grant(house.month, in_grace, "2026-02-06", renews=True)
    paused = house.grant(house.month, house.person("Edith", "Eriksen", "2026-02-15"), "2026-02-15")
    pausing.pause(**house.held(paused, "2026-03-05"), starts_at=None, ends_at=on("2026-03-20"), reason="Travelling")
    resumed = house.grant(house.month, house.person("Femi", "Fontaine", "2026-02-18"), "2026-02-18")
    pausing.pause(**house.held(resumed, "2026-02-20"), starts_at=None, ends_at=None, reason="Ill")
    pausing.resume(**house.held(resumed, "2026-02-25"))
    house.grant(house.month, house.person("Grace", "Gallagher", "2026-03-01"), "2026-03-01", starts_at=on("2026-05-01"))
    house.grant(house.trial, house.person("Hugo", "Ashby", "2026-03-04"), "2026-03-04")
    house.grant(house.season, house.person("Ines", "Brandt", "2025-05-20"), "2025-05-20")
    house.grant(house.friends, house.person("Jonas", "Coker", "2025-06-01"), "2025-06-01")
    changing_now = house.grant(house.month, house.person("Kim", "Delacroix", "2026-02-22"), "2026-02-22")
    changing.change_plan_now(**house.held(changing_now, "2026-03-02"), plan=house.year, price=None)
    changing_later = house.grant(
        house.month, house.person("Lena", "Eriksen", "2026-02-24"), "2026-02-24", renews=True
    )
    changing.change_plan_at_renewal(**house.held(changing_later, "2026-03-02"), plan=house.trial, price=None)


def _leavers(house: House) -> None:
    house.grant(house.month, house.person("Mona", "Fontaine", "2025-03-31"), "2025-03-31")  # lapsed, and announced
    # Lapsed between the last announcement and now.
    house.grant(house.month, house.person("Nils", "Gallagher", "2026-02-05"), "2026-02-05", ends_at=on("2026-03-05"))
    left = house.grant(house.month, house.person("Olga", "Ashby", "2026-02-10"), "2026-02-10")
    canceling.cancel_now(**house.held(left, "2026-02-28"))
    leaving = house.grant(house.month, house.person("Per", "Brandt", "2026-02-12"), "2026-02-12", renews=True)
    canceling.cancel_at_period_end(**house.held(leaving, "2026-03-03"))
    revoked = house.grant(house.month, house.person("Quentin", "Coker", "2026-02-14"), "2026-02-14")
    canceling.revoke(**house.held(revoked, "2026-03-04"))


def _applicants(house: House) -> None:
    apply: dict[str, Any] = {"await_approval": True, "await_payment": True}
    house.grant(house.month, house.person("Rosa", "Delacroix", "2026-03-08"), "2026-03-08", **apply)
    approved = house.grant(house.month, house.person("Sven", "Eriksen", "2026-03-07"), "2026-03-07", **apply)
    granting.approve(**house.held(approved, "2026-03-09"))
    rejected = house.grant(house.month, house.person("Tara", "Fontaine", "2026-03-06"), "2026-03-06", **apply)
    granting.reject(**house.held(rejected, "2026-03-07"))
    paid = house.grant(house.month, house.person("Umar", "Gallagher", "2026-03-02"), "2026-03-02", await_payment=True)
    granting.confirm_payment(**house.held(paid, "2026-03-02"), paid_by="sandbox")
    house.grant(house.month, house.person("Vera", "Ashby", "2026-02-16"), "2026-02-16", await_payment=True)  # abandoned


def _companies(house: House) -> None:
    acme, idle = (
        people.create_company(organization=house.club, at=on("2025-11-03"), actor=_ACTOR, name=name)
        for name in ("Acme Ltd", "Zephyr GmbH")
    )
    house.grant(house.team, acme, "2025-11-03", ends_at=datetime(2026, 4, 3, tzinfo=UTC), seats=2)
    house.grant(house.team, idle, "2025-11-03", ends_at=on("2026-01-15"))
    # Two have the seats, the third waits for one.
    for day, first in (("2025-11-10", "Wanda"), ("2025-11-11", "Xaver"), ("2025-11-12", "Yara")):
        who = house.person(first, "Holm", day, external_id=first.lower())
        join_company(customer=who, company=acme, at=on(day), actor=_ACTOR, via=Via.STAFF)
    gone = house.person("Zoe", "Holm", "2025-11-13")
    join_company(customer=gone, company=idle, at=on("2025-11-13"), actor=_ACTOR, via=Via.STAFF)
    leave_company(customer=gone, company=idle, at=on("2025-12-24"), actor=_ACTOR)


def _people(house: House) -> None:
    double = house.person("Ada", "Ashbey", "2026-01-05", phones=["+442071838751"])
    ada = Customer.objects.get(organization=house.club, first_name="Ada", last_name="Ashby")
    merge_customer(customer=double, into=ada, at=on("2026-01-06"), actor=_ACTOR)
    banned = house.person("Bo", "Trouble", "2026-02-26")
    house.grant(house.month, banned, "2026-02-26")
    people.ban_customer(customer=banned, reason="Broke the rules", at=on("2026-03-05"), actor=_ACTOR)
    archived = house.person("Old", "Timer", "2025-04-01")
    archive_customer(customer=archived, at=on("2026-01-20"), actor=_ACTOR)


def main() -> None:
    """Make both clubs."""
    club = found(SLUG, "Strand House", test_now=on("2025-03-01"))
    ada = add_staff(
        organization=club, name="Ada Owner", email="ada@club.example", password="correct horse battery staple",
        role=Role.OWNER, at=on("2025-03-01"), actor=_ACTOR,
    )  # fmt: skip
    create_key(
        organization=club, name="Website", scopes=[Scope.ACCESS_READ], made_by=ada, at=on("2025-03-02"),
        actor=Actor.staff(ada.pk),
    )  # fmt: skip
    live(open_house(club, "2025-03-02"))
    move_clock(organization=club, to=on("2026-03-01"), at=on("2025-03-01"), actor=_ACTOR)
    Organization.objects.filter(pk=club.pk).update(test_now=NOW)  # without announcing: something is left for later
    other = open_house(found(OTHER_SLUG, "Harbour Gym", test_now=NOW), "2026-01-02")
    other.grant(other.month, other.person("Ada", "Ashby", "2026-02-20"), "2026-02-20")

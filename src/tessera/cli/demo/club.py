"""Strand House and whoever works there: what every story of the demo needs at hand."""

from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Final
from uuid import UUID

from tessera.cli.demo.catalogue import Catalogue
from tessera.cli.demo.diary import Diary
from tessera.cli.demo.ledger import Ledger
from tessera.config.boot import DEMO_ACTOR
from tessera.events.types import Actor
from tessera.organizations.models import Organization
from tessera.organizations.rights import Role
from tessera.organizations.services import create_organization
from tessera.organizations.staff import add_staff

PASSWORD: Final = "come-in-and-stay"  # noqa: S105  (known to everybody: only where a database is marked demo)
SLUG: Final = "strand-house"
LAB_SLUG: Final = "strand-house-lab"
STAFF: Final = (
    (Role.OWNER, "Odette Strand", "owner@strand-house.example"),
    (Role.MANAGER, "Marius Okafor", "manager@strand-house.example"),
    (Role.FINANCE, "Farida Lindqvist", "finance@strand-house.example"),
    (Role.FRONT_DESK, "Desmond Achebe", "desk@strand-house.example"),
    (Role.VIEWER, "Vera Novak", "viewer@strand-house.example"),
)


@dataclass(frozen=True, slots=True)
class Questions:
    """What everybody is asked who joins."""

    heard_of: UUID
    letter: UUID


@dataclass(frozen=True, slots=True)
class Club:
    """The organization, what it offers, who acts for it, and the year that is told."""

    organization: Organization
    catalogue: Catalogue
    diary: Diary
    ledger: Ledger
    rng: Random
    desk: Actor
    manager: Actor
    website: Actor  # the key with which the club's own site calls
    questions: Questions


def found(*, name: str, slug: str, at: datetime, test_now: datetime | None = None) -> Organization:
    """Found an organization in London; the actor of its first event marks the database as a demo's."""
    return create_organization(
        slug=slug,
        name=name,
        time_zone="Europe/London",
        currency="GBP",
        test_now=test_now,
        at=at,
        actor=DEMO_ACTOR,
    )


def employ(organization: Organization, *, at: datetime) -> dict[Role, Actor]:
    """Let one person of each role sign in, with the known password; return them as actors."""
    return {
        role: Actor.staff(
            add_staff(
                organization=organization,
                name=name,
                email=email,
                password=PASSWORD,
                role=role,
                at=at,
                actor=DEMO_ACTOR,
            ).pk
        )
        for role, name, email in STAFF
    }

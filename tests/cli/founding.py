"""Puts a club with staff and a key into the configured database, whose tables are there: `--test`, one for tests."""

import sys
from datetime import UTC, datetime
from hashlib import sha256
from importlib import import_module

import django

SLUG, NAME = "strand-house", "Strand House"
OWNER, MANAGER, DESK = "olga@club.example", "mara@club.example", "dora@club.example"
PASSWORD = "a-key-for-the-front-door"
STARTED = datetime(2026, 1, 10, 12, tzinfo=UTC)  # where the clock of a club for tests stands


def key(*, test: bool) -> str:
    """The secret of the club's key, which has every scope."""
    return f"tk_{'test' if test else 'live'}_{'known-to-everybody'.ljust(43, '-')}"


def found(*, test: bool) -> None:
    """A club with an owner, a manager, somebody at the desk, and a key."""
    from tessera.core import clock
    from tessera.events.types import Actor
    from tessera.http.scopes import Scope
    from tessera.organizations.keys import create_key
    from tessera.organizations.models import ApiKey
    from tessera.organizations.rights import Role
    from tessera.organizations.services import create_organization
    from tessera.organizations.staff import add_staff

    at, actor = STARTED if test else clock.now(), Actor.system("tests")
    club = create_organization(
        slug=SLUG, name=NAME, time_zone="Europe/London", currency="GBP", test_now=at if test else None, at=at,
        actor=actor,
    )  # fmt: skip
    people = ((OWNER, "Olga Owner", Role.OWNER), (MANAGER, "Mara Manager", Role.MANAGER))
    for email, name, role in (*people, (DESK, "Dora Desk", Role.FRONT_DESK)):
        add_staff(organization=club, name=name, email=email, password=PASSWORD, role=role, at=at, actor=actor)
    row, _ = create_key(organization=club, name="Tests", scopes=list(Scope), at=at, actor=actor)
    secret = key(test=test)
    ApiKey.objects.filter(pk=row.pk).update(hint=secret[:12], secret_hash=sha256(secret.encode()).hexdigest())


if __name__ == "__main__":
    django.setup()
    import_module("tests.cli.founding").found(test="--test" in sys.argv)

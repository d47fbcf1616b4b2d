"""A database as it was when expiry was all that was announced, with memberships of every kind: a program for tests.

`make` migrates an empty database to that schema and writes them; `interrupt` goes half-way through filling the columns
that came after; `look` prints what is stored of each. The database is the one of the settings.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any
from uuid import UUID

import django
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tessera.core import clock
from tessera.core.ids import new_id

THEN = [("memberships", "0001_initial"), ("organizations", "0001_initial"), ("events", "0001_initial")]
DAY = timedelta(days=1)


class Interrupted(Exception):
    """Somebody pulled the plug."""


def make() -> None:
    """Make the schema and the memberships."""
    MigrationExecutor(connection).migrate(THEN)
    Club(is_test=False, now=clock.now().replace(microsecond=0)).fill()
    Club(is_test=True, now=datetime(2020, 1, 10, 12, tzinfo=UTC)).fill()


class Club:
    """A club, whose time is `now`. Each of its memberships is named by its external reference."""

    def __init__(self, *, is_test: bool, now: datetime) -> None:
        self.apps: Any = MigrationExecutor(connection).loader.project_state(THEN).apps
        self.name, self.now = ("tests" if is_test else "live"), now
        self.organization = self.new(
            "organizations.Organization",
            slug=self.name,
            name=self.name,
            time_zone="Europe/London",
            currency="GBP",
            is_test=is_test,
            test_now=now if is_test else None,
            created_at=now,
        )
        self.plan = self.new("plans.Plan", organization=self.organization, name="Gold", created_at=now)
        self.price = self.new(
            "plans.Price",
            organization=self.organization,
            plan=self.plan,
            amount_minor=100,
            currency="GBP",
            billing="recurring",
            interval="month",
            interval_count=1,
            created_at=now,
        )

    def new(self, model: str, **fields: object) -> Any:
        return self.apps.get_model(model).objects.create(**fields)

    def fill(self) -> None:
        """Write memberships of every kind."""
        self.held("runs", -10, 20, announce=20)
        self.held("ends soon", -27, 3, announce=3)
        self.held("renews", -10, 20, grace=27, announce=27)
        self.held("lapsed", -40, -10, announced_for=self.at(-10))
        self.held("lapsed, not announced", -32, -2, announce=-2)
        self.held("to start", 5, 35, announce=35)
        self.held("open", -5, None)
        self.held("revoked", -5, 25, ended_at=self.at(-1), ended_reason="revoked")
        self.held("leaves", -10, 20, announce=20, cancel_booked_at=self.at(-1))
        planned = self.held("to pause", -10, 20, announce=20)
        self.new(
            "memberships.Pause",
            membership=planned,
            starts_at=self.at(2),
            ends_at=self.at(4),
            extends=False,
            paused_by="x",
            created_at=self.now,
        )
        self.held("waits", None, None, pending_until=self.at(1), awaits_payment=True, announce=1)

    def at(self, days: int) -> datetime:
        return self.now + days * DAY

    def held(
        self,
        name: str,
        start: int | None,
        end: int | None,
        *,
        grace: int | None = None,
        announce: int | None = None,
        **row: object,
    ) -> Any:
        key = new_id().hex
        customer = self.new(
            "people.Customer",
            organization=self.organization,
            number=f"CUS-{key[-12:]}",
            name_key=key,
            status="active",
            source="import",
            created_at=self.now,
        )
        membership = self.new(
            "memberships.Membership",
            organization=self.organization,
            customer=customer,
            source="import",
            renews=grace is not None,
            next_plan=self.plan if start is None else None,
            next_price=self.price if start is None else None,
            ends_at=None if end is None else self.at(end),
            announce_at=None if announce is None else self.at(announce),
            external_reference=f"{self.name}: {name}",
            created_at=self.now,
            **row,
        )
        if start is not None:
            self.new(
                "memberships.Term",
                membership=membership,
                plan=self.plan,
                price=self.price,
                starts_at=self.at(start),
                ends_at=None if end is None else self.at(end),
                grace_until=None if grace is None else self.at(grace),
                booked_by="x",
                created_at=self.now,
            )
        return membership


def interrupt() -> None:
    """Fill a part, and stop."""
    fill: Any = import_module("tessera.memberships.migrations.0003_fill_milestones")
    write, blocks = fill._write, list[UUID]()

    def write_two_blocks(*arguments: Any) -> None:
        if len(blocks) == 2:
            raise Interrupted
        write(*arguments)
        blocks.append(new_id())

    fill._BLOCK, fill._write = 3, write_two_blocks
    try:
        call_command("migrate", "memberships", "0003", verbosity=0)
    except Interrupted:
        return
    raise AssertionError("it was not interrupted")


def look() -> None:
    """Print, of each membership, what is stored."""
    with connection.cursor() as cursor:
        columns = "external_reference, ends_at, remind_at, announced_until, announce_at"
        cursor.execute(f"SELECT {columns} FROM memberships_membership")
        rows = {name: [_text(each) for each in instants] for name, *instants in cursor.fetchall()}
    sys.stdout.write(json.dumps(rows))


def _text(instant: Any) -> str | None:
    """An instant, which SQLite gives without a zone."""
    if instant is None:
        return None
    at = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return str((at.replace(tzinfo=UTC) if at.tzinfo is None else at).isoformat())


if __name__ == "__main__":
    django.setup()
    {"make": make, "interrupt": interrupt, "look": look}[sys.argv[1]]()

"""`tessera demo`: a believable club, the same every time, for this machine only."""

import json
import stat
from collections import Counter
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction

from tessera.cli.demo import seeding
from tessera.cli.demo.club import LAB_SLUG, PASSWORD, SLUG
from tessera.cli.examination import examine
from tessera.events.models import Event
from tessera.memberships.models import Membership
from tessera.memberships.status_sql import with_status
from tessera.organizations.auth import authenticate
from tessera.organizations.models import Organization, Staff
from tessera.organizations.rights import Role
from tessera.people.company_joining import waiting_for
from tessera.people.models import Affiliation, Company, CompanyLink, Customer
from tessera.plans.models import Permission, PermissionTarget, Plan
from tessera.signup.models import Acceptance, Answer, Question
from tests.cli.installation import Server, fresh
from tests.scale import scaled

DAY = date(2026, 3, 10)
MIDNIGHT = datetime.combine(DAY, time.min, ZoneInfo("Europe/London"))


def fingerprint() -> tuple[Any, ...]:
    """All that the demo is, without ids and secrets."""
    return (
        list(Customer.objects.order_by("organization__slug", "number").values_list("name_key", "status", "created_at")),
        list(Company.objects.order_by("organization__slug", "number").values_list("name", "created_at")),
        list(
            Membership.objects.order_by("created_at", "customer__number", "company__number").values_list(
                "created_at", "ends_at", "ended_reason", "version", "customer__number", "company__number"
            )
        ),
        list(Event.objects.order_by("organization__slug", "sequence").values_list("type", "at")),
    )


def _refusal() -> int:
    """--fresh knows only files: with another database it is a wrong call."""
    return 1 if connection.vendor == "sqlite" else 2


@pytest.mark.django_db
def test_the_demo_is_the_same_on_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here with a tenth of the common lives, all of the stories, and everything else; in full with `make soak`."""
    monkeypatch.setattr(seeding, "CUSTOMERS", max(scaled(seeding.CUSTOMERS), 400))  # some have to be of no story
    monkeypatch.setattr(seeding, "_COMMON", {life: scaled(many) for life, many in seeding._COMMON.items()})
    with transaction.atomic():
        seeding.seed(today=DAY)
        once = fingerprint()
        transaction.set_rollback(True)
    assert not Organization.objects.exists()

    seeding.seed(today=DAY)

    assert fingerprint() == once


@pytest.mark.django_db
def test_the_demo_is_whole_and_sound() -> None:
    made = seeding.seed(today=DAY)
    club = Organization.objects.get(slug=SLUG)

    assert [result for result in examine() if result.wrong] == []
    of_club = {"organization": club}
    assert Customer.objects.filter(**of_club).count() == seeding.CUSTOMERS + 3  # three are recorded twice, to be merged
    assert Company.objects.filter(**of_club).count() == 40
    assert Plan.objects.filter(**of_club).count() == 6
    assert Permission.objects.filter(**of_club).count() == 12
    assert PermissionTarget.objects.filter(**of_club).values("permission").distinct().count() == 12
    found = with_status(Membership.objects.filter(**of_club), MIDNIGHT)
    kinds = Counter((row.status_at, row.in_grace_at, row.ended_reason) for row in found)  # type: ignore[attr-defined]
    assert kinds.keys() == {
        ("active", False, ""),
        ("active", True, ""),
        ("paused", False, ""),
        ("pending", False, ""),
        ("scheduled", False, ""),
        ("expired", False, ""),
        ("expired", False, "canceled"),
        ("expired", False, "revoked"),
        ("expired", False, "rejected"),
    }
    assert min(kinds.values()) >= 3
    assert Membership.objects.filter(cancel_booked_at__isnull=False, ended_at=None, **of_club).exists()
    assert Membership.objects.filter(awaits_payment=True, needs_approval=False, pending_until__gt=MIDNIGHT).exists()
    assert Membership.objects.filter(needs_approval=True, ended_at=None).exists()
    assert Affiliation.objects.filter(ends_at__lte=MIDNIGHT).count() > 50
    assert Affiliation.objects.filter(starts_at__gt=MIDNIGHT).exists()
    assert Customer.objects.exclude(merged_into=None).count() == 3
    assert Question.objects.filter(**of_club).count() == 3
    accepted = Acceptance.objects.filter(**of_club)
    assert set(accepted.values_list("terms__number", flat=True)) == {1, 2}
    assert Answer.objects.filter(**of_club).count() == 2 * accepted.count()
    its_own, for_anyone = CompanyLink.objects.filter(**of_club).order_by("for_anyone").select_related("company")
    assert (its_own.for_anyone, for_anyone.for_anyone) == (False, True)
    assert [each.over for each in waiting_for(its_own.company, MIDNIGHT)] == [False, False]
    instants = list(Event.objects.filter(**of_club).order_by("sequence").values_list("at", flat=True))
    assert instants == sorted(instants)
    assert (instants[-1] - instants[0]).days > 365
    assert max(instants) <= MIDNIGHT
    staff = Staff.objects.filter(**of_club).select_related("user")
    assert {Role(row.role) for row in staff} == set(Role)
    assert all(row.user.check_password(PASSWORD) for row in staff)
    assert authenticate(f"Bearer {made.key}").organization == club
    lab = Organization.objects.get(slug=LAB_SLUG)
    assert (lab.is_test, lab.test_now) == (True, MIDNIGHT.replace(hour=9))
    assert authenticate(f"Bearer {made.lab_key}").organization == lab


@pytest.mark.soak  # a minute: the walk over its pages makes and serves it on every run
def test_the_demo_is_made_once_served_here_and_nowhere_else(tmp_path: Path) -> None:
    with fresh(tmp_path / "elsewhere") as installation:
        home = tmp_path / "demo"
        first = installation.run("demo", "--home", str(home), "--no-serve").stdout
        second = installation.run("demo", "--home", str(home), "--no-serve").stdout
        kept = json.loads((home / "keys.json").read_text())
        secret = (home / "secret-key").read_text()

        assert first.partition("curl ")[0].split() == second.partition("curl ")[0].split()
        assert kept["key"] in first
        for private in ("keys.json", "secret-key"):
            assert stat.S_IMODE((home / private).stat().st_mode) == 0o600
        with installation.served(command=("demo", "--home", str(home))) as server:
            answer = Server(server.address, kept["key"]).call("GET", "/api/v1/organization")
            assert (answer.status, answer.json["slug"]) == (200, "strand-house")
        for settings in ({}, {"TESSERA_DEMO": "true"}):
            environ = {**installation.environ, "TESSERA_HOME": str(home), "TESSERA_SECRET_KEY": secret, **settings}
            open_to_all = type(installation)(environ).run("serve", "--host", "0.0.0.0", exit_code=1)
            assert "[demo_in_the_open]" in open_to_all.stderr
        unmarked = type(installation)({**installation.environ, "TESSERA_HOME": str(home)}).run("serve", exit_code=1)
        assert "[demo_in_the_open]" in unmarked.stderr


def test_no_made_up_people_are_put_into_a_real_installation(tmp_path: Path) -> None:
    with fresh(tmp_path) as installation:
        installation.migrate()
        installation.run("organization", "create", "Real Club", "--timezone", "UTC", "--currency", "GBP")

        refused = installation.run("demo", "--home", str(tmp_path), "--no-serve", exit_code=1)

        thrown_away = installation.run("demo", "--home", str(tmp_path), "--no-serve", "--fresh", exit_code=_refusal())

        assert "[not_a_demo]" in refused.stderr
        assert "[not_a_demo]" in thrown_away.stderr or "TESSERA_DATABASE_URL" in thrown_away.stderr
        assert json.loads(installation.run("announce", "--json").stdout)["organizations"] == {"real-club": 0}

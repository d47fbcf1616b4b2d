"""What must hold before the installation serves, and what each process is given at its start."""

import gc
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.checks import Tags, run_checks
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from tessera.config import boot, wsgi
from tessera.config.boot import DemoInTheOpen, SchemaAhead, SchemaBehind
from tessera.config.schedule import FALLS_DUE, enqueue_what_falls_due
from tessera.db.sqlite import driver
from tessera.events.types import Actor
from tessera.organizations.services import create_organization
from tests import make
from tests.cli import installation

pytestmark = pytest.mark.django_db


def founded_by(actor: Actor, slug: str) -> None:
    create_organization(slug=slug, name=slug, time_zone="UTC", currency="GBP", at=make.JAN_10, actor=actor)


def migrations(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_database_of_this_version_is_served() -> None:
    boot.refuse_wrong_schema()
    assert boot.warnings() == []
    assert run_checks(tags=[Tags.database], databases=["default"]) == []


def test_a_database_that_lacks_migrations_is_not_served() -> None:
    migrations("DELETE FROM django_migrations WHERE app = 'memberships'")

    with pytest.raises(SchemaBehind, match="memberships"):
        boot.refuse_wrong_schema()


def test_a_database_of_a_later_version_is_not_served() -> None:
    migrations("INSERT INTO django_migrations (app, name, applied) VALUES ('plans', '9999_x', '2026-01-10 12:00:00')")

    with pytest.raises(SchemaAhead, match="9999_x"):
        boot.refuse_wrong_schema()


def test_migrations_of_applications_that_are_gone_do_not_matter() -> None:
    migrations("INSERT INTO django_migrations (app, name, applied) VALUES ('gone', '0001_x', '2026-01-10 12:00:00')")

    boot.refuse_wrong_schema()


def test_a_lost_rule_is_warned_of_at_boot_and_by_djangos_checks() -> None:
    if connection.vendor == "sqlite":
        migrations('DROP TRIGGER "event_immutable_update"')
    else:
        migrations("DROP TRIGGER event_immutable ON events_event")

    (warning,) = boot.warnings()
    (message,) = run_checks(tags=[Tags.database], databases=["default"])

    assert "event_immutable" in warning
    assert message.id == "tessera.W002"


def test_a_rule_that_is_switched_off_counts_as_lost() -> None:
    if connection.vendor != "postgresql":
        return  # SQLite has no such switch
    migrations("ALTER TABLE events_event DISABLE TRIGGER event_immutable")

    assert len(boot.warnings()) == 1


def test_an_old_sqlite_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "FIXED_IN", (99, 0, 0))

    warnings = boot.warnings()

    assert len(warnings) == (1 if connection.vendor == "sqlite" else 0)
    assert all("can damage the database" in warning for warning in warnings)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_a_demo_is_served_on_loopback_only(settings: Settings, host: str) -> None:
    founded_by(boot.DEMO_ACTOR, "demo")
    settings.DEMO = True

    boot.refuse_demo_in_the_open(host)
    for outside in ("0.0.0.0", "192.168.1.7", "::", "club.example"):
        with pytest.raises(DemoInTheOpen):
            boot.refuse_demo_in_the_open(outside)


def test_a_demos_database_is_known_by_its_first_event_whatever_the_settings_say(settings: Settings) -> None:
    founded_by(Actor.system("organization"), "real")
    settings.DEMO = False
    boot.refuse_demo_in_the_open("0.0.0.0")

    founded_by(boot.DEMO_ACTOR, "demo")

    with pytest.raises(DemoInTheOpen):
        boot.refuse_demo_in_the_open("127.0.0.1")


def test_no_web_process_serves_a_demos_database_that_the_settings_do_not_announce(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(boot, "begin", lambda: begun.append("begun"))
    settings.DEMO = False
    founded_by(Actor.system("organization"), "real")
    assert wsgi.serving() is wsgi.application

    founded_by(boot.DEMO_ACTOR, "demo")

    with pytest.raises(DemoInTheOpen):
        wsgi.serving()
    assert begun == ["begun"]
    settings.DEMO = True
    assert wsgi.serving() is wsgi.application


def test_what_falls_due_is_the_next_expiry_of_that_organization() -> None:
    club, other = make.organization(test_now=make.JAN_10), make.organization()
    make.membership(make.plan(club), customer=make.customer(club), ends_at=make.FEB_10)
    make.membership(make.plan(other), customer=make.customer(other), ends_at=datetime(2026, 1, 20, tzinfo=UTC))
    (work,) = FALLS_DUE.values()

    assert work.next_due(organization=club, after=make.JAN_10, until=make.FEB_10) == make.FEB_10
    assert work.next_due(organization=club, after=make.FEB_10, until=datetime(2026, 3, 1, tzinfo=UTC)) is None
    assert work.organizations_due(make.FEB_10) == [other.pk]
    assert work.run_due(organization=club, at=make.FEB_10) == 1
    assert work.next_due(organization=club, after=make.JAN_10, until=make.FEB_10) is None
    assert other.events.count() == 0


def test_looking_whether_anything_is_due_takes_no_lock_when_nothing_is() -> None:
    make.organization()

    with CaptureQueriesContext(connection) as asked:
        enqueue_what_falls_due(make.FEB_10)

    assert asked.captured_queries
    assert all(query["sql"].startswith("SELECT") for query in asked.captured_queries)


def test_what_the_first_requests_load_is_kept_out_of_the_collectors_sight() -> None:
    before = gc.callbacks[:]
    try:
        boot.settle()
        told = [[number] for number in range(10_000)]
        seen = gc.get_freeze_count()
        gc.collect()
        assert gc.get_freeze_count() >= seen + len(told)
        for _ in range(30):
            gc.collect()
        assert set(gc.callbacks) <= set(before)  # not for ever: what comes later is collected
    finally:
        gc.callbacks[:] = before
        gc.unfreeze()


@pytest.mark.concurrency
def test_a_web_process_keeps_no_settings_that_it_could_hand_to_a_request(tmp_path: Path) -> None:
    """The web server copies its environment into every request's."""
    told = (
        "import os; from tessera.config.wsgi import serving; serving();"
        " print([name for name in os.environ if 'TESSERA' in name])"
    )
    with installation.fresh(tmp_path) as site:
        site.migrate()
        ran = subprocess.run(
            [sys.executable, "-c", told], env=dict(site.environ), capture_output=True, text=True, timeout=60
        )

    assert ran.stdout.strip() == "[]", ran.stderr

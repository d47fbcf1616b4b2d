"""An operator makes keys and changes them."""

import json
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from tessera.core import clock, encryption_keys
from tessera.db import sealed, sealed_columns
from tessera.events.types import Actor
from tessera.people.models import Company
from tessera.webhooks.services import create_endpoint, rotate_secret
from tessera.webhooks.signatures import secrets_at
from tests import make
from tests.cli.conftest import Tessera

OLD, NEW = encryption_keys.make("old"), encryption_keys.make("new")


def context_of(row: Company) -> str:
    return sealed.bound_to(organization_id=row.organization_id, table="people_company", row_id=row.pk)


def a_secret() -> Company:
    row = make.company(make.organization())
    Company.objects.filter(pk=row.pk).update(legal_name=sealed.seal("whsec_1", context=context_of(row)))
    return row


@pytest.fixture
def sealed_column(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_columns, "_columns", {})
    sealed_columns.declare(sealed_columns.SealedColumn(Company, "legal_name", context_of))
    settings.ENCRYPTION_KEYS = encryption_keys.read(OLD)


def test_a_key_is_made_that_the_settings_take(tessera: Tessera) -> None:
    made = [tessera("secrets", "make").stdout, tessera("secrets", "make", "--name", "2026-11").stdout]

    plain, named = encryption_keys.read(",".join(made))

    assert (plain.id[0], named.id) == ("k", "2026-11")
    assert "begins with a letter or digit" in tessera("secrets", "make", "--name", "Nov 2026", exit_code=2).stderr


@pytest.mark.django_db
def test_rotating_brings_everything_under_the_first_key(
    tessera: Tessera, settings: Settings, sealed_column: None
) -> None:
    rows = [a_secret(), a_secret()]
    settings.ENCRYPTION_KEYS = encryption_keys.read(f"{NEW},{OLD}")

    said = tessera("secrets", "rotate").stdout.splitlines()
    again = json.loads(tessera("secrets", "rotate", "--json").stdout)

    assert said == [
        "people_company.legal_name: 2 resealed, 0 changed meanwhile, 0 that no key opens",
        "All secrets (2) are under the key new.",
    ]
    assert (again["key"], again["keys_in_use"], again["columns"][0]["resealed"]) == ("new", {"new": 2}, 0)
    settings.ENCRYPTION_KEYS = encryption_keys.read(NEW)
    for row in rows:
        row.refresh_from_db()
        assert sealed.unseal(row.legal_name, context=context_of(row)) == "whsec_1"


@pytest.mark.django_db
def test_a_secret_whose_key_is_gone_is_left_and_found_by_the_doctor(
    tessera: Tessera, settings: Settings, sealed_column: None
) -> None:
    lost = a_secret()
    settings.ENCRYPTION_KEYS = encryption_keys.read(NEW)
    kept = a_secret()

    said = tessera("secrets", "rotate", exit_code=1).stdout
    report = json.loads(tessera("doctor", "--json", exit_code=1).stdout)

    assert "0 resealed, 0 changed meanwhile, 1 that no key opens" in said
    assert "Not under the key new: 1." in said
    (part,) = [check for check in report["checks"] if check["wrong"]]
    assert (part["name"], part["examined"], part["wrong"]) == ("secrets", 2, 1)
    assert str(lost.pk) in part["examples"][0]
    assert str(kept.pk) not in part["examples"][0]
    assert "'old', which is not configured" in part["examples"][0]


@pytest.mark.django_db
def test_the_secrets_of_webhooks_come_along_and_sign_as_before(tessera: Tessera, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = encryption_keys.read(OLD)
    club = make.organization()
    by_us: dict[str, Any] = {"at": make.JAN_10, "actor": Actor.system("tests")}
    endpoint, first = create_endpoint(organization=club, url="https://club.example/hooks", **by_us)
    endpoint, second = rotate_secret(endpoint=endpoint, **by_us)
    settings.ENCRYPTION_KEYS = encryption_keys.read(f"{NEW},{OLD}")

    said = json.loads(tessera("secrets", "rotate", "--json").stdout)

    assert said["keys_in_use"] == {"new": 2}
    settings.ENCRYPTION_KEYS = encryption_keys.read(NEW)
    endpoint.refresh_from_db()
    assert secrets_at(endpoint, clock.now()) == [second, first]

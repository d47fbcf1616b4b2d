"""Who may call: a key of one organization, with scopes, while it lasts and while its maker may."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tessera.http.scopes import Scope
from tessera.organizations import last_use
from tessera.organizations.auth import authenticate
from tessera.organizations.errors import KeyInvalid
from tessera.organizations.models import ApiKey, User
from tessera.organizations.rights import Role
from tests import make
from tests.http.client import Api

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)


def test_a_key_opens_its_own_organization_only() -> None:
    strand, other = make.organization("Strand House"), make.organization("Other House")

    assert Api(make.key(strand)[1]).get("/organization").json["name"] == "Strand House"
    assert Api(make.key(other)[1]).get("/organization").json["name"] == "Other House"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "key_missing"),
        ("", "key_missing"),
        ("Bearer", "key_missing"),
        ("Basic dGs6", "key_missing"),
        ("Bearer hello", "key_invalid"),
        ("Bearer tk_live_" + "A" * 42, "key_invalid"),
        ("Bearer tk_live_" + "A" * 43, "key_invalid"),
        ("Bearer tk_live_" + "A" * 43 + " x", "key_invalid"),
        ("Bearer tk_prod_" + "A" * 43, "key_invalid"),
        ("Bearer tk_live_" + "é" * 43, "key_invalid"),
    ],
)
def test_without_a_key_that_exists_nobody_gets_in(header: str | None, code: str) -> None:
    make.key(make.organization())
    answer = Api(None).get("/organization", **({} if header is None else {"Authorization": header}))

    assert (answer.status, answer.code) == (401, code)
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="tessera"')


def test_a_key_that_has_expired_says_so() -> None:
    club = make.organization()
    _, secret = make.key(club, expires_at=NOW + timedelta(days=1))

    assert Api(secret).get("/organization").status == 200
    with time_machine.travel(NOW + timedelta(days=1, seconds=1), tick=False):
        answer = Api(secret).get("/organization")
    assert (answer.status, answer.code) == (401, "key_expired")


def test_a_key_lives_in_real_time_in_a_test_organization_too() -> None:
    club = make.organization(test_now=make.JAN_10)
    _, secret = make.key(club, expires_at=make.JAN_10 + timedelta(days=365 * 100))

    assert secret.startswith("tk_test_")
    assert Api(secret).get("/organization").json["now"] == "2026-01-10T12:00:00Z"


def test_a_revoked_key_says_so() -> None:
    _, secret = make.key(make.organization(), revoked_at=make.JAN_10)

    assert Api(secret).get("/organization").code == "key_revoked"


def test_a_scope_that_is_missing_is_named() -> None:
    _, secret = make.key(make.organization(), [Scope.EVENTS_READ])
    answer = Api(secret).get("/organization")

    assert (answer.status, answer.code, answer.json["scope"]) == (403, "scope_missing", "organization:read")


def test_a_key_never_exceeds_the_rights_of_who_made_it() -> None:
    club = make.organization()
    sam = make.staff(club, Role.OWNER)
    _, secret = make.key(club, made_by=sam)
    api = Api(secret)
    assert api.patch("/organization", {"name": "A"}).status == 200

    sam.role = Role.MANAGER
    sam.save()

    assert api.patch("/organization", {"name": "B"}).code == "scope_missing"
    assert api.get("/organization").json["name"] == "A"


def test_a_key_of_somebody_who_has_left_opens_nothing() -> None:
    club = make.organization()
    sam, colleague = make.staff(club), make.staff(club)
    _, sams = make.key(club, made_by=sam)
    _, colleagues = make.key(club, made_by=colleague)

    sam.disabled_at = make.JAN_10
    sam.save()

    assert Api(sams).get("/organization").code == "scope_missing"
    assert Api(colleagues).get("/organization").status == 200
    User.objects.filter(pk=colleague.user_id).update(is_active=False)
    assert Api(colleagues).get("/organization").code == "scope_missing"


def test_verifying_a_key_is_one_query_and_writes_nothing() -> None:
    _, secret = make.key(make.organization(), made_by=make.staff(make.organization()))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        authenticate(f"Bearer {secret}")

    assert len(queries) == 1
    assert queries[0]["sql"].startswith("SELECT")


def test_when_a_key_was_last_used_is_written_later_and_for_that_key_only() -> None:
    club = make.organization()
    used, secret = make.key(club)
    idle, _ = make.key(club)
    last_use.flush()
    with time_machine.travel(NOW, tick=False):
        Api(secret).get("/organization")
    used.refresh_from_db()
    assert used.last_used_at is None

    assert last_use.flush() == 1

    used.refresh_from_db()
    idle.refresh_from_db()
    assert str(used.last_used_at) == str(NOW)
    assert idle.last_used_at is None
    assert last_use.flush() == 0


def test_the_hash_of_a_key_is_not_the_key() -> None:
    key, secret = make.key(make.organization())

    assert secret not in str(ApiKey.objects.filter(pk=key.pk).values().get())
    with pytest.raises(KeyInvalid):
        authenticate(f"Bearer {key.secret_hash}")

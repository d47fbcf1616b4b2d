"""API keys at the console: made, shown once, revoked."""

import re
from datetime import timedelta

import pytest

from tessera.core import clock
from tessera.events.models import Event
from tessera.http.scopes import Scope
from tessera.organizations.models import ApiKey
from tessera.organizations.rights import Role
from tests import make
from tests.console.visitor import Visitor, working_for
from tests.http.client import Api

pytestmark = pytest.mark.django_db

WEBSITE = {"name": "Website", "scopes": ["access:read", "customers:read"], "lives": "90"}


def secret_in(text: str) -> str:
    found = re.search(r"<code>(tk_test_[\w-]{43})</code>", text)
    assert found is not None
    return found[1]


def test_a_key_is_made_shown_once_and_works(owner: Visitor) -> None:
    assert "No program has a key yet" in owner.get("keys").words
    once = owner.get("key_new").value("once")

    page = owner.post("key_new", **WEBSITE, once=once)

    secret = secret_in(page.text)
    assert "Copy it now: it is not shown again." in page.words
    assert f'curl --header "Authorization: Bearer {secret}"' in page.words
    assert Api(secret).get("/customers").status == 200
    assert Api(secret).get("/plans").status == 403
    key = ApiKey.objects.get()
    assert (key.made_by, key.scopes) == (owner.staff, ["access:read", "customers:read"])
    assert key.expires_at is not None
    assert abs(key.expires_at - clock.now() - timedelta(days=90)) < timedelta(minutes=1)

    assert owner.post("key_new", **WEBSITE, once=once).location == owner.address("keys")
    assert ApiKey.objects.count() == 1
    listed = owner.get("keys")
    assert secret not in listed.text and secret[:12] in listed.text
    assert "Website" in listed.words and "never" in listed.words


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"name": " "}, "This field is required."),
        ({"scopes": []}, "Tick what it may do: a key needs at least one."),
        ({"scopes": ["everything"]}, "Select a valid choice."),
        ({"lives": "1000"}, "Select a valid choice."),
    ],
)
def test_a_key_that_cannot_be_is_refused_at_its_field(owner: Visitor, told: dict[str, object], said: str) -> None:
    page = owner.post("key_new", **{**WEBSITE, **told})
    assert page.status == 422
    assert said in page.words
    assert not ApiKey.objects.exists()


def test_what_was_ticked_stays_ticked(owner: Visitor) -> None:
    page = owner.post("key_new", **{**WEBSITE, "name": ""})
    assert 'value="customers:read" checked' in page.text
    assert 'value="plans:read" checked' not in page.text


def test_every_scope_can_be_ticked_by_an_owner(owner: Visitor) -> None:
    page = owner.get("key_new").text
    for scope in Scope:
        assert f'value="{scope.value}"' in page
    assert "disabled" not in page.split("<main")[1]


def test_revoking_says_what_stops_and_does_it_once(owner: Visitor) -> None:
    key, secret = make.key(owner.club, name="Front door")
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=make.JAN_10)
    drawer = owner.get("key_revoke", key, htmx=True).words
    assert "is refused from its next request on" in drawer
    assert "It was last used on Sat 10 Jan, 12:00" in drawer

    assert owner.post("key_revoke", key).location == owner.address("keys")
    owner.post("key_revoke", key)

    assert Api(secret).get("/customers").code == "key_revoked"
    assert Event.objects.filter(type="api_key.revoked").count() == 1
    assert "Open nothing any more" in owner.get("keys").words


def test_keys_that_open_nothing_say_why(owner: Visitor) -> None:
    make.key(owner.club, name="Old", expires_at=make.JAN_10)
    gone = make.staff(owner.club, Role.OWNER, disabled_at=make.JAN_10)
    make.key(owner.club, name="Orphan", made_by=gone)
    words = owner.get("keys").words
    assert "No key works now." in words
    assert "expired Sat 10 Jan" in words
    assert "its maker is disabled" in words


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
def test_keys_are_for_owners(owner: Visitor, role: Role) -> None:
    visitor = working_for(owner.club, role)
    assert visitor.post("key_new", **WEBSITE).status == 403
    assert not ApiKey.objects.exists()

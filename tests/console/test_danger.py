"""The danger zone at the console: owners only, the name typed, what breaks said before."""

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from tessera.events.models import Event
from tessera.organizations.models import ApiKey
from tessera.organizations.rights import Role
from tests import make
from tests.console.visitor import Visitor, working_for
from tests.http.client import Api

pytestmark = pytest.mark.django_db


def happened() -> list[str]:
    return list(Event.objects.order_by("organization", "sequence").values_list("type", flat=True))


def test_another_address_is_told_of_and_taken(owner: Visitor) -> None:
    before = owner.club.slug
    assert f"/console/{before} and every page below it are not found" in owner.get("danger_address", htmx=True).words
    done = owner.post("danger_address", slug="strand-rooms")
    assert done.location == "/console/strand-rooms/settings/danger"
    assert owner.open(f"/console/{before}").status == 404
    owner.club.refresh_from_db()
    assert owner.get("settings").status == 200
    owner.post("danger_address", slug="strand-rooms")
    assert happened() == ["organization.address_changed"]


@pytest.mark.parametrize(
    ("slug", "said"),
    [
        ("", "This field is required."),
        ("Strand House", "A slug should be 2 to 60 lower-case letters"),
        ("signin", "an address of the console"),
        ("elsewhere", "Another organization is at elsewhere."),
    ],
)
def test_an_address_that_cannot_be_is_refused(owner: Visitor, slug: str, said: str) -> None:
    other = make.organization("Elsewhere")
    type(other).objects.filter(pk=other.pk).update(slug="elsewhere")
    page = owner.post("danger_address", slug=slug)
    assert page.status == 422
    assert said in page.words
    assert happened() == []


def test_all_keys_are_revoked_and_nobody_elses(owner: Visitor) -> None:
    secrets = [make.key(owner.club)[1] for _ in range(3)]
    foreign = make.key(make.organization("Elsewhere"))[1]
    assert "Revoke 3 keys" in owner.get("danger_keys", htmx=True).words
    owner.post("danger_keys")
    owner.post("danger_keys")
    assert {Api(secret).get("/customers").code for secret in secrets} == {"key_revoked"}
    assert Api(foreign).get("/customers").status == 200
    assert happened() == ["api_key.revoked"] * 3
    assert ApiKey.objects.filter(revoked_at=None).count() == 1


def test_everybody_is_signed_out_and_nobody_of_elsewhere(owner: Visitor) -> None:
    colleague = working_for(owner.club, Role.VIEWER)
    stranger = working_for(make.organization("Elsewhere"))
    assert colleague.staff is not None
    key, at = colleague.client.session.session_key, make.JAN_10
    # The owner's own session is one of those that nobody wrote down.
    UserSession.objects.create(user=colleague.staff.user, session_key=key, ip="::", created_at=at, last_seen_at=at)
    assert "2 people work here" in owner.get("danger_sign_out", htmx=True).words
    assert owner.post("danger_sign_out").location == "/console/signin"
    assert owner.get("customers").location.startswith("/console/signin")
    assert colleague.get("customers").location.startswith("/console/signin")
    assert stranger.get("customers").status == 200
    assert not Session.objects.filter(session_key=key).exists()
    event = Event.objects.get()
    assert (event.type, event.data) == ("organization.staff_signed_out", {"sessions": 1})


def test_deleting_says_what_goes_asks_for_the_name_and_shuts_at_once(owner: Visitor) -> None:
    for _ in range(3):
        make.customer(owner.club)
    page = owner.get("danger_delete").words
    assert "3 customers" in page and "1 staff member" in page
    name = owner.club.name
    for told in ({}, {"typed": name}, {"understood": "on"}, {"typed": name.lower(), "understood": "on"}):
        assert owner.post("danger_delete", **told).status == 422
    assert happened() == []

    done = owner.post("danger_delete", typed=name, understood="on")

    assert done.location == "/console/"
    assert f"{name} is closed, and is being deleted." in owner.open("/console/").words
    assert owner.get("customers").status == 404
    assert happened() == ["organization.deletion_started"]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
def test_nobody_but_an_owner_comes_near(owner: Visitor, role: Role) -> None:
    visitor = working_for(owner.club, role)
    for name in ("danger", "danger_address", "danger_keys", "danger_sign_out", "danger_delete"):
        assert visitor.get(name).status == visitor.post(name, typed=owner.club.name, understood="on").status == 403
    assert happened() == []

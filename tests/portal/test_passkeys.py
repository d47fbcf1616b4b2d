"""Passkeys at the portal: made, renamed, signed in with, forgotten. Browsers make them on `localhost` here."""

import html
import re

import pytest

from tessera.identity.models import CustomerSession, Passkey
from tessera.organizations.models import Organization
from tests import make
from tests.identity.authenticator import Device
from tests.pages import Page
from tests.portal.member import Browser, signed_in

pytestmark = pytest.mark.django_db


def here(browser: Browser) -> Browser:
    browser.client.defaults["HTTP_HOST"] = "localhost:8000"
    return browser


def asked_by(page: Page) -> str:
    found = re.search(r'data-options="([^"]*)"', page.text)
    assert found is not None, page.words
    return html.unescape(found[1])


def test_a_passkey_is_made_named_signed_in_with_and_forgotten(club: Organization) -> None:
    ada, phone = make.customer(club), Device()
    browser = here(signed_in(ada))
    page = browser.get("/sessions")
    made = {**page.form(do="add"), "passkey": phone.made(asked_by(page)), "name": "Phone"}
    assert "Phone" in browser.follow("/sessions/passkey", **made).text
    which = browser.get("/sessions").form(do="rename")["which"]
    assert 'value="Old phone"' in browser.follow("/sessions/passkey", do="rename", which=which, name="Old phone").text
    assert browser.post("/sessions/passkey", do="rename", which=which, name=" ").status == 422

    other = here(Browser(club))
    start = other.get("/details").location
    page = other.get(start)
    form = page.form(passkey="")
    answer = other.post(
        f"/sign-in/passkey?{start.partition('?')[2]}",
        **{**form, "passkey": phone.signed(asked_by(page))},
    )
    assert answer.location == f"/portal/{club.slug}/details"
    assert other.get("/details").status == 200
    assert CustomerSession.objects.filter(customer=ada, how="passkey").count() == 1

    browser.follow("/sessions/passkey", do="forget", which=which)
    assert not Passkey.objects.exists()


def test_a_passkey_of_somebody_else_is_neither_renamed_nor_forgotten(club: Organization) -> None:
    ada, phone = make.customer(club), Device()
    browser = here(signed_in(ada))
    page = browser.get("/sessions")
    browser.post("/sessions/passkey", **{**page.form(do="add"), "passkey": phone.made(asked_by(page)), "name": "Phone"})
    which = browser.get("/sessions").form(do="rename")["which"]
    eve = here(signed_in(make.customer(club)))
    assert eve.post("/sessions/passkey", do="rename", which=which, name="Mine").status == 404
    assert eve.post("/sessions/passkey", do="forget", which=which).status == 404
    assert Passkey.objects.get().name == "Phone"


def test_nonsense_signs_nobody_in(club: Organization) -> None:
    browser = here(Browser(club))
    answer = browser.post("/sign-in/passkey", state="x", passkey="{}")
    assert answer.status in (403, 409, 422)
    assert not CustomerSession.objects.exists()

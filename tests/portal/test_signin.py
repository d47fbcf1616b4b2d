"""Signing in to the portal by a code, back to where one wanted to go; and out."""

import pytest

from tessera.identity.models import CustomerSession
from tessera.organizations.models import Organization
from tests import make
from tests.portal.member import Browser, signed_in

pytestmark = pytest.mark.django_db


def test_a_member_signs_in_by_a_code_and_sees_the_page_they_asked_for(club: Organization) -> None:
    ada = make.customer(club, verified_emails=["ada@member.example"])
    browser = Browser(club, strict=True)

    asked = browser.get("/details")
    page = browser.get(asked.location)
    assert (page.status, "Your e-mail address" in page.words) == (200, True)
    sent = browser.post(asked.location, **{**page.form(do="address"), "address": "ada@member.example"})
    page = browser.get(sent.location)
    assert "Look into your mail" in page.words
    wrong = browser.post(sent.location, **{**page.form(do="code"), "code": "not it"})
    assert (wrong.status, "That is not the code." in wrong.words) == (422, True)
    done = browser.post(sent.location, **{**page.form(do="code"), "code": browser.code("ada@member.example")})
    assert done.location == f"/portal/{club.slug}/details"
    assert ada.last_name in browser.get(done.location).text
    assert CustomerSession.objects.get().surface == "portal"


def test_a_stranger_becomes_a_customer_who_holds_nothing(club: Organization) -> None:
    browser = Browser(club)
    browser.post("/sign-in", do="address", address="new@member.example")
    page = browser.get("/sign-in")
    browser.post("/sign-in", **{**page.form(do="code"), "code": browser.code("new@member.example")})
    home = browser.get("")
    assert "You hold no membership now." in home.words
    assert club.customers.get().source == "signup"


def test_signing_out_ends_this_session_alone(club: Organization) -> None:
    ada = make.customer(club)
    here, there = signed_in(ada), signed_in(ada)
    assert here.get("/sign-out").location == f"/portal/{club.slug}"
    assert here.get("").status == 200
    assert here.post("/sign-out").location == f"/portal/{club.slug}/sign-in"
    assert "/sign-in" in here.get("").location
    assert there.get("").status == 200


def test_the_pages_speak_the_members_language(club: Organization) -> None:
    ada = make.customer(club)
    ada.locale = "de-AT"
    ada.save()
    browser = signed_in(ada)
    assert '<html lang="de"' in browser.get("").text
    assert '<html lang="fr"' in browser.get("/details?locale=fr").text
    assert '<html lang="de"' in browser.get("", **{"Accept-Language": "fr"}).text
    assert "?locale=fr" in browser.get("/details?locale=fr").text


def test_others_are_signed_out_one_by_one_or_all_at_once(club: Organization) -> None:
    ada, bystander = make.customer(club), make.customer(club)
    here, other, third = signed_in(ada), signed_in(ada), signed_in(ada)
    stranger = signed_in(bystander)
    page = here.get("/sessions")
    assert page.words.count("Sign out there") == 2

    form = page.form()
    refs = [each for each in page.text.split('"') if each.startswith("ses_")]
    here.post("/sessions/end", session=refs[0])
    assert CustomerSession.objects.filter(customer=ada).count() == 2
    here.post("/sessions/end", session="others")
    assert [each.get("").status for each in (here, other, third)] == [200, 302, 302]
    assert stranger.get("").status == 200
    assert form


def test_nobody_ends_sessions_of_somebody_else(club: Organization) -> None:
    ada, eve = make.customer(club), make.customer(club)
    browser = signed_in(ada)
    signed_in(ada)
    ref = next(each for each in browser.get("/sessions").text.split('"') if each.startswith("ses_"))
    signed_in(eve).post("/sessions/end", session=ref)
    assert CustomerSession.objects.filter(customer=ada).count() == 2

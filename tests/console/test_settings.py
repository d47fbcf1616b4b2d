"""The settings: the organization, its colour, its policy; two people at once; whom each page is for."""

import re

import pytest

from tessera.events.models import Event
from tessera.organizations.models import Organization
from tessera.organizations.rights import Role
from tests import make
from tests.console.visitor import Visitor, working_for
from tests.pages import Page

pytestmark = pytest.mark.django_db

PAGES = ("organization", "branding", "policy", "keys", "key_new", "embedding", "issuer_new", "clock", "danger")


def opened(owner: Visitor, name: str, *fields: str) -> dict[str, str]:
    page = owner.get(name)
    return {field: page.value(field) for field in (*fields, "version", "base")}


def organization_form(owner: Visitor) -> dict[str, str]:
    known = opened(owner, "organization", "name", "contact_email")
    return {**known, "time_zone": owner.club.time_zone, "locale": owner.club.locale}


def saved(club: Organization) -> Organization:
    club.refresh_from_db()
    return club


def test_each_part_is_in_the_list_of_settings_of_an_owner_and_of_nobody_else(owner: Visitor) -> None:
    mine = owner.get("settings").words
    for label in ("Organization", "Branding", "Policy", "API keys", "Embedding", "Test clock", "Danger zone"):
        assert label in mine
    for role in (Role.MANAGER, Role.FINANCE, Role.FRONT_DESK, Role.VIEWER):
        theirs = working_for(owner.club, role)
        page = theirs.get("settings")
        assert "Danger zone" not in page.words
        leads_there = f'href="{theirs.address("settings")}"' in theirs.get("home").text
        assert leads_there == ("Nothing here for you to set" not in page.words) == (role is Role.MANAGER)
        assert theirs.get("danger").status == theirs.get("keys").status == theirs.get("organization").status == 403


def test_the_test_clock_is_no_part_of_a_live_organization() -> None:
    live = working_for(make.organization())
    assert "Test clock" not in live.get("settings").words
    assert live.get("clock").status == 404


def test_the_organization_is_changed_and_its_currency_is_not(owner: Visitor) -> None:
    page = owner.get("organization")
    assert "GBP It cannot change" in page.words
    assert "/api/v1" in page.words and f"/console/{owner.club.slug}" in page.words
    told = {**organization_form(owner), "name": "Strand Rooms", "time_zone": "Pacific/Apia", "locale": "de-AT"}

    assert owner.post("organization", **told, currency="EUR").location == owner.address("organization")

    club = saved(owner.club)
    assert (club.name, club.time_zone, club.locale, club.currency) == ("Strand Rooms", "Pacific/Apia", "de-AT", "GBP")
    event = Event.objects.get(organization=club)
    assert (event.type, event.data) == ("organization.updated", {"fields": ["locale", "name", "time_zone"]})


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "", "This field is required."),
        ("time_zone", "Mars/Olympus", "Select a valid choice."),
        ("locale", "xx-YY", "Select a valid choice."),
        ("contact_email", "nobody", "Should be an e-mail address, such as hello@club.example."),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_kept(owner: Visitor, field: str, typed: str, said: str) -> None:
    page = owner.post("organization", **{**organization_form(owner), "name": "Other", field: typed})
    assert page.status == 422
    assert said in page.words
    assert field == "name" or page.value("name") == "Other"
    assert not Event.objects.exists()


def test_whoever_saves_second_sees_both_versions(owner: Visitor) -> None:
    mine, theirs = organization_form(owner), organization_form(owner)
    owner.post("organization", **{**theirs, "name": "Their House"})
    late = owner.post("organization", **{**mine, "name": "My House"})
    assert late.status == 422
    assert "Saved meanwhile Their House Typed here My House" in late.words
    assert saved(owner.club).name == "Their House"


def test_a_change_elsewhere_in_the_settings_takes_nothing_from_what_is_typed(owner: Visitor) -> None:
    mine = organization_form(owner)
    owner.post("branding", **{**opened(owner, "branding", "accent"), "accent": "#123456"})
    late = owner.post("organization", **{**mine, "name": "My House"})
    assert late.status == 422 and "What you typed still fits: save again." in late.words
    again = {**mine, **{name: late.value(name) for name in ("name", "version", "base")}}
    owner.post("organization", **again)
    assert (saved(owner.club).name, owner.club.accent) == ("My House", "#123456")


def test_a_colour_is_saved_and_shown_corrected_before(owner: Visitor) -> None:
    pale = owner.open(f"{owner.address('branding_preview')}?accent=%23ffe066", htmx=True)
    assert "#ffe066 reads at 1.2 to 1, which is too little" in pale.words
    assert "In the dark #ffe066 reads at 14.0 to 1 and is used as it is." in pale.words
    assert owner.get("branding_style", "ffe066").text == ".preview { --accent: #ffe066; }"
    assert owner.get("branding_style", "red;}").text == ""
    known = opened(owner, "branding", "accent")
    owner.post("branding", **{**known, "accent": "#FFE066"})
    assert saved(owner.club).accent == "#ffe066"
    bad = owner.post("branding", **{**opened(owner, "branding", "accent"), "accent": "yellow"})
    assert (bad.status, saved(owner.club).accent) == (422, "#ffe066")


def test_a_policy_is_explained_on_an_example_and_says_whom_it_reaches(owner: Visitor) -> None:
    plan = make.plan(owner.club)
    for _ in range(3):
        make.membership(plan, customer=make.customer(owner.club), ends_at=make.FEB_10, renews=True)
    make.membership(plan, customer=make.customer(owner.club))
    elsewhere = make.organization("Elsewhere")
    make.membership(make.plan(elsewhere), customer=make.customer(elsewhere), ends_at=make.FEB_10, renews=True)

    page = owner.get("policy").words
    assert "A term whose last day is Monday 9 February: its holder is reminded on Tuesday 3 February." in page
    assert "it goes on granting in grace, and Monday 16 February is its last day." in page
    assert "3 running memberships take up a change, each with its next term." in page

    typed = owner.open(f"{owner.address('policy_example')}?grace_days=0&reminder_days=0", htmx=True).words
    assert "nobody is reminded" in typed and "Tuesday 10 February is its last day" in typed
    half = owner.open(f"{owner.address('policy_example')}?grace_days=x&reminder_days=", htmx=True)
    assert half.status == 200

    known = opened(owner, "policy", "grace_days", "reminder_days")
    owner.post("policy", **{**known, "grace_days": "14", "reminder_days": "3"})
    club = saved(owner.club)
    assert (club.grace_days, club.reminder_days) == (14, 3)
    wrong = owner.post("policy", **{**opened(owner, "policy", "grace_days", "reminder_days"), "grace_days": "400"})
    assert wrong.status == 422 and "less than or equal to 365" in wrong.words


def test_pages_cost_the_same_with_one_and_with_twenty(owner: Visitor) -> None:
    def costs() -> dict[str, int]:
        return {name: owner.get(name).queries for name in PAGES}

    make.key(owner.club)
    make.trusted_issuer(owner.club)
    plan = make.plan(owner.club)
    make.membership(plan, customer=make.customer(owner.club), ends_at=make.FEB_10)
    before = costs()
    for number in range(20):
        make.key(owner.club, made_by=make.staff(owner.club))
        make.trusted_issuer(owner.club)
        holder = make.customer(owner.club)
        make.membership(make.plan(owner.club), customer=holder, ends_at=make.FEB_10, renews=bool(number % 2))
    assert costs() == before
    assert max(before.values()) <= 12, before


def test_no_page_shows_another_organizations(owner: Visitor) -> None:
    elsewhere = make.organization("Elsewhere", test_now=make.JAN_10)
    make.key(elsewhere, name="Foreign key")
    make.trusted_issuer(elsewhere, "https://foreign.example")
    make.membership(make.plan(elsewhere), customer=make.customer(elsewhere, first_name="Foreign"), ends_at=make.FEB_10)
    for name in PAGES:
        assert "oreign" not in owner.get(name).words


def test_every_page_has_one_heading_and_a_title_of_its_own(owner: Visitor) -> None:
    titles = set()
    for name in PAGES:
        page: Page = owner.get(name)
        assert page.text.count("<h1") == 1, name
        titles.update(re.findall(r"<title>(.*?)</title>", page.text))
        assert "style=" not in page.text.split("<main")[1]
    assert len(titles) == len(PAGES)

"""A visitor whom the site has signed in already: one click; and what happens when its word is not enough."""

import json

import pytest

from tessera.identity.models import CodeAttempt
from tessera.memberships.models import Membership
from tessera.organizations.models import Organization
from tessera.people.models import Customer
from tests import make
from tests.identity.sites import ORIGIN, Site
from tests.signup.joiner import Joiner, Step

pytestmark = pytest.mark.django_db
COOKIES = [pytest.param(True, id="with cookies"), pytest.param(False, id="without cookies")]


def nonce(page: Step) -> str:
    return page.text.partition('data-nonce="')[2].partition('"')[0]


def inject(who: Joiner, token: str, origin: str = ORIGIN) -> Step:
    """As frame.js does it: to the address that the page gives, with the page's own flow."""
    assert f'data-inject="{who.path}"' in who.page.text
    carried = who.page.form(do="language")
    carried.pop("do")
    return who.post({**carried, "token": token, "origin": origin})


@pytest.mark.parametrize("cookies", COOKIES)
def test_an_injected_visitor_joins_with_one_click(club: Organization, cookies: bool) -> None:
    site = Site(club)
    make.signup_settings(club, terms="Be kind.")
    ada = Joiner(club, make.plan(club, amount=0), framed=True, keeps_cookies=cookies)
    ada.open()

    assert inject(ada, site.token(nonce=nonce(ada.page))).step == "review"
    assert "data-signed-in" in ada.page.text
    page = ada.send("join")
    assert (page.step, page.told("status")) == ("done", "active")
    assert Membership.objects.get().customer == Customer.objects.get(organization=club, first_name="Ada")
    assert not CodeAttempt.objects.exists()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"nonce": "another frame's"}, "nonce_wrong"),
        ({"aud": "tessera:org_else"}, "audience_wrong"),
        ({"exp": 1}, "token_expired"),
    ],
)
def test_a_token_that_is_refused_is_named_to_the_site_and_the_code_by_mail_is_still_there(
    club: Organization, said: dict[str, object], code: str
) -> None:
    site = Site(club)
    ada = Joiner(club, make.plan(club, amount=0), framed=True)
    before = ada.open()
    page = inject(ada, site.token(**{"nonce": nonce(before), **said}))

    assert (page.status, page.headers["Content-Type"]) == (403, "application/problem+json")
    assert json.loads(page.text)["code"] in (code, "lifetime_too_long", "token_expired")
    assert not Customer.objects.filter(organization=club).exists()
    ada.page = before  # the script leaves the page as it is
    assert ada.send("address", address=ada.address).step == "code"


def test_a_token_is_good_once_and_from_an_allowed_origin_only(club: Organization) -> None:
    site, plan = Site(club), make.plan(club, amount=0)
    ada = Joiner(club, plan, framed=True, keeps_cookies=False)
    page = ada.open()
    token = site.token(nonce=nonce(page))
    assert inject(ada, token, "https://evil.example").status == 403
    ada.page = page
    assert inject(ada, token).step == "review"
    ada.page = page
    assert json.loads(inject(ada, token).text)["code"] == "token_replayed"


def test_a_word_that_is_not_enough_leads_to_a_code_and_links_for_the_next_time(club: Organization) -> None:
    site, plan = Site(club), make.plan(club, amount=0)
    Joiner(club, plan, address="ada@member.example").join()  # her record has been signed in to: it is hers
    ada = Joiner(club, plan, framed=True, keeps_cookies=False)
    ada.open()

    page = inject(ada, site.token(nonce=nonce(ada.page)))
    assert (page.step, page.told("error")) == ("address", "proof_needed")
    assert page.form(do="address")["address"] == "ada@member.example"
    ada.send("address")
    assert ada.send("code", code=ada.code()).step == "done"

    next_time = Joiner(club, plan, framed=True)
    next_time.open()
    assert inject(next_time, site.token(nonce=nonce(next_time.page))).step == "done"
    assert Customer.objects.filter(organization=club).count() == 1


def test_a_token_does_nothing_at_home_nor_for_who_is_signed_in(club: Organization) -> None:
    site, plan = Site(club), make.plan(club, amount=0)
    home = Joiner(club, plan)
    home.open()
    assert home.post({**home.page.form(do="address"), "do": "token", "token": site.token()}).step == "address"

    bea = Joiner(club, plan, framed=True, address="bea@member.example")
    bea.sign_in()
    token = site.token(nonce=nonce(bea.page))
    assert inject(bea, token).step == "details"
    assert "bea@member.example" in bea.page.words


def test_a_token_of_a_megabyte_is_refused(club: Organization) -> None:
    Site(club)
    ada = Joiner(club, make.plan(club), framed=True)
    ada.open()
    assert inject(ada, "x" * 1_000_000).status in (400, 403, 413)

"""Signing in and out."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from tessera.http import limits
from tessera.organizations.models import Organization, Staff
from tests import make

pytestmark = pytest.mark.django_db

SIGNIN = "/console/signin"


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    limits.forget_everyone()
    yield
    limits.forget_everyone()


@pytest.fixture
def sam(club: Organization) -> Staff:
    return make.staff(club, email="sam@club.example", password=make.PASSWORD)


def test_staff_sign_in_and_come_to_their_organization(client: Client, sam: Staff) -> None:
    answer = client.post(SIGNIN, {"username": "sam@club.example", "password": make.PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("console:home", args=[sam.organization.slug])
    assert "Sam Steward" in answer.content.decode()


def test_capitals_in_the_address_do_not_matter(client: Client, sam: Staff) -> None:
    assert client.post(SIGNIN, {"username": "SAM@Club.Example", "password": make.PASSWORD}).status_code == 302


def test_signing_in_gives_the_session_a_new_key(client: Client, sam: Staff) -> None:
    session = client.session
    session["seen"] = "before"
    session.save()
    before = session.session_key
    client.post(SIGNIN, {"username": "sam@club.example", "password": make.PASSWORD})
    assert client.session.session_key != before


def test_it_is_never_said_which_of_the_two_was_wrong(client: Client, sam: Staff) -> None:
    wrong = client.post(SIGNIN, {"username": "sam@club.example", "password": "nonsense"})
    unknown = client.post(SIGNIN, {"username": "nobody@club.example", "password": "nonsense"})
    said = "This e-mail and password do not belong together."
    for answer in (wrong, unknown):
        assert answer.status_code == 422
        assert said in answer.content.decode()
    assert 'value="sam@club.example"' in wrong.content.decode()
    assert "nonsense" not in wrong.content.decode()


def test_an_account_can_be_tried_ten_times_in_a_quarter_of_an_hour(client: Client, sam: Staff) -> None:
    for _ in range(10):
        client.post(SIGNIN, {"username": "sam@club.example", "password": "nonsense"})
    spent = client.post(SIGNIN, {"username": "sam@club.example", "password": make.PASSWORD})
    assert spent.status_code == 429
    assert "Too many attempts. Wait" in spent.content.decode()
    other = make.staff(sam.organization, email="mo@club.example", password=make.PASSWORD)
    assert client.post(SIGNIN, {"username": other.user.email, "password": make.PASSWORD}).status_code == 302


def test_an_address_can_try_thirty_accounts_in_five_minutes(client: Client, sam: Staff) -> None:
    for number in range(30):
        client.post(SIGNIN, {"username": f"someone{number}@club.example", "password": "nonsense"})
    told = {"username": "sam@club.example", "password": make.PASSWORD}
    assert client.post(SIGNIN, told).status_code == 429
    assert client.post(SIGNIN, told, REMOTE_ADDR="192.0.2.7").status_code == 302


def test_all_ipv6_addresses_that_one_connection_has_count_as_one(client: Client, sam: Staff) -> None:
    for number in range(30):
        told = {"username": f"someone{number}@club.example", "password": "nonsense"}
        client.post(SIGNIN, told, REMOTE_ADDR=f"2001:db8:1:2::{number:x}")
    right = {"username": "sam@club.example", "password": make.PASSWORD}
    assert client.post(SIGNIN, right, REMOTE_ADDR="2001:db8:1:2:ffff::1").status_code == 429
    assert client.post(SIGNIN, right, REMOTE_ADDR="2001:db8:1:3::1").status_code == 302


def test_signing_in_forgets_earlier_attempts_at_the_account(client: Client, sam: Staff) -> None:
    for _ in range(9):
        client.post(SIGNIN, {"username": "sam@club.example", "password": "nonsense"})
    right = {"username": "sam@club.example", "password": make.PASSWORD}
    assert client.post(SIGNIN, right).status_code == 302
    assert client.post(SIGNIN, right).status_code == 302


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/x", "/\\evil.example", "javascript:alert(1)", "http:///evil.example"],
)
def test_nobody_is_led_elsewhere_after_signing_in(client: Client, sam: Staff, elsewhere: str) -> None:
    told = {"username": "sam@club.example", "password": make.PASSWORD, "next": elsewhere}
    assert client.post(SIGNIN, told)["Location"] == "/console/"
    assert client.get(SIGNIN, {"next": elsewhere})["Location"] == "/console/"


def test_one_comes_back_to_the_page_one_wanted(client: Client, sam: Staff) -> None:
    wanted = f"/console/{sam.organization.slug}/plans?archived=1"
    assert 'name="next"' in client.get(SIGNIN, {"next": wanted}).content.decode()
    told = {"username": "sam@club.example", "password": make.PASSWORD, "next": wanted}
    assert client.post(SIGNIN, told)["Location"] == wanted


def test_who_works_for_several_organizations_chooses(client: Client, sam: Staff) -> None:
    other = make.organization("River House")
    Staff.objects.create(organization=other, user=sam.user, role="viewer", created_at=make.JAN_10)
    strangers = make.organization("Elsewhere Hall")
    client.force_login(sam.user)
    page = client.get("/console/").content.decode()
    assert "River House" in page
    assert sam.organization.name in page
    assert strangers.name not in page


def test_signing_out_takes_a_post_and_ends_the_session(client: Client, sam: Staff) -> None:
    client.force_login(sam.user)
    address = reverse("console:signout", args=[sam.organization.slug])
    assert client.get(address).status_code == 405
    assert client.post(address)["Location"] == SIGNIN
    assert client.get(reverse("console:home", args=[sam.organization.slug])).status_code == 302


def test_a_form_from_elsewhere_is_refused(sam: Staff) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(sam.user)
    address = reverse("console:customer_new", args=[sam.organization.slug])
    assert strict.post(address, {"first_name": "Ada", "last_name": "Ashby"}).status_code == 403
    assert not sam.organization.customers.exists()


def test_only_a_demo_lists_its_accounts(client: Client, sam: Staff, settings: LazySettings) -> None:
    assert sam.user.email not in client.get(SIGNIN).content.decode()
    settings.DEMO = True
    assert sam.user.email in client.get(SIGNIN).content.decode()

"""From the page of a plan to being a member: the same steps at home and in a frame, with cookies or without."""

from typing import Any

import pytest

from tessera.core.ids import Prefix
from tessera.memberships.models import Membership
from tessera.organizations.models import Organization
from tessera.people.models import Customer
from tessera.people.types import Source
from tessera.plans.types import Audience, Visibility
from tessera.signup.models import Acceptance, Answer
from tessera.signup.types import AskPhone, Kind
from tests import make
from tests.signup.joiner import DOORS, Joiner, public

pytestmark = pytest.mark.django_db
NOON = make.JAN_10


@pytest.mark.parametrize("door", DOORS)
def test_a_stranger_becomes_a_member_with_six_inputs(club: Organization, door: dict[str, Any]) -> None:
    make.signup_settings(club, terms="Be kind.", welcome="Come by any day.")
    plan = make.plan(club, "Swim", amount=0, permissions=["pool"])
    ada = Joiner(club, plan, **door)

    assert ada.open().step == "address"
    assert ada.send("address", address="ada@member.example").step == "code"
    assert ada.send("code", code=ada.code()).step == "details"
    assert ada.send("details", first_name="Ada", last_name="Okonkwo").step == "review"
    assert "Nothing" in ada.page.words
    page = ada.send("join")

    assert page.step == "done"
    assert "Welcome, Ada" in page.words
    assert "Come by any day." in page.words
    assert (page.told("status"), page.told("completed")[:4]) == ("active", "mem_")
    customer = Customer.objects.get(organization=club)
    assert (customer.name, customer.source) == ("Ada Okonkwo", Source.SIGNUP)
    assert Membership.objects.get().customer_id == customer.pk
    assert Acceptance.objects.get().customer_id == customer.pk


@pytest.mark.parametrize("door", DOORS)
def test_what_is_sent_again_changes_nothing(club: Organization, door: dict[str, Any]) -> None:
    ada = Joiner(club, make.plan(club, amount=0), **door)
    ada.sign_in()
    ada.send("details", first_name="Ada", last_name="Okonkwo")
    form = ada.page.form(do="join")

    for _ in range(3):  # two clicks, back and once more, a lost answer
        assert ada.post(form).step == "done"
    assert Membership.objects.count() == 1


def test_the_page_is_loaded_anew_and_goes_on_where_it_was(club: Organization) -> None:
    for framed in (False, True):
        ada = Joiner(club, make.plan(club, amount=0), framed=framed, address=f"ada{framed}@member.example")
        ada.open()
        ada.send("address", address=ada.address)
        assert ada.open().step == "code"  # the phone has shown the mail meanwhile, and forgotten the page
        assert ada.send("code", code=ada.code()).step == "details"
        assert ada.open().step == "details"


def test_two_tabs_are_one_person_and_one_membership(club: Organization) -> None:
    plan = make.plan(club, amount=0)
    first = Joiner(club, plan)
    first.sign_in()
    first.send("details", first_name="Ada", last_name="Okonkwo")
    second = Joiner(club, plan, client=first.client)
    assert second.open().step == "review"

    assert first.send("join").step == second.send("join").step == "done"
    assert Membership.objects.count() == 1


def test_two_clicks_on_go_on_ask_for_one_code(club: Organization) -> None:
    ada = Joiner(club, make.plan(club, amount=0), framed=True, keeps_cookies=False)
    ada.open()
    form = {**ada.page.form(do="address"), "address": ada.address}
    assert ada.post(form).step == ada.post(form).step == "code"
    assert ada.send("code", code=ada.code()).step == "details"


@pytest.mark.parametrize("door", DOORS)
def test_a_wrong_code_says_how_many_tries_are_left_and_five_are_the_last(
    club: Organization, door: dict[str, Any]
) -> None:
    ada = Joiner(club, make.plan(club, amount=0), **door)
    ada.open()
    ada.send("address", address=ada.address)
    right = ada.code()
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    page = ada.send("code", code=wrong)
    assert (page.status, page.step, page.told("error")) == (422, "code", "email_code_wrong")
    assert "4 tries are left" in page.words
    for _ in range(4):
        page = ada.send("code", code=wrong)

    assert page.step == "address"
    assert page.form(do="address")["address"] == ada.address
    assert not Customer.objects.filter(organization=club).exists()


def test_an_address_that_is_none_stays_to_be_put_right(club: Organization) -> None:
    ada = Joiner(club, make.plan(club))
    ada.open()
    page = ada.send("address", address="ada@")

    assert (page.status, page.step) == (422, "address")
    assert "This is no e-mail address" in page.words
    assert page.form(do="address")["address"] == "ada@"


def test_another_code_comes_after_half_a_minute_and_the_address_can_be_changed(club: Organization) -> None:
    ada = Joiner(club, make.plan(club))
    ada.open()
    page = ada.send("address", address=ada.address)
    assert "in 30 seconds" in page.words or "in 29 seconds" in page.words
    page = ada.send("again")
    assert (page.status, page.step) == (422, "code")
    assert "too often" in page.words

    assert ada.send("other-address").step == "address"
    ada.address = "ada.okonkwo@member.example"
    assert ada.send("address", address=ada.address).step == "code"
    assert ada.address in ada.page.words


def test_whoever_is_known_by_a_verified_address_stays_who_they_are(club: Organization) -> None:
    known = make.customer(club, first_name="Ada", verified_emails=["ada@member.example"])
    page = Joiner(club, make.plan(club, amount=0), address="ADA@member.example").join()

    assert page.step == "done"
    assert list(Customer.objects.filter(organization=club)) == [known]


@pytest.mark.parametrize("door", DOORS)
def test_a_family_that_shares_an_address_says_who_it_is(club: Organization, door: dict[str, Any]) -> None:
    make.customer(club, first_name="Ada", last_name="Okonkwo", emails=["ada@member.example"])
    bea = make.customer(club, first_name="Bea", last_name="Okonkwo", emails=["ada@member.example"])
    who = Joiner(club, make.plan(club, amount=0), **door)
    page = who.sign_in()
    assert page.step == "who"
    assert "Bea Okonkwo" in page.words

    assert "Choose who you are." in who.send("choose").words
    if door == {"framed": False}:
        assert who.open().step == "who"
        assert who.send("choose").step == "who"
    page = who.send("choose", choice=public(Prefix.CUSTOMER, bea))
    assert page.step == "review"
    who.send("join")
    assert Membership.objects.get().customer_id == bea.pk


def test_who_is_not_ada_signs_out_and_begins_again(club: Organization) -> None:
    ada = Joiner(club, make.plan(club, amount=0))
    ada.sign_in()
    assert "Signed in as ada@member.example" in ada.page.words

    assert ada.send("leave").step == "address"
    assert ada.open().step == "address"


def test_a_session_of_the_frame_is_nothing_at_home_and_the_other_way_round(club: Organization) -> None:
    plan = make.plan(club, amount=0)
    framed = Joiner(club, plan, framed=True)
    framed.sign_in()
    assert Joiner(club, plan, client=framed.client).open().step == "address"

    home = Joiner(club, plan, address="bea@member.example")
    home.sign_in()
    assert Joiner(club, plan, framed=True, client=home.client).open().step == "address"


def test_questions_are_asked_checked_together_and_kept_with_their_words(club: Organization) -> None:
    plan = make.plan(club, amount=0)
    shirt = make.question(club, "Shirt size", kind=Kind.CHOICE, choices=["S", "M"], required=True)
    make.question(club, "You may show photos of me.", kind=Kind.CONSENT)
    rules = make.question(club, "I have read the pool rules.", kind=Kind.CONSENT, required=True)
    since = make.question(club, "Swimming since", kind=Kind.DATE)
    make.question(club, "Which boat?", required=True, plans=[make.plan(club)])
    make.signup_settings(club, ask_phone=AskPhone.OPTIONAL)
    ada = Joiner(club, plan)
    page = ada.sign_in()
    assert "Which boat?" not in page.words

    names = {
        "S": public(Prefix.QUESTION, shirt),
        "R": public(Prefix.QUESTION, rules),
        "D": public(Prefix.QUESTION, since),
    }
    page = ada.send("details", **{"first_name": "", "phone": "12", names["S"]: "XL", names["D"]: "31.1.2020"})
    assert (page.status, page.step) == (422, "details")
    for said in ("Your first name is needed.", "This is no phone number", "Choose one of these.", "This is needed."):
        assert said in page.words
    assert page.form(do="details")["phone"] == "12"

    told = {"first_name": "Ada", "last_name": "", "phone": "", names["S"]: "M", names["R"]: "yes", names["D"]: ""}
    assert ada.send("details", **told).step == "review"
    kept = {row.wording.label: row.value for row in Answer.objects.select_related("wording")}
    assert kept == {
        "Shirt size": "M",
        "You may show photos of me.": "no",
        "I have read the pool rules.": "yes",
        "Swimming since": "",
    }
    assert ada.send("join").step == "done"


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "\u202eadA", "Łucja 🌊 O'Brien", "مريم"])
def test_names_are_text_whatever_is_in_them(club: Organization, name: str) -> None:
    ada = Joiner(club, make.plan(club, amount=0))
    ada.sign_in()
    ada.send("details", first_name=name, last_name="")
    page = ada.send("join")

    assert page.step == "done"
    assert name in page.words or "alert" in name
    assert "<script>alert" not in page.text


@pytest.mark.parametrize("name", ["x" * 10_000, "a\nb", "a\x00b"])
def test_a_name_that_is_none_is_refused_at_its_field(club: Organization, name: str) -> None:
    ada = Joiner(club, make.plan(club, amount=0))
    ada.sign_in()
    page = ada.send("details", first_name=name, last_name="Okonkwo")

    assert (page.status, page.step) == (422, "details")
    assert 'id="first_name-error"' in page.text
    assert page.form(do="details")["last_name"] == "Okonkwo"
    assert Customer.objects.get(organization=club).first_name == ""


def test_the_address_and_the_language_can_be_brought_along(club: Organization) -> None:
    ada = Joiner(club, make.plan(club), query={"email": "ada@member.example", "locale": "de-AT"})
    page = ada.open()

    assert page.form(do="address")["address"] == "ada@member.example"
    assert '<html lang="de"' in page.text
    page = ada.send("address")
    assert '<html lang="de"' in page.text


def test_a_frame_without_cookies_goes_on_in_the_language_that_was_chosen(club: Organization) -> None:
    ada = Joiner(club, make.plan(club), framed=True, keeps_cookies=False)
    ada.open(**{"Accept-Language": "fr"})
    assert '<html lang="fr"' in ada.page.text
    ada.send("language", language="de")
    assert '<html lang="de"' in ada.page.text
    assert '<html lang="de"' in ada.send("address", address=ada.address).text


def test_search_engines_find_the_page_at_home_and_not_its_frame(club: Organization) -> None:
    plan = make.plan(club)
    home = f"http://127.0.0.1:8000{Joiner(club, plan).path}"

    assert f'<link rel="canonical" href="{home}">' in Joiner(club, plan, framed=True).open().text
    assert "canonical" not in Joiner(club, plan).open().text


def test_the_chooser_shows_what_everybody_may_see_in_order(club: Organization) -> None:
    make.plan(club, "Second", position=2)
    make.plan(club, "First", position=1, needs_approval=True)
    for hidden in ({"visibility": Visibility.UNLISTED}, {"audience": Audience.COMPANIES}, {"archived_at": NOON}):
        make.plan(club, "Hidden", **hidden)
    make.plan(make.organization(), "Elsewhere")
    words = Joiner(club).open().words

    assert words.index("First") < words.index("Second")
    assert "Hidden" not in words
    assert "Elsewhere" not in words


def test_the_first_page_asks_the_database_little_and_no_more_for_more_plans(club: Organization) -> None:
    plan = make.plan(club, permissions=["pool", "gym"], capacity=10)
    assert Joiner(club, plan, framed=True).open().queries <= 12
    one = Joiner(club).open().queries
    for _ in range(10):
        make.plan(club, permissions=["pool"])
    assert Joiner(club).open().queries == one <= 12


def test_no_step_asks_the_database_much(club: Organization) -> None:
    make.signup_settings(club, terms="Be kind.")
    make.question(club, "Shirt?")
    ada = Joiner(club, make.plan(club, amount=0, permissions=["pool"]))
    ada.sign_in()
    assert ada.open().queries <= 12
    ada.send("details", first_name="Ada", last_name="Okonkwo")
    assert ada.open().queries <= 14
    ada.send("join")
    assert ada.open().queries <= 12

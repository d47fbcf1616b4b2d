"""Finding, adding, changing and banning customers."""

import pytest

from tessera.organizations.models import Organization
from tessera.people.models import Customer
from tessera.people.types import CustomerStatus
from tests import make
from tests.console.visitor import Visitor, ref

pytestmark = pytest.mark.django_db


def test_customers_are_found_by_the_beginning_of_their_name(owner: Visitor) -> None:
    make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    make.customer(owner.club, first_name="Adam", last_name="Ashby")
    make.customer(owner.club, first_name="Bruno", last_name="Brandt")
    make.customer(make.organization("Elsewhere"), first_name="Ada", last_name="Stranger")
    page = owner.get("customers", q="ad").words
    assert "Ada Okonkwo" in page
    assert "Adam Ashby" in page
    assert "Bruno" not in page
    assert "Stranger" not in page


def test_enter_with_one_match_left_goes_to_that_person(owner: Visitor) -> None:
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    make.customer(owner.club, first_name="Bruno", last_name="Brandt")
    assert owner.get("customers", q="ok", open="1").location == owner.address("customer", ada)
    assert owner.get("customers", q="ok", open="1", htmx=True).status == 200


def test_coming_back_to_a_search_with_one_match_shows_it_and_leads_nowhere(owner: Visitor) -> None:
    make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    make.company(owner.club, "Okonkwo Ltd")
    for name in ("customers", "companies"):
        assert owner.get(name, q="okonkwo").status == 200


@pytest.mark.parametrize("typed", ["CUS-000001", " cus-000001 ", "ada@example.org", "+44 20 7946 0000"])
def test_enter_opens_whom_a_number_or_an_address_names_whoever_else_is_found(owner: Visitor, typed: str) -> None:
    ada = make.customer(owner.club, number="CUS-000001", emails=["ada@example.org"], phones=["+442079460000"])
    make.customer(owner.club, number="CUS-000010", emails=["an-ada@example.org"], phones=["+4420794600001"])
    assert owner.get("customers", q=typed, open="1").location == owner.address("customer", ada)
    make.company(owner.club, number="COM-000010")
    acme = make.company(owner.club, number="COM-000001")
    assert owner.get("companies", q="com-000001", open="1").location == owner.address("company", acme)


def test_a_search_that_finds_nobody_offers_to_add_them(owner: Visitor) -> None:
    page = owner.get("customers", q="Zora Neale")
    assert "Nobody found for “Zora Neale”" in page.words
    assert owner.get("customer_new", q="Zora Neale").value("last_name") == "Neale"


def test_an_empty_club_is_told_what_to_do_next(owner: Visitor) -> None:
    assert "No customers yet" in owner.get("customers").words


def test_customers_are_filtered_by_status(owner: Visitor) -> None:
    make.customer(owner.club, first_name="Ada", last_name="Okonkwo", status=CustomerStatus.BANNED)
    make.customer(owner.club, first_name="Bruno", last_name="Brandt")
    page = owner.get("customers", status="banned").words
    assert "Ada Okonkwo" in page
    assert "Bruno" not in page


def test_the_list_says_who_is_a_member_and_through_what(owner: Visitor) -> None:
    gold, corporate = make.plan(owner.club, "Gold"), make.plan(owner.club, "Corporate")
    make.membership(gold, customer=make.customer(owner.club, first_name="Ada", last_name="Own"))
    acme = make.company(owner.club, "Acme Ltd")
    make.membership(corporate, company=acme)
    make.affiliation(make.customer(owner.club, first_name="Bea", last_name="Inherits"), acme)
    make.customer(owner.club, first_name="Cem", last_name="Neither")
    page = owner.get("customers").words
    assert "Ada Own Active Gold" in page
    assert "Bea Inherits Active Corporate via Acme Ltd" in page
    assert "Cem Neither None" in page


def test_a_list_costs_the_same_for_one_and_for_twenty(owner: Visitor) -> None:
    def add(count: int) -> None:
        acme = make.company(owner.club)
        make.membership(make.plan(owner.club), company=acme)
        for _ in range(count):
            person = make.employee(acme)
            make.membership(make.plan(owner.club), customer=person)

    add(1)
    owner.get("customers")
    for name in ("customers", "companies", "plans"):
        one = owner.get(name)
        assert one.queries <= 12, name
    few = {name: owner.get(name).queries for name in ("customers", "companies", "plans")}
    add(20)
    assert {name: owner.get(name).queries for name in few} == few


def test_a_page_costs_the_same_however_much_somebody_has(owner: Visitor) -> None:
    ada = make.customer(owner.club)
    acme = make.company(owner.club)
    make.affiliation(ada, acme)
    make.membership(make.plan(owner.club, permissions=["pool"]), customer=ada)
    make.membership(make.plan(owner.club, permissions=["gym"]), company=acme)
    before = owner.get("customer", ada).queries, owner.get("company", acme).queries
    for number in range(10):
        make.membership(make.plan(owner.club, permissions=[f"room-{number}"]), customer=ada)
        make.employee(acme)
    assert (owner.get("customer", ada).queries, owner.get("company", acme).queries) == before


def test_a_customer_is_added_once_however_often_the_form_is_sent(owner: Visitor) -> None:
    once = owner.get("customer_new").value("once")
    told = {"first_name": "Ada", "last_name": "Okonkwo", "emails": "ada@example.org", "once": once}
    first, second = owner.post("customer_new", **told), owner.post("customer_new", **told)
    ada = Customer.objects.get(organization=owner.club)
    assert first.location == second.location == owner.address("customer", ada)
    assert [each.address for each in ada.emails.all()] == ["ada@example.org"]


def test_another_form_adds_another_customer_of_the_same_name(owner: Visitor) -> None:
    for _ in range(2):
        once = owner.get("customer_new").value("once")
        owner.post("customer_new", first_name="Ada", last_name="Okonkwo", once=once)
    assert owner.club.customers.count() == 2


def test_a_refused_form_keeps_what_was_typed_and_marks_the_field(owner: Visitor) -> None:
    page = owner.post("customer_new", htmx=True, first_name="Ada", emails="no address")
    assert page.status == 422
    assert page.value("first_name") == "Ada"
    assert "is not an e-mail address" in page.words
    assert 'aria-invalid="true"' in page.text
    assert not owner.club.customers.exists()


def test_too_little_is_refused_with_what_would_be_enough(owner: Visitor) -> None:
    page = owner.post("customer_new", first_name="Ada")
    assert page.status == 422
    assert "Give first and last name, or an e-mail" in page.words


def test_details_are_changed(owner: Visitor) -> None:
    ada = make.customer(owner.club, first_name="Ada", last_name="Ashby", verified_emails=["ada@example.org"])
    told = {"first_name": "Ada", "last_name": "Okonkwo", "emails": "ada@example.org", "version": 1}
    assert owner.post("customer_edit", ada, **told).location == owner.address("customer", ada)
    ada.refresh_from_db()
    assert ada.name == "Ada Okonkwo"
    assert ada.emails.get().verified_at is not None


def test_a_save_over_somebody_elses_change_is_refused(owner: Visitor) -> None:
    ada = make.customer(owner.club, first_name="Ada", last_name="Ashby")
    owner.post("customer_edit", ada, first_name="Ada", last_name="Okonkwo", version=1)
    page = owner.post("customer_edit", ada, first_name="Ada", last_name="Late", version=1)
    assert page.status == 422
    assert "Somebody has changed this meanwhile" in page.words
    assert page.value("last_name") == "Late"
    ada.refresh_from_db()
    assert ada.last_name == "Okonkwo"


def test_a_ban_says_first_what_is_lost_and_can_be_lifted(owner: Visitor) -> None:
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    make.membership(make.plan(owner.club, permissions=["pool"]), customer=ada)
    asked = owner.get("customer_ban", ada)
    assert "Ada Okonkwo loses Pool at once." in asked.words
    ada.refresh_from_db()
    assert ada.status == CustomerStatus.ACTIVE

    assert owner.post("customer_ban", ada, reason="").status == 422
    owner.post("customer_ban", ada, reason="Broke a window")
    page = owner.get("customer", ada).words
    assert "Banned Broke a window" in page
    assert "Nothing, while they are banned." in page

    owner.post("customer_lift_ban", ada)
    assert owner.get("customer", ada).words.count("Banned Broke a window") == 0
    assert owner.post("customer_lift_ban", ada).status == 422


def test_a_customer_called_script_is_only_called_that(owner: Visitor) -> None:
    evil = "<script>alert(1)</script>"
    ada = make.customer(owner.club, first_name=evil, last_name='"><img src=x onerror=alert(1)>')
    acme = make.company(owner.club, evil)
    make.affiliation(ada, acme, title=evil)
    make.membership(
        make.plan(owner.club, evil, permissions=[make.permission(owner.club, "x", name=evil)]), company=acme
    )
    pages = [
        owner.get("customers"), owner.get("customer", ada), owner.get("company", acme), owner.get("plans"),
        owner.get("customers", q=evil), owner.get("unlink", acme, ada), owner.get("check", who=evil, permission="x"),
        owner.get("customer_assign", ada), owner.get("check", who=ada.number, permission="x"),
    ]  # fmt: skip
    for page in pages:
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text


def test_the_profile_shows_own_and_inherited_memberships_and_what_each_grants(owner: Visitor) -> None:
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    acme = make.company(owner.club, "Acme Ltd")
    make.affiliation(ada, acme, title="Director")
    make.membership(make.plan(owner.club, "Gold", permissions=["pool"]), customer=ada, ends_at=make.FEB_10)
    make.membership(make.plan(owner.club, "Corporate", permissions=["lounge"]), company=acme)
    page = owner.get("customer", ada).words
    assert "Gold Active until Tue 10 Feb, 12:00" in page
    assert "Corporate Active no end via Acme Ltd" in page
    assert "Pool Gold" in page
    assert "Lounge Acme Ltd, Corporate" in page


def test_what_is_inherited_is_changed_at_the_company_only(owner: Visitor) -> None:
    ada, acme = make.customer(owner.club), make.company(owner.club)
    make.affiliation(ada, acme)
    membership = make.membership(make.plan(owner.club), company=acme)
    assert owner.address("membership_end-now", membership) not in owner.get("customer", ada).text
    assert owner.address("membership_end-now", membership) in owner.get("company", acme).text


def test_an_unknown_cursor_is_refused_in_words(owner: Visitor) -> None:
    page = owner.get("customers", cursor="nonsense")
    assert page.status == 422
    assert "That was refused" in page.words


def test_the_next_page_begins_after_the_last(club: Organization, owner: Visitor) -> None:
    for number in range(55):
        make.customer(club, first_name=f"N{number:02}", last_name="Number")
    first = owner.get("customers")
    following = first.text.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = owner.open(owner.address("customers") + following)
    assert "N00 Number" in first.words
    assert "N00 Number" not in second.words
    assert "N54 Number" in second.words
    assert ref(club.customers.get(first_name="N54")) in second.text

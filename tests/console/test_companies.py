"""Companies: their people, their seats, linking and unlinking."""

import pytest

from tessera.organizations.rights import Role
from tessera.people.models import Affiliation, Company
from tessera.people.types import CustomerStatus
from tests import make
from tests.console.visitor import Visitor, ref, working_for
from tests.memberships.desk import london

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(owner: Visitor) -> Company:
    return make.company(owner.club, "Acme Ltd")


def test_companies_are_listed_with_their_people_and_what_they_hold(owner: Visitor, acme: Company) -> None:
    make.employee(acme)
    make.employee(acme)
    make.employee(acme, ends_at=make.JAN_10)
    make.membership(make.plan(owner.club, "Corporate"), company=acme)
    make.company(owner.club, "Beta GmbH")
    page = owner.get("companies").words
    assert "Acme Ltd Active Corporate 2" in page
    assert "Beta GmbH None 0" in page


def test_a_company_is_added_and_changed(owner: Visitor) -> None:
    told = {"name": "Acme Ltd", "email_domains": "acme.example", "tags": "sponsor, press"}
    answer = owner.post("company_new", **told)
    acme = owner.club.companies.get()
    assert answer.location == owner.address("company", acme)
    assert acme.tags == ["sponsor", "press"]
    owner.post("company_edit", acme, name="Acme plc", version=1)
    acme.refresh_from_db()
    assert (acme.name, acme.tags) == ("Acme plc", [])
    refused = owner.post("company_new", name="Beta", email_domains="not a domain")
    assert refused.status == 422
    assert "is not a domain such as acme.example" in refused.words


@pytest.mark.parametrize("typed", ["{number}", "{id}", "ada@example.org", "+442079460000", "Ada Okonkwo", "okonkwo"])
def test_somebody_is_linked_by_whatever_one_knows_of_them(owner: Visitor, acme: Company, typed: str) -> None:
    ada = make.customer(
        owner.club, first_name="Ada", last_name="Okonkwo", emails=["ada@example.org"], phones=["+442079460000"]
    )
    make.customer(owner.club, first_name="Bruno", last_name="Brandt")
    owner.post("company_link", acme, who=typed.format(number=ada.number, id=ref(ada)), title="Director")
    affiliation = Affiliation.objects.get(company=acme)
    assert (affiliation.customer, affiliation.title) == (ada, "Director")


def test_linking_says_first_what_is_gained(owner: Visitor, acme: Company) -> None:
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    make.membership(make.plan(owner.club, permissions=["lounge"]), company=acme)
    asked = owner.get("company_link", acme, who=ada.number).words
    assert "Ada Okonkwo belongs to Acme Ltd" in asked
    assert "Ada Okonkwo gains Lounge at once." in asked
    assert not Affiliation.objects.exists()


def test_linking_above_the_seats_says_so(owner: Visitor, acme: Company) -> None:
    make.employee(acme, starts_at=london("2026-01-01"))
    make.membership(make.plan(owner.club, "Corporate", permissions=["lounge"], seats=1), company=acme)
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    asked = owner.get("company_link", acme, who=ada.number).words
    assert "There is no seat left in Corporate, so nothing of it is inherited yet." in asked
    owner.post("company_link", acme, who=ada.number)
    page = owner.get("company", acme).words
    assert "1 of 1 seats taken · 1 person without a seat" in page
    assert "no seat in Corporate" in page
    assert "no seat left, so nothing is inherited" in owner.get("customer", ada).words


def test_nobody_or_several_of_that_name_is_said(owner: Visitor, acme: Company) -> None:
    make.customer(owner.club, first_name="Ada", last_name="Okonkwo", number="CUS-1")
    make.customer(owner.club, first_name="Ada", last_name="Ashby", number="CUS-2")
    several = owner.post("company_link", acme, who="Ada")
    assert several.status == 422
    assert "Several match: Ada Ashby (CUS-2), Ada Okonkwo (CUS-1)." in several.words
    assert several.value("who") == "Ada"
    assert "Nobody here goes by that." in owner.post("company_link", acme, who="Zora").words
    assert not Affiliation.objects.exists()


def test_of_two_of_one_name_neither_is_meant_however_many_come_before(owner: Visitor, acme: Company) -> None:
    for name in ("Ada Ann Leeson", "Adam Ann Leeson", "Alan Ann Leeson", "Alba Ann Leeson", "Ann Lee", "Ann Lee"):
        make.customer(owner.club, display_name=name)
    assert owner.post("company_link", acme, who="Ann Lee").status == 422
    assert not Affiliation.objects.exists()


def test_the_same_person_twice_is_refused(owner: Visitor, acme: Company) -> None:
    ada = make.employee(acme)
    page = owner.post("company_link", acme, who=ada.number)
    assert page.status == 422
    assert "belongs to Acme Ltd at that time already" in page.words


def test_a_customer_is_linked_from_their_own_page(owner: Visitor, acme: Company) -> None:
    ada = make.customer(owner.club)
    answer = owner.post("customer_link", ada, who="acme ltd", first_day="2026-02-01", last_day="2026-02-28")
    assert answer.location == owner.address("customer", ada)
    affiliation = Affiliation.objects.get()
    assert (affiliation.starts_at, affiliation.ends_at) == (london("2026-02-01"), london("2026-03-01"))


def test_unlinking_says_what_is_lost_and_takes_it_at_once(owner: Visitor, acme: Company) -> None:
    ada, colleague = make.employee(acme), make.employee(acme)
    make.membership(make.plan(owner.club, permissions=["lounge"]), company=acme)
    asked = owner.get("unlink", acme, ada).words
    assert f"{ada.name} loses Lounge at once." in asked
    assert "The seat is free in the same instant." in asked
    assert owner.post("unlink", acme, ada).location == owner.address("company", acme)
    assert "Nothing. No membership that grants something is active." in owner.get("customer", ada).words
    assert "Lounge Acme Ltd" in owner.get("customer", colleague).words
    again = owner.post("unlink", acme, ada)
    assert again.status == 422
    assert "does not belong to the company" in again.words


def test_what_comes_from_elsewhere_too_is_not_lost(owner: Visitor, acme: Company) -> None:
    ada = make.employee(acme)
    lounge = make.permission(owner.club, "lounge")
    make.membership(make.plan(owner.club, permissions=[lounge]), company=acme)
    make.membership(make.plan(owner.club, permissions=[lounge]), customer=ada)
    assert f"{ada.name} loses nothing" in owner.get("unlink", acme, ada).words


def test_past_people_stay_to_be_seen(owner: Visitor, acme: Company) -> None:
    gone = make.employee(acme, starts_at=london("2026-01-01"), ends_at=london("2026-01-05"))
    assert gone.name not in owner.get("company", acme).words.split("What happened")[0]
    assert gone.name in owner.get("company", acme, people="ended").words


def test_seats_are_drawn_and_the_banned_take_none(owner: Visitor, acme: Company) -> None:
    make.employee(acme)
    banned = make.customer(owner.club, status=CustomerStatus.BANNED)
    make.affiliation(banned, acme)
    make.membership(make.plan(owner.club, "Corporate", seats=3), company=acme)
    page = owner.get("company", acme)
    assert "1 of 3 seats taken" in page.words
    assert page.text.count('<i class="is-taken">') == 1
    assert page.text.count('<i class="is-free">') == 2


def test_a_company_gets_a_plan_with_seats_of_its_own(owner: Visitor, acme: Company) -> None:
    make.employee(acme)
    plan = make.plan(owner.club, "Corporate", permissions=["lounge"], seats=20)
    asked = owner.get("company_assign", acme, price=ref(plan.prices.get()), seats="5").words
    assert "1 of its people have it while they belong." in asked
    owner.post("company_assign", acme, price=ref(plan.prices.get()), seats="5")
    assert "1 of 5 seats taken" in owner.get("company", acme).words


def test_a_viewer_looks_and_changes_nothing(owner: Visitor, acme: Company) -> None:
    make.affiliation(make.customer(owner.club, first_name="Ada", last_name="Okonkwo"), acme)
    make.membership(make.plan(owner.club), company=acme)
    page = working_for(owner.club, Role.VIEWER).get("company", acme)
    assert page.status == 200
    for word in ("Unlink", "Link somebody", "Assign a plan", "Edit", "End now"):
        assert word not in page.words

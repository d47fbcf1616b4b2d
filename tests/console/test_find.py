"""Finding anything."""

import pytest

from tessera.organizations.rights import Role
from tests import make
from tests.console.visitor import Visitor, working_for

pytestmark = pytest.mark.django_db


def test_people_companies_plans_and_pages_are_found(owner: Visitor) -> None:
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    acme = make.company(owner.club, name="Adastra")
    plan = make.plan(owner.club, name="Advanced")
    make.customer(make.organization("Elsewhere"), first_name="Ada", last_name="Stranger")

    found = owner.get("find", q="ad", htmx=True)

    for name, row in (("customer", ada), ("company", acme), ("plan", plan)):
        assert owner.address(name, row) in found.text
    assert "Add a customer" in found.words
    assert "Stranger" not in found.words
    assert owner.address("webhooks") in owner.get("find", q="webh", htmx=True).text


def test_without_words_it_offers_where_one_can_go(owner: Visitor) -> None:
    found = owner.get("find", htmx=True).text
    for name in ("home", "customers", "companies", "plans", "check", "events", "settings", "webhooks"):
        assert f'href="{owner.address(name)}"' in found


def test_nobody_is_offered_what_they_may_not_open(owner: Visitor) -> None:
    found = working_for(owner.club, Role.VIEWER).get("find", htmx=True)
    assert owner.address("webhooks") not in found.text
    assert "Add a customer" not in found.words


def test_nothing_found_is_said_with_what_was_looked_for(owner: Visitor) -> None:
    assert "Nothing found for “<b>zz”." in owner.get("find", q="<b>zz", htmx=True).words
    assert "Nothing found for “<b>zz”." in owner.get("find", q="<b>zz").words


def test_without_script_it_is_a_page(owner: Visitor) -> None:
    make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    page = owner.get("find", q="oko")
    assert "<html" in page.text
    assert "Ada Okonkwo" in page.words


def test_the_lists_name_in_an_answer_is_never_markup(owner: Visitor) -> None:
    make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    found = owner.get("find", q="ada", box='"><script>', htmx=True)
    assert "<script" not in found.text
    assert 'id="script-1-1"' in found.text


def test_it_costs_the_same_for_one_hit_and_for_many(owner: Visitor) -> None:
    def add(n: int) -> None:
        acme = make.company(owner.club, f"Adastra {n}")
        make.affiliation(make.customer(owner.club, first_name="Ada", last_name=f"Number {n}"), acme)
        make.membership(make.plan(owner.club, f"Adagio {n}"), company=acme)

    add(0)
    few = owner.get("find", q="ada", htmx=True).queries
    for n in range(1, 20):
        add(n)
    assert owner.get("find", q="ada", htmx=True).queries == few <= 12

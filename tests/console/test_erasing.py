"""Erasing at the console: what goes and what stays is said before, the number is typed, and a calm page is left."""

from datetime import timedelta

import pytest

from tessera.lifecycle.erasing import erase_customer
from tessera.organizations.rights import Role
from tessera.people import own_data
from tessera.people.models import Customer
from tessera.people.types import CustomerStatus
from tests import make
from tests.console.visitor import Visitor, working_for
from tests.lifecycle.somebody import DESK, NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(owner: Visitor) -> Customer:
    """Somebody who asks to be deleted, and belongs to a company; a membership of theirs is over."""
    person = make.customer(owner.club, first_name="Ada", last_name="Okonkwo", emails=["ada@example.org"])
    make.affiliation(person, make.company(owner.club, "Acme"))
    gold = make.plan(owner.club, "Gold")
    make.membership(gold, customer=person, starts_at=NOON - timedelta(days=60), ends_at=NOON - timedelta(days=30))
    own_data.ask_deletion(customer=person, at=NOON, actor=DESK)
    return person


@pytest.mark.parametrize("htmx", [False, True])
def test_it_says_what_goes_and_what_stays_and_needs_the_number(owner: Visitor, ada: Customer, htmx: bool) -> None:
    asked = owner.get("customer_erase", ada, htmx=htmx).words
    for said in (
        "Erase Ada Okonkwo",
        "names, birthday, e-mail",
        f"the number {ada.number}",
        "They leave Acme",
        "Backups",
    ):
        assert said in asked
    for typed in ("", "Ada Okonkwo", "CUS-999999"):
        refused = owner.post("customer_erase", ada, htmx=htmx, typed=typed)
        assert refused.status == 422
        assert 'class="error' in refused.text
    ada.refresh_from_db()
    assert ada.erased_at is None

    owner.post("customer_erase", ada, htmx=htmx, typed=f" {ada.number.lower()} ")

    left = owner.get("customer", ada)
    assert f"Done. This is now Erased customer {ada.number}." in left.words
    assert "Okonkwo" not in left.text
    for said in ("Erased", "Sam Steward", "Gold", "Acme", "What happened"):
        assert said in left.words
    assert "Asks to be deleted" not in left.words
    assert left.queries <= 12


def test_who_wishes_it_is_offered_at_home_and_on_their_page_until_it_is_done(owner: Visitor, ada: Customer) -> None:
    for page in (owner.get("home"), owner.get("customer", ada)):
        assert owner.address("customer_erase", ada) in page.text
    viewer = working_for(owner.club, Role.VIEWER)
    for page in (viewer.get("home"), viewer.get("customer", ada)):
        assert viewer.address("customer_erase", ada) not in page.text
    assert "A manager can do so" in viewer.get("customer", ada).words
    erase_customer(customer=ada, at=NOON, actor=DESK)
    assert "asks to be deleted" not in owner.get("home").words


def test_what_runs_is_to_be_ended_first_and_is_led_to(owner: Visitor, ada: Customer) -> None:
    running = make.membership(make.plan(owner.club, "Silver"), customer=ada)
    page = owner.get("customer_erase", ada)
    assert "1 membership is not over. End it first: Silver" in page.words
    assert owner.address("membership", running) in page.text
    assert 'name="typed"' not in page.text
    refused = owner.post("customer_erase", ada, typed=ada.number)
    assert refused.status == 422
    assert "1 running membership" in refused.words


def test_a_ban_is_said_to_be_forgotten_too(owner: Visitor, ada: Customer) -> None:
    assert "The ban is forgotten" not in owner.get("customer_erase", ada).words
    Customer.objects.filter(pk=ada.pk).update(status=CustomerStatus.BANNED, ban_reason="x")
    assert "The ban is forgotten" in owner.get("customer_erase", ada).words


def test_whoever_sits_there_proves_anew_who_they_are(owner: Visitor, ada: Customer) -> None:
    away = working_for(owner.club, Role.MANAGER, proved=False)
    asked = away.post("customer_erase", ada, typed=ada.number)
    assert (asked.status, "Is it you?" in asked.words) == (422, True)
    ada.refresh_from_db()
    assert ada.erased_at is None


@pytest.mark.parametrize("role", [Role.FINANCE, Role.FRONT_DESK, Role.VIEWER])
def test_others_may_not(owner: Visitor, ada: Customer, role: Role) -> None:
    visitor = working_for(owner.club, role)
    assert visitor.get("customer_erase", ada).status == 403
    assert visitor.post("customer_erase", ada, typed=ada.number).status == 403
    assert working_for(make.organization("Elsewhere")).get("customer_erase", ada).status == 404


def test_they_are_called_so_wherever_they_are_named_in_the_readers_language(owner: Visitor, ada: Customer) -> None:
    company = ada.affiliations.get().company
    erase_customer(customer=ada, at=NOON, actor=DESK)
    name = f"Erased customer {ada.number}"
    for page in (
        owner.get("customers"), owner.get("events"), owner.get("memberships", membership="expired"),
        owner.get("customer_timeline", ada), owner.get("membership", ada.memberships.get()),
    ):  # fmt: skip
        assert name in page.words
    assert name not in owner.get("company", company).words
    assert owner.staff is not None
    type(owner.staff.user).objects.update(locale="de")
    assert name not in owner.get("events").words
    assert "Gelöschter Kunde" in owner.get("events").words


def test_nothing_can_be_done_with_them_any_more(owner: Visitor, ada: Customer) -> None:
    erase_customer(customer=ada, at=NOON, actor=DESK)
    page = owner.get("customer", ada).text
    assert owner.get("customer_erase", ada).location == owner.address("customer", ada)
    for name in ("edit", "photo", "ban", "assign", "link", "archive", "restore", "merge", "note_write"):
        assert owner.address(f"customer_{name}", ada) not in page
    for name, told in (("restore", {}), ("ban", {"reason": "x"}), ("note_write", {"text": "x"})):
        refused = owner.post(f"customer_{name}", ada, **told)
        assert (refused.status, "has been erased" in refused.words) == (422, True)

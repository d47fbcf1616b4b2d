"""Asking whether somebody may, and why."""

import pytest

from tessera.events.models import Event
from tessera.people.models import Customer
from tests import make
from tests.console.visitor import Visitor, ref
from tests.memberships.desk import london

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(owner: Visitor) -> Customer:
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    pool = make.permission(owner.club, "pool", targets=["enter door:pool-*"])
    make.permission(owner.club, "lounge")
    make.membership(make.plan(owner.club, "Gold", permissions=[pool]), customer=ada, ends_at=london("2026-02-01"))
    return ada


def test_what_is_granted_is_allowed_with_its_reason(owner: Visitor, ada: Customer) -> None:
    page = owner.get("check", who=ada.number, permission="pool").words
    assert "Ada Okonkwo · Pool Yes, let in Granted" in page
    assert "until Sat 31 Jan 2026." in page
    assert "Plan Gold, own membership Can change Sun 1 Feb, 00:00" in page


def test_what_no_plan_grants_is_denied_with_its_reason(owner: Visitor, ada: Customer) -> None:
    page = owner.get("check", who="okonkwo", permission="lounge").words
    assert "Ada Okonkwo · Lounge Not let in" in page
    assert "not_in_any_plan" in page


def test_a_door_asks_in_its_own_words(owner: Visitor, ada: Customer) -> None:
    page = owner.get("check", who=ada.number, action="enter", resource="door:pool-north").words
    assert "enter door:pool-north Yes, let in" in page
    assert "permission_unknown" in owner.get("check", who=ada.number, action="enter", resource="door:roof").words


def test_another_instant_can_be_asked_about(owner: Visitor, ada: Customer) -> None:
    page = owner.get("check", who=ada.number, permission="pool", moment="2026-02-01T00:00").words
    assert "Not let in" in page
    assert "membership_expired" in page
    assert "Yes, let in" in owner.get("check", who=ada.number, permission="pool", moment="2026-01-31T23:59").words


def test_what_is_missing_or_wrong_is_said_at_its_field(owner: Visitor, ada: Customer) -> None:
    nobody = owner.get("check", who="Zora", permission="pool")
    assert nobody.status == 422
    assert "Nobody here goes by that." in nobody.words
    assert nobody.value("who") == "Zora"
    assert "A resource is written type:id" in owner.get("check", who="Ada", action="enter", resource="pool").words
    assert "both an action and a resource" in owner.get("check", who="Ada", resource="door:pool").words


def test_whom_it_is_about_is_written_as_people_write_it(owner: Visitor, ada: Customer) -> None:
    assert owner.get("check", who=ref(ada)).value("who") == ada.number
    assert owner.get("check", who=ref(ada), permission="pool").value("who") == ada.number
    make.customer(owner.club, first_name="Ada", last_name="Okonkwo-Smith")
    assert "Yes, let in" in owner.get("check", who="ada okonkwo", permission="pool").words


def test_the_page_begins_with_whom_it_was_opened_for(owner: Visitor, ada: Customer) -> None:
    page = owner.get("check", who=ada.number)
    assert page.status == 200
    assert page.value("who") == ada.number


def test_asking_records_nothing(owner: Visitor, ada: Customer) -> None:
    happened = Event.objects.count()
    owner.get("check", who=ada.number, permission="pool")
    assert Event.objects.count() == happened


def test_people_of_another_organization_are_nobody(owner: Visitor, ada: Customer) -> None:
    make.customer(make.organization("Elsewhere"), first_name="Zora", emails=["zora@example.org"])
    assert "Nobody here goes by that." in owner.get("check", who="zora@example.org", permission="pool").words

"""What is dangerous is done only by whoever proved a moment ago who they are; nothing that was typed is lost."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client

from tessera.organizations.models import Organization, Staff
from tessera.organizations.rights import Role
from tests import make
from tests.console.visitor import Visitor, prove, ref, working_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def stale(club: Organization) -> Visitor:
    """The owner, with a password, signed in some time ago."""
    staff = make.staff(club, password=make.PASSWORD)
    visitor = Visitor(club, staff)
    visitor.client.force_login(staff.user)
    return visitor


def desk(club: Organization) -> Staff:
    return make.staff(club, Role.FRONT_DESK, name="Dora Desk")


def test_who_signed_in_long_ago_is_asked_and_what_was_chosen_is_carried_on(stale: Visitor) -> None:
    dora = desk(stale.club)
    page = stale.post("staff_role", dora, role="manager")

    assert page.status == 422 and "Is it you?" in page.words
    assert page.value("role") == "manager"
    dora.refresh_from_db()
    assert dora.role == Role.FRONT_DESK


def test_having_everything_sent_elsewhere_is_asked_about_too(stale: Visitor) -> None:
    endpoint = {"url": "https://elsewhere.example/hooks", "payload": "full", "told": "everything"}
    assert "Is it you?" in stale.post("webhook_new", **endpoint).words
    row = make.webhook_endpoint(stale.club)
    assert "Is it you?" in stale.post("webhook_edit", row, **endpoint).words


def test_with_the_password_the_same_form_does_what_it_was_sent_for(stale: Visitor) -> None:
    dora = desk(stale.club)
    page = stale.post("staff_role", dora, role="manager", proof_password=make.PASSWORD)

    assert page.status == 302
    dora.refresh_from_db()
    assert dora.role == Role.MANAGER
    assert stale.post("staff_role", dora, role="viewer").status == 302  # not asked again


def test_a_wrong_password_changes_nothing_and_keeps_the_form(stale: Visitor) -> None:
    dora = desk(stale.club)
    page = stale.post("staff_role", dora, role="manager", proof_password="no")

    assert page.status == 422 and "not your password" in page.words
    assert page.value("role") == "manager" and page.value("proof_password") == ""
    dora.refresh_from_db()
    assert dora.role == Role.FRONT_DESK


def test_in_a_drawer_the_question_comes_as_a_drawer(stale: Visitor) -> None:
    dora = desk(stale.club)
    page = stale.post("staff_role", dora, role="manager", htmx=True)

    assert page.status == 422 and '<dialog class="drawer"' in page.text
    assert page.headers["HX-Retarget"] == "#drawer"
    done = stale.post("staff_role", dora, role="manager", proof_password=make.PASSWORD, htmx=True)
    assert done.headers["HX-Redirect"].endswith("/settings/staff")


def test_looking_asks_for_nothing(stale: Visitor) -> None:
    assert stale.get("staff_role", desk(stale.club)).status == 200


def test_a_proof_lasts_a_quarter_of_an_hour(club: Organization) -> None:
    dora = desk(club)
    visitor = working_for(club, proved=False)
    with time_machine.travel(datetime(2026, 1, 10, 12, tzinfo=UTC), tick=False):
        prove(visitor.client)
    with time_machine.travel(datetime(2026, 1, 10, 12, 14, 59, tzinfo=UTC), tick=False):
        assert visitor.post("staff_role", dora, role="manager").status == 302
    with time_machine.travel(datetime(2026, 1, 10, 12, 15, tzinfo=UTC), tick=False):
        assert visitor.post("staff_role", dora, role="viewer").status == 422


def test_who_may_not_is_refused_before_being_asked(club: Organization) -> None:
    visitor = working_for(club, Role.MANAGER, proved=False)
    assert visitor.post("staff_role", desk(club), role="owner").status == 403


def test_signing_in_is_a_proof(club: Organization) -> None:
    staff = make.staff(club, password=make.PASSWORD)
    client = Client()
    client.post("/console/signin", {"username": staff.user.email, "password": make.PASSWORD})
    visitor = Visitor(club, staff, client)
    assert visitor.post("staff_role", desk(club), role="manager").status == 302


def test_a_password_is_not_handed_on_to_the_page(stale: Visitor) -> None:
    dora = desk(stale.club)
    page = stale.post("staff_role", dora, role="nonsense", proof_password=make.PASSWORD)
    assert page.status == 422 and make.PASSWORD not in page.text
    assert ref(dora)

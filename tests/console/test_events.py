"""The organization's log."""

import pytest

from tessera.console.events import KINDS, types_of
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.types import EventType
from tessera.organizations.rights import Role
from tests import make
from tests.console.visitor import Visitor, working_for

pytestmark = pytest.mark.django_db


def test_every_type_of_event_is_of_exactly_one_kind() -> None:
    found = [each for kind in KINDS for each in types_of(kind)]
    assert sorted(found) == sorted(EventType)


def test_what_happened_is_told_with_whom_and_by_whom(owner: Visitor) -> None:
    owner.post("customer_new", first_name="Ada", last_name="Okonkwo")
    page = owner.get("events").words
    assert "Added as a customer Ada Okonkwo Sam Steward" in page


def test_what_was_changed_of_the_organization_itself_is_named(owner: Visitor) -> None:
    plan, dora = make.plan(owner.club, "Gold"), make.staff(owner.club, Role.VIEWER, name="Dora Desk")
    make.permission(owner.club, "pool")
    form = {"audience": "both", "visibility": "public", "rule": "rolling", "colour": plan.colour, "permissions": "pool"}
    owner.post("plan_edit", plan, name="Gold", **form)
    owner.post("staff_role", dora, role="manager")
    owner.post("key_new", name="Front door", scopes="access:read")
    page = owner.get("events")
    assert "Plan changed Permissions Gold Sam Steward" in page.words
    assert f'href="{owner.address("plan", plan)}"' in page.text
    assert "Role of a staff member changed Manager Dora Desk Sam Steward" in page.words
    assert "API key made Front door Sam Steward" in page.words


def test_it_is_of_a_kind_by_somebody_up_to_a_day(owner: Visitor) -> None:
    owner.post("customer_new", first_name="Ada", last_name="Okonkwo")
    other = working_for(owner.club, Role.MANAGER)
    assert other.staff is not None
    other.post("company_new", name="Acme")

    assert "Acme" not in owner.get("events", kind="people").words
    assert "Ada Okonkwo" not in owner.get("events", kind="companies").words
    by_other = owner.get("events", by=ids.to_text(Prefix.STAFF, other.staff.pk)).words
    assert "Acme" in by_other
    assert "Ada Okonkwo" not in by_other
    assert "Nothing of that" in owner.get("events", until="2001-01-01").words
    assert "Ada Okonkwo" in owner.get("events", until="2999-01-01", kind="nonsense", by="nobody").words


def test_another_organizations_events_are_not_there(owner: Visitor) -> None:
    stranger = working_for(make.organization("Elsewhere"))
    stranger.post("customer_new", first_name="Eve", last_name="Stranger")
    assert "Stranger" not in owner.get("events").words


def test_an_empty_log_says_what_it_is_for(owner: Visitor) -> None:
    assert "Nothing has happened yet" in owner.get("events").words


def test_pages_follow_one_another_and_cost_the_same(owner: Visitor) -> None:
    owner.post("customer_new", first_name="Ada", last_name="Okonkwo")
    few = owner.get("events").queries
    for n in range(40):
        owner.post("customer_new", first_name="Ben", last_name=f"Number {n}")
    first = owner.get("events", kind="people")
    assert first.queries <= few + 1
    assert "kind=people" in first.text
    following = first.text.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    second = owner.open(owner.address("events") + following)
    assert "Ada Okonkwo" in second.words
    assert "The latest" in second.words

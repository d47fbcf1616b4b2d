"""Where staff begin."""

import re
from datetime import timedelta

import pytest

from tessera import db, organizations
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.memberships import granting
from tessera.organizations import danger
from tessera.organizations.models import Organization
from tessera.organizations.rights import Role
from tessera.people import services as people
from tessera.people.types import Source
from tests import make
from tests.console.visitor import Visitor, working_for

pytestmark = pytest.mark.django_db


def test_a_new_organization_is_told_its_first_steps(owner: Visitor) -> None:
    page = owner.get("home").words
    assert "Make a plan" in page
    assert "Add a customer" in page
    assert "Nothing. Applications and missing payments will wait here." in page

    make.plan(owner.club)
    make.customer(owner.club)
    assert "First steps" not in owner.get("home").words


def test_whoever_may_not_take_a_step_is_not_told_to(owner: Visitor) -> None:
    assert "Make a plan" not in working_for(owner.club, Role.VIEWER).get("home").words


def test_what_waits_is_decided_from_there(owner: Visitor) -> None:
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    row = make.membership(make.plan(owner.club), customer=ada, starts_at=None, needs_approval=True)
    page = owner.get("home")
    assert "Ada Okonkwo" in page.words
    assert owner.address("membership_approve", row) in page.text
    assert owner.address("membership_approve", row) not in working_for(owner.club, Role.VIEWER).get("home").text


def test_the_numbers_come_by_themselves_or_with_the_page(owner: Visitor) -> None:
    now = organizations.now(owner.club)
    for _ in range(3):
        make.membership(make.plan(owner.club), customer=make.customer(owner.club), starts_at=now - timedelta(days=2))
    assert "3 active memberships" not in owner.get("home").words
    assert "3 active memberships" in owner.get("home", numbers="1").words
    part = owner.get("numbers", htmx=True)
    assert "3 active memberships" in part.words
    assert "<html" not in part.text
    assert owner.get("numbers").location == owner.address("home") + "?numbers=1"


def test_nothing_is_offered_for_whom_it_waits_that_is_refused_then(owner: Visitor) -> None:
    plan, now = make.plan(owner.club), organizations.now(owner.club)
    unpaid = make.membership(
        plan,
        customer=make.customer(owner.club),
        starts_at=now - timedelta(days=30),
        ends_at=now - timedelta(days=1),
        grace_until=now + timedelta(days=1),
        renews=True,
    )
    make.membership(plan, customer=make.customer(owner.club), starts_at=None, needs_approval=True)
    make.membership(plan, customer=make.customer(owner.club), starts_at=None, awaits_payment=True)
    page = owner.get("home").text
    offered = re.findall(r'class="button[^"]*" href="([^"]+/memberships/[^"]+)"', page)
    assert owner.address("membership_extend", unpaid) in offered
    assert len(offered) == 4
    for address in offered:
        assert 'role="alert"' not in owner.open(address).text, address
    assert (
        f'class="button is-small" href="{owner.address("membership_extend", unpaid)}"'
        in owner.get("customer", unpaid.customer).text
    )


def test_that_all_staff_were_signed_out_is_no_coming_and_going(club: Organization) -> None:
    danger.sign_everybody_out(organization=club, at=make.JAN_10, actor=Actor.system("danger"))
    assert "All staff signed out" in working_for(club).get("home").words


def test_what_happened_is_not_hidden_behind_comings_and_goings(club: Organization) -> None:
    danger.sign_everybody_out(organization=club, at=make.JAN_10, actor=Actor.system("danger"))
    came = events.Happened(
        type=EventType.CUSTOMER_SIGNED_IN,
        organization_id=club.pk,
        at=make.JAN_10,
        actor=Actor.system("tests"),
        customer_id=make.customer(club).pk,
    )
    with db.transaction():
        events.record(*[came] * 60)
    page = working_for(club).get("home").words
    assert "All staff signed out" in page
    assert "Signed in" not in page


def test_it_costs_the_same_for_one_and_for_twenty(owner: Visitor) -> None:
    staff = owner.staff
    assert staff is not None
    now = organizations.now(owner.club)

    def another() -> None:
        plan, company = make.plan(owner.club), make.company(owner.club)
        make.membership(plan, customer=make.customer(owner.club), starts_at=None, needs_approval=True)
        make.membership(
            plan,
            company=company,
            starts_at=now - timedelta(days=30),
            ends_at=now - timedelta(days=1),
            grace_until=now + timedelta(days=1),
            renews=True,
        )
        for actor in (Actor.staff(staff.pk), Actor.api_key(make.key(owner.club)[0].pk)):
            person = make.customer(owner.club)
            granting.grant(organization=owner.club, holder=person, plan=plan, at=now, actor=actor, source=Source.STAFF)
            people.update_company(company=company, actor=actor, at=now, name=f"House of {person.number}")

    another()
    few, counted = owner.get("home").queries, owner.get("home", numbers="1").queries
    for _ in range(3):
        another()
    assert owner.get("home").queries == few <= 12
    assert owner.get("home", numbers="1").queries == counted <= 12

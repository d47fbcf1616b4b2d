"""A form that is sent twice at the same moment does its work once."""

import pytest
from django.test import Client

from tessera.memberships.models import Term
from tests import make
from tests.console.visitor import Visitor, ref, working_for
from tests.memberships.desk import london
from tests.people.racing import at_once

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


def twins(visitor: Visitor) -> list[Visitor]:
    """The same browser in two windows: one session."""
    found = []
    for _ in range(2):
        client = Client()
        client.cookies = visitor.client.cookies.copy()  # type: ignore[assignment]
        found.append(Visitor(visitor.club, visitor.staff, client))
    return found


def test_a_customer_is_added_once_by_a_double_click() -> None:
    owner = working_for(make.organization(test_now=make.JAN_10))
    once = owner.get("customer_new").value("once")
    one, other = twins(owner)
    answers = at_once(
        [
            lambda: one.post("customer_new", first_name="Ada", last_name="Okonkwo", once=once).location,
            lambda: other.post("customer_new", first_name="Ada", last_name="Okonkwo", once=once).location,
        ]
    )
    ada = owner.club.customers.get()
    assert answers == [owner.address("customer", ada)] * 2


def test_a_term_is_booked_once_by_a_double_click() -> None:
    owner = working_for(make.organization(test_now=make.JAN_10))
    ada = make.customer(owner.club)
    membership = make.membership(
        make.plan(owner.club), customer=ada, starts_at=london("2026-01-01"), ends_at=london("2026-02-01")
    )
    one, other = twins(owner)
    statuses = at_once(
        [
            lambda: one.post("membership_renew", ref(membership), version=1).status,
            lambda: other.post("membership_renew", ref(membership), version=1).status,
        ]
    )
    assert sorted(statuses, key=str) == [302, 422]
    assert Term.objects.filter(membership=membership).count() == 2

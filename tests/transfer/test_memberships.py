"""Files of memberships: the same rules as for anybody, with the dates that the file gives."""

from datetime import UTC, datetime

import pytest

from tessera.core.periods import Interval
from tessera.events import queries as events
from tessera.events.models import Event
from tessera.events.types import EventType
from tessera.memberships.models import Membership
from tessera.notices.models import Notice
from tessera.notices.reactions import react
from tessera.organizations.models import Organization
from tessera.people.types import Source
from tessera.transfer.errors import MappingInvalid
from tessera.transfer.types import Kind
from tests import make
from tests.transfer.files import REFUSE, UPDATE, checked, counts, imported, prepared, table, uploaded, why

pytestmark = pytest.mark.django_db

HEADERS = ("customer", "plan", "price", "start", "last_day", "renews", "reference")


def test_a_membership_has_the_dates_of_the_file_and_the_anchor_of_its_own_rules(club: Organization) -> None:
    make.plan(club, "Gold", amount=3500)
    make.plan(club, "Free", amount=0)
    for external in ("a", "b"):
        make.customer(club, external_id=external)
    text = table(
        HEADERS,
        ("a", "gold", "35.00", "2025-06-30", "2026-06-29", "no", "M-1"),
        ("b", "Free", "", "2025-05-31", "", "", "M-2"),
    )
    assert counts(checked(club, text, Kind.MEMBERSHIPS)) == {"created": 2}
    assert not Membership.objects.exists()
    assert counts(imported(club, text, Kind.MEMBERSHIPS)) == {"created": 2}
    gold, free = Membership.objects.order_by("external_reference")
    assert (gold.source, gold.renews, gold.external_reference) == (Source.IMPORT, False, "M-1")
    term = gold.terms.get()
    assert (term.starts_at, term.ends_at) == (
        datetime(2025, 6, 29, 23, tzinfo=UTC),  # midnight in London's summer
        datetime(2026, 6, 29, 23, tzinfo=UTC),
    )
    assert not term.trial
    assert free.terms.get().ends_at is None
    assert free.anchor.startswith("2025-05-31")


def test_rules_of_granting_refuse_rows(club: Organization, elsewhere: Organization) -> None:
    gold = make.plan(club, "Gold", amount=3500)
    make.price(gold, amount=9900, interval=Interval.YEAR)
    make.plan(elsewhere, "Silver")
    make.plan(club, "Twice")
    make.plan(club, "twice")
    for external in ("a", "b", "c"):
        make.customer(club, external_id=external)
    text = table(
        HEADERS,
        ("a", "Gold", "", "2025-06-30", "2026-06-29", "", ""),
        ("a", "Gold", "12", "2025-06-30", "2026-06-29", "", ""),
        ("a", "Gold", "99", "2024-06-30", "2025-06-29", "", ""),
        ("a", "Silver", "", "", "", "", ""),
        ("a", "Twice", "", "", "", "", ""),
        ("z", "Gold", "99.00", "", "", "", ""),
        ("", "Gold", "99.00", "", "", "", ""),
        ("b", "Gold", "99.00", "2026-13-45", "", "", ""),
        ("b", "Gold", "99.00", "2026-02-01", "2026-01-01", "", ""),
        ("c", "Gold", "GBP 99,00", "", "", "", ""),
        ("c", "Gold", "35", "", "", "", ""),
    )
    facts = imported(club, text, Kind.MEMBERSHIPS, policy=REFUSE)
    assert why(facts) == [
        (2, "price_ambiguous"),
        (3, "price_not_found"),
        (4, "ends_in_past"),
        (5, "plan_not_found"),
        (6, "reference_ambiguous"),
        (7, "customer_not_found"),
        (8, "row_incomplete"),
        (9, "cell_invalid"),
        (10, "ends_before_start"),
        (12, "membership_already_held"),
    ]
    assert counts(facts) == {"created": 1, "refused": 10}


def test_a_reference_that_is_known_is_the_same_membership(club: Organization) -> None:
    make.plan(club, "Gold")
    silver = make.plan(club, "Silver")
    ada = make.customer(club, external_id="a")
    make.membership(silver, customer=ada, external_reference="M-1")
    text = table(HEADERS, ("a", "Gold", "", "", "", "", "M-1"), ("a", "Gold", "", "", "", "", "M-2"))
    assert counts(imported(club, text, Kind.MEMBERSHIPS)) == {"created": 1, "skipped": 1}


def test_a_company_holds_with_seats_and_constants_fill_what_the_file_lacks(club: Organization) -> None:
    make.plan(club, "Corporate", amount=0)
    make.company(club, "Acme")
    text = table(("company", "seats"), ("Acme", "12"), ("Acme", "many"))
    facts = imported(club, text, Kind.MEMBERSHIPS, constants={"plan": "Corporate"})
    assert why(facts) == [(3, "cell_invalid")]
    assert Membership.objects.get().seats == 12


def test_memberships_are_not_updated_by_a_file(club: Organization) -> None:
    row = uploaded(club, table(HEADERS, ("a", "Gold", "", "", "", "", "")), Kind.MEMBERSHIPS)
    with pytest.raises(MappingInvalid):
        prepared(row, policy=UPDATE)


@pytest.mark.parametrize("welcome", [False, True])
def test_nobody_is_welcomed_unless_asked(club: Organization, welcome: bool) -> None:
    make.plan(club, "Gold")
    make.customer(club, external_id="a", emails=["ada@example.org"])
    text = table(("customer", "plan"), ("a", "Gold"))
    assert counts(imported(club, text, Kind.MEMBERSHIPS, welcome=welcome)) == {"created": 1}
    granted = Event.objects.get(type=EventType.MEMBERSHIP_GRANTED)
    assert granted.data.get("welcome", False) is welcome
    react(club, events.feed(club, limit=100).lines)
    assert Notice.objects.filter(kind="welcome").count() == welcome

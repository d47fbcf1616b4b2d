"""Erased while something else is done with them: that came before and is forgotten too, or it is refused."""

from collections.abc import Callable

import pytest

from tessera.core.errors import TesseraError
from tessera.events.models import Event
from tessera.identity.errors import CodeVoid
from tessera.identity.models import CodeAttempt, CustomerSession, Passkey
from tessera.lifecycle.erasing import erase_customer
from tessera.lifecycle.errors import MembershipsRunning
from tessera.lifecycle.merge import merge_customer
from tessera.memberships.granting import grant
from tessera.memberships.inheritance import join_company
from tessera.memberships.models import Membership
from tessera.people.errors import CustomerErased, CustomerMerged
from tessera.people.models import Affiliation, Customer, CustomerEmail, Note
from tessera.people.notes import write_note
from tessera.people.services import update_customer
from tessera.people.types import Source, Via
from tests import make
from tests.identity.visitors import Browser
from tests.lifecycle.somebody import DESK, NOON
from tests.people.racing import at_once
from tests.scale import scaled

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
TURNS = range(scaled(6))


def raced(ada: Customer, other: Callable[[], object]) -> list[type[object]]:
    """Erase them while something else is done; return the refusals of both, that of erasing first."""
    erasing: Callable[[], object] = lambda: erase_customer(customer=ada, at=NOON, actor=DESK)  # noqa: E731
    outcomes = at_once([erasing, other])
    return [type(each) for each in outcomes if isinstance(each, TesseraError)]


def is_erased(ada: Customer) -> bool:
    ada.refresh_from_db()
    return ada.erased_at is not None


@pytest.mark.parametrize("turn", TURNS)
def test_of_two_at_once_one_erases(turn: int) -> None:
    ada = make.customer(make.organization())
    assert raced(ada, lambda: erase_customer(customer=ada, at=NOON, actor=DESK)) == []
    assert is_erased(ada)
    assert Event.objects.filter(type="customer.erased").count() == 1


@pytest.mark.parametrize("turn", TURNS)
def test_a_grant_keeps_them_or_comes_too_late(turn: int) -> None:
    club = make.organization()
    gold, ada = make.plan(club), make.customer(club)
    refused = raced(
        ada, lambda: grant(organization=club, plan=gold, holder=ada, at=NOON, actor=DESK, source=Source.STAFF)
    )
    assert refused in ([MembershipsRunning], [CustomerErased])
    assert is_erased(ada) == (not Membership.objects.filter(customer=ada).exists())


@pytest.mark.parametrize("turn", TURNS)
def test_a_link_to_a_company_ends_with_them_or_comes_too_late(turn: int) -> None:
    club = make.organization()
    acme, ada = make.company(club), make.customer(club)
    refused = raced(
        ada, lambda: join_company(customer=ada, company=acme, at=NOON, actor=DESK, via=Via.STAFF, title="Head")
    )
    assert refused in ([], [CustomerErased])
    assert is_erased(ada)
    assert list(Affiliation.objects.values_list("ends_at", "title")) == ([] if refused else [(NOON, "")])


@pytest.mark.parametrize("turn", TURNS)
def test_a_merge_takes_them_along_or_is_refused(turn: int) -> None:
    club = make.organization()
    ada, twin = make.customer(club), make.customer(club, display_name="Twin")
    refused = raced(ada, lambda: merge_customer(customer=twin, into=ada, at=NOON, actor=DESK))
    assert refused in ([], [CustomerErased])
    assert is_erased(ada)
    assert is_erased(twin) == (not refused)


@pytest.mark.parametrize("turn", TURNS)
def test_a_merge_into_another_comes_first_or_is_refused(turn: int) -> None:
    club = make.organization()
    ada, survivor = make.customer(club), make.customer(club)
    refused = raced(ada, lambda: merge_customer(customer=ada, into=survivor, at=NOON, actor=DESK))
    assert refused in ([CustomerMerged], [CustomerErased])
    assert is_erased(ada) == (refused == [CustomerErased])


@pytest.mark.parametrize("turn", TURNS)
def test_who_signs_in_meanwhile_is_signed_out_or_is_somebody_new(turn: int) -> None:
    club = make.organization(test_now=NOON)
    ada, browser = make.customer(club, emails=["ada@member.example"]), Browser(club)
    proven = browser.prove()
    assert raced(ada, lambda: browser.begin(proven)) in ([], [CodeVoid])
    assert is_erased(ada)
    assert not CustomerSession.objects.filter(customer=ada).exists()
    assert not CustomerEmail.objects.filter(customer=ada).exists()
    assert not Passkey.objects.exists()
    assert CustomerSession.objects.count() == Customer.objects.filter(erased_at=None).count()
    assert not CodeAttempt.objects.exists()


@pytest.mark.parametrize("turn", TURNS)
def test_what_is_written_of_them_meanwhile_is_forgotten_or_refused(turn: int) -> None:
    club = make.organization()
    ada = make.customer(club)
    for write in (
        lambda: update_customer(customer=ada, at=NOON, actor=DESK, first_name="Ada", tags=["late"]),
        lambda: write_note(about=ada, text="late", at=NOON, actor=DESK),
    ):
        assert raced(ada, write) in ([], [CustomerErased])
    assert is_erased(ada)
    assert not ada.tags.exists()
    assert not Note.objects.exists()

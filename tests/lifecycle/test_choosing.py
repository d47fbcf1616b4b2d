"""Merging two records with what each of them has: what is chosen survives, and nothing else is lost."""

from datetime import date

import pytest

from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.lifecycle.merge import merge_customer
from tessera.organizations.models import Organization
from tessera.people import queries
from tessera.people.notes import notes_of, write_note
from tests import make

DESK = Actor.system("tests")


def test_what_is_taken_survives_and_the_rest_is_the_survivors(club: Organization) -> None:
    kept = make.customer(club, first_name="Ada", last_name="Old", emails=["a@x.example"], phones=["+442079460001"])
    lost = make.customer(club, first_name="Adah", last_name="New", emails=["b@x.example"], phones=["+442079460002"])
    lost.birthday, lost.marketing_consent = date(1990, 5, 1), True
    lost.save()

    into = merge_customer(
        customer=lost, into=kept, at=make.JAN_10, actor=DESK, take=["last_name", "emails", "marketing_consent"]
    )

    facts = queries.customer(into)
    assert (facts.first_name, facts.last_name, facts.birthday) == ("Ada", "New", date(1990, 5, 1))
    assert [each.address for each in facts.emails] == ["b@x.example", "a@x.example"]
    assert facts.phones == ("+442079460001", "+442079460002")
    assert facts.marketing_consent
    assert queries.customers(club, q="ada new").data[0].id == kept.pk
    line = Event.objects.get(organization=club, type="customer.merged")
    assert line.data["fields"] == ["birthday", "last_name", "marketing_consent", "emails"]


def test_without_a_choice_consent_is_not_taken(club: Organization) -> None:
    kept, lost = make.customer(club), make.customer(club)
    lost.marketing_consent = True
    lost.save()
    assert not merge_customer(customer=lost, into=kept, at=make.JAN_10, actor=DESK).marketing_consent


def test_an_external_id_that_is_taken_is_exchanged_so_that_both_still_lead_here(club: Organization) -> None:
    kept, lost = make.customer(club, external_id="old"), make.customer(club, external_id="new")
    into = merge_customer(customer=lost, into=kept, at=make.JAN_10, actor=DESK, take=["external_id"])
    assert into.external_id == "new"
    for reference in ("external:old", "external:new", lost.number):
        assert queries.customer_by_ref(club, reference).pk == kept.pk


@pytest.mark.parametrize("place", range(3))
def test_any_address_can_come_first(club: Organization, place: int) -> None:
    kept = make.customer(club, emails=["a@x.example", "b@x.example"])
    theirs = ["c@x.example", "b@x.example", "A@x.example"]
    lost = make.customer(club, emails=theirs[place:])
    into = merge_customer(customer=lost, into=kept, at=make.JAN_10, actor=DESK, take=["emails"])
    addresses = [each.address for each in queries.customer(into).emails]
    assert addresses[0].casefold() == theirs[place].casefold()
    assert len(addresses) == len({each.casefold() for each in addresses}) == (3 if place == 0 else 2)


def test_notes_move_with_their_authors(club: Organization) -> None:
    kept, lost = make.customer(club), make.customer(club)
    write_note(about=kept, text="first", at=make.JAN_10, actor=DESK)
    write_note(about=lost, text="second", at=make.JAN_10, actor=Actor.system("others"))
    into = merge_customer(customer=lost, into=kept, at=make.JAN_10, actor=DESK)
    assert [(each.text, each.author) for each in notes_of(into)] == [
        ("second", "system:others"),
        ("first", "system:tests"),
    ]

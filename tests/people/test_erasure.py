"""Which texts speak of somebody, and which only seem to: what is removed of files depends on it."""

import pytest

from tessera.people.erasure import Person, person_of
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def zoe() -> Person:
    club = make.organization()
    person = make.customer(
        club, first_name="Zoë", last_name="Østby", display_name="Zoë the Great", external_id="crm-4711",
        emails=["zoe@example.org", "family@example.org"], phones=["+442079460123"],
    )  # fmt: skip
    make.customer(club, emails=["family@example.org"])
    return person_of(person, (person.pk,))


@pytest.mark.parametrize(
    "text",
    [
        "Zoe,zoe@EXAMPLE.org,gold",
        '"Østby","Zoë",1990-02-28',
        "ZOE\u0308 \u00d8STBY",
        "CRM-4711;house",
        "zoë the great",
        "+44 20 7946 0123",
        "(020) 7946-0123",
        "Key (key)=(zoe@example.org) already exists.",
        "family@example.org",
    ],
)
def test_it_speaks_of_them_however_it_is_written(zoe: Person, text: str) -> None:
    assert zoe.is_in(text)


@pytest.mark.parametrize(
    "text",
    ["", "Zoë,Brandt,zoe@example.com", "Ada Østby", "crm-47110", "xzoe@example.org", "+44 20 7946 0124", "great"],
)
def test_it_speaks_of_somebody_else(zoe: Person, text: str) -> None:
    assert not zoe.is_in(text)


def test_a_search_by_their_last_name_looks_for_them_and_one_by_a_part_of_it_does_not(zoe: Person) -> None:
    assert zoe.is_sought_by("q=østby")
    assert not zoe.is_sought_by("q=øst")
    assert not zoe.is_sought_by("Zoë")


def test_an_address_that_somebody_else_has_too_is_not_theirs_alone(zoe: Person) -> None:
    assert zoe.addresses == {"zoe@example.org"}


def test_what_could_mean_anybody_means_nobody() -> None:
    ada = make.customer(make.organization(), first_name="Ada", last_name="", display_name="Ada", external_id="7")
    told = person_of(ada, (ada.pk,))
    assert (told.words, told.names) == (frozenset(), ())
    assert not told.is_in("7,Ada")

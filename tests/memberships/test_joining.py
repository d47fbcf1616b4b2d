"""Linking a list of addresses to a company: said for each line, then done once, whoever else does it meanwhile."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tessera.core.errors import TesseraError
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.memberships.errors import HolderArchived
from tessera.memberships.inheritance import join_company
from tessera.memberships.joining import Fate, join_list, placed
from tessera.organizations.models import Organization
from tessera.people.address_lists import parsed
from tessera.people.models import Affiliation, Company, Customer
from tessera.people.types import CompanyStatus, CustomerStatus, Via
from tests import make
from tests.people.racing import at_once
from tests.scale import scaled

DESK = Actor.system("tests")


@pytest.fixture
def club() -> Organization:
    return make.organization()


def fates(company: Company, text: str) -> list[Fate]:
    return [each.fate for each in placed(company, parsed(text), make.JAN_10)]


@pytest.mark.django_db
def test_each_line_is_told_its_fate_and_only_the_welcome_are_linked(club: Organization) -> None:
    acme = make.company(club)
    known = make.customer(club, emails=["known@x.example"])
    here = make.customer(club, emails=["here@x.example"])
    make.affiliation(here, acme)
    make.customer(club, emails=["banned@x.example"], status=CustomerStatus.BANNED)
    make.customer(club, emails=["away@x.example"], status=CustomerStatus.ARCHIVED)
    for _ in range(2):
        make.customer(club, emails=["family@x.example"])
    make.customer(make.organization(), emails=["new@x.example"])
    names = ("known", "here", "banned", "away", "family", "new", "KNOWN")
    text = "\n".join(f"{name}@x.example" for name in names) + "\nnobody\nGrace Hopper <grace@x.example>"

    expected = [
        *(Fate.LINKS, Fate.BELONGS, Fate.BANNED, Fate.ARCHIVED, Fate.SEVERAL, Fate.NEW),
        *(Fate.TWICE, Fate.UNREADABLE, Fate.NEW),
    ]
    assert fates(acme, text) == expected
    done = join_list(company=acme, entries=parsed(text), at=make.JAN_10, actor=DESK)

    assert [each.fate for each in done] == expected
    linked = {each.customer for each in Affiliation.objects.filter(company=acme).select_related("customer")}
    assert {known, here} < linked
    grace = Customer.objects.get(organization=club, last_name="Hopper")
    assert (grace.first_name, grace.emails.get().address) == ("Grace", "grace@x.example")
    assert {each.name for each in linked - {known, here}} == {"new", "Grace Hopper"}
    assert Event.objects.filter(organization=club, type="affiliation.started").count() == 3
    assert set(fates(acme, text)) == {
        Fate.BELONGS,
        Fate.BANNED,
        Fate.ARCHIVED,
        Fate.SEVERAL,
        Fate.TWICE,
        Fate.UNREADABLE,
    }


@pytest.mark.django_db
def test_whoever_was_merged_is_the_one_they_were_merged_into(club: Organization) -> None:
    acme, ada = make.company(club), make.customer(club)
    make.customer(club, emails=["old@x.example"], merged_into=ada, status=CustomerStatus.ARCHIVED)
    (row,) = placed(acme, parsed("old@x.example"), make.JAN_10)
    assert (row.fate, row.customers) == (Fate.LINKS, (ada,))


@pytest.mark.django_db
def test_nobody_is_linked_to_an_archived_company(club: Organization) -> None:
    acme = make.company(club, status=CompanyStatus.ARCHIVED)
    with pytest.raises(HolderArchived):
        join_list(company=acme, entries=parsed("a@x.example"), at=make.JAN_10, actor=DESK)
    assert not club.customers.exists()


@pytest.mark.django_db
def test_a_list_is_read_with_as_many_queries_however_long_it_is(club: Organization) -> None:
    acme = make.company(club)

    def cost(many: int) -> int:
        text = "\n".join(f"p{number}@x.example" for number in range(many))
        with CaptureQueriesContext(connection) as queries:
            placed(acme, parsed(text), make.JAN_10)
        return len(queries)

    for number in range(30):
        make.customer(club, emails=[f"p{number}@x.example"])
    assert cost(1) == cost(30) <= 3


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(scaled(10)))
def test_the_same_list_sent_twice_at_once_links_once(turn: int) -> None:
    club = make.organization()
    acme = make.company(club)
    for number in range(3):
        make.customer(club, emails=[f"p{number}@x.example"])
    entries = parsed("\n".join(f"p{number}@x.example" for number in range(6)))

    outcomes = at_once([lambda: join_list(company=acme, entries=entries, at=make.JAN_10, actor=DESK) for _ in range(3)])

    assert not [each for each in outcomes if isinstance(each, TesseraError)]
    assert Affiliation.objects.filter(company=acme).count() == 6
    assert club.customers.count() == 6


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(scaled(10)))
def test_a_list_and_a_single_link_at_once_link_once(turn: int) -> None:
    club = make.organization()
    acme = make.company(club)
    people = [make.customer(club, emails=[f"p{number}@x.example"]) for number in range(4)]
    entries = parsed("\n".join(f"p{number}@x.example" for number in range(4)))

    at_once(
        [
            lambda: join_list(company=acme, entries=entries, at=make.JAN_10, actor=DESK),
            lambda: join_company(customer=people[-1], company=acme, at=make.JAN_10, actor=DESK, via=Via.STAFF),
            lambda: join_company(customer=people[0], company=acme, at=make.JAN_10, actor=DESK, via=Via.STAFF),
        ]
    )

    assert Affiliation.objects.filter(company=acme).count() == 4

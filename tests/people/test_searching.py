"""The index of names, addresses and numbers: it answers what reading every text would, and never lags behind."""

import string
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tessera import db
from tessera.db import search
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.lifecycle.merge import merge_customer
from tessera.organizations.models import Organization
from tessera.people import finding, queries, searching, services
from tessera.people.errors import TooMany
from tessera.people.models import Company, Customer, SearchEntry
from tessera.people.types import Email
from tests import make

pytestmark = pytest.mark.django_db
ACTOR = Actor.system("tests")
LETTERS = "abcde é12-@.+ "
TEXTS = st.text(alphabet=LETTERS, max_size=12)


def found(club: Organization, q: str) -> set[object]:
    return set(finding.customers_found(club, q).ids)


class TestIndexAnswersAsReading(TestCase):
    """Hypothesis needs a transaction for each example."""

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        names=st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from(["", "+4420794600", "+33612"])), min_size=1, max_size=6),
        asked=st.lists(st.text(alphabet=LETTERS + string.digits, min_size=1, max_size=9), min_size=1, max_size=6),
    )
    def test_the_index_finds_what_reading_all_texts_finds(
        self, names: list[tuple[str, str, str]], asked: list[str]
    ) -> None:
        club, elsewhere = make.organization(), make.organization("Elsewhere")
        for number, (first, last, phone) in enumerate(names):
            phones = [f"{phone}{number:02}"] if phone else []
            emails = [f"{first.strip()}@{last.strip()}.example"] if first.strip() else []
            for each in (club, elsewhere):
                make.customer(each, first_name=first, last_name=last, phones=phones, emails=emails)
        texts = dict(SearchEntry.objects.filter(organization=club).values_list("customer_id", "text"))
        for q in asked:
            what = searching.customers_asked(club.pk, q)
            assert found(club, q) == {key for key, text in texts.items() if search.is_in(text, what)}, q


@pytest.fixture
def ada(db: None) -> Customer:
    club = make.organization()
    with_email = [Email("ada@old.example")]
    return services.create_customer(
        organization=club, at=make.JAN_10, actor=ACTOR, first_name="Ada", last_name="Lovelace", emails=with_email
    )


def test_who_is_made_is_found_at_once_and_by_what_they_become(ada: Customer) -> None:
    club = ada.organization
    assert found(club, "lovel") == found(club, "old.exa") == {ada.pk}
    services.update_customer(
        customer=ada, at=make.JAN_10, actor=ACTOR, last_name="Byron", emails=[Email("ada@new.example")]
    )
    assert found(club, "lovel") == found(club, "old.exa") == set()
    assert found(club, "byr") == found(club, "new.exa") == {ada.pk}


def test_who_is_merged_is_found_as_the_one_who_stays(ada: Customer) -> None:
    twin = make.customer(ada.organization, first_name="Augusta", last_name="King", emails=["king@x.example"])
    merge_customer(customer=twin, into=ada, at=make.JAN_10, actor=ACTOR)
    assert found(ada.organization, "king@x") == {ada.pk}
    assert found(ada.organization, "augusta") == set()


def test_what_is_taken_back_leaves_nothing_in_the_index(ada: Customer) -> None:
    def change() -> None:
        with db.transaction():
            services.update_customer(customer=ada, at=make.JAN_10, actor=ACTOR, last_name="Byron")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()
    assert found(ada.organization, "byron") == set()
    assert found(ada.organization, "lovelace") == {ada.pk}


def test_people_are_found_by_the_company_they_belong_to(ada: Customer) -> None:
    club = ada.organization
    acme = make.company(club, "Acme Holdings")
    make.affiliation(ada, acme)
    make.affiliation(make.customer(club), acme, starts_at=make.JAN_10, ends_at=make.JAN_10)
    assert finding.customers_found(club, "holdin", at=make.JAN_10).ids == (ada.pk,)
    assert finding.customers_found(club, "holdin").ids == ()
    assert [row.id for row in queries.customers(club, q="acme", at=make.JAN_10).data] == [ada.pk]


def test_companies_are_found_by_what_they_become() -> None:
    club = make.organization()
    acme = services.create_company(organization=club, at=make.JAN_10, actor=ACTOR, name="Acme", tags=["Media"])
    services.update_company(company=acme, at=make.JAN_10, actor=ACTOR, name="Zenith", phone="020 7946 0000")
    assert finding.companies_found(club, "acme").ids == ()
    assert finding.companies_found(club, "zen").ids == finding.companies_found(club, "020 7946 0000").ids == (acme.pk,)


def test_too_many_are_cut_off_with_those_first_whose_names_begin_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(finding, "WINDOW", 8)
    club = make.organization()
    for number in range(12):
        make.customer(club, first_name="Zoe", last_name=f"Wilson{number}")
    best = make.customer(club, first_name="Wilma", last_name="Last")
    answer = finding.customers_found(club, "wil")
    assert answer.more
    assert best.pk in answer.ids
    assert finding.customers_found(club, "wilma").more is False


def test_whoever_was_written_past_the_services_is_indexed_afterwards(ada: Customer) -> None:
    acme = make.company(ada.organization, "Acme")
    searching.INDEX.take_out(
        [searching._entry(row, "customer_id") for row in SearchEntry.objects.exclude(customer=None)]
    )
    SearchEntry.objects.exclude(customer=None).delete()
    assert found(ada.organization, "ada") == set()
    searching.index_everybody(Customer, Company, block=1)
    assert found(ada.organization, "ada") == {ada.pk}
    assert finding.companies_found(ada.organization, "acme").ids == (acme.pk,)


@pytest.mark.parametrize("q", ["wi", "w", "son", "wilson", "wilson ada", "020 7946 0000", "no-such-name"])
def test_a_search_reads_the_index_and_not_the_texts(ada: Customer, q: str) -> None:
    what = searching.customers_asked(ada.organization_id, q)
    sql, parameters = searching.INDEX.found(what, column="customer_id", limit=10)
    assert "SCAN people_searchentry" not in explained(sql, parameters)
    assert "Seq Scan" not in explained(sql, parameters)


def explained(sql: str, parameters: list[Any]) -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # a small table would be read whole
            cursor.execute(f"EXPLAIN {sql}", parameters)
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
        text = "\n".join(str(row[-1]) for row in cursor.fetchall())
    return text.replace("SCAN m VIRTUAL TABLE", "by the index")


def test_tags_are_kept_once_and_the_event_names_the_field_only(ada: Customer) -> None:
    from_events = services.update_customer(
        customer=ada, at=make.JAN_10, actor=ACTOR, tags=["Press", "  Founding   Member "]
    )
    assert queries.customer(from_events).tags == ("Founding   Member", "Press")
    version = from_events.version
    again = services.update_customer(customer=ada, at=make.JAN_10, actor=ACTOR, tags=["Founding   Member", "Press"])
    assert again.version == version
    line = Event.objects.filter(type="customer.updated").get()
    assert line.data == {"fields": ["tags"]}
    with pytest.raises(TooMany):
        services.update_customer(customer=ada, at=make.JAN_10, actor=ACTOR, tags=["Press", "PRÉSS"])

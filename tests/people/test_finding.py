"""Finding people and companies: by reference, by searching, page by page."""

import pytest
from pytest_django import DjangoAssertNumQueries

from tessera.core import ids
from tessera.http.errors import CursorInvalid
from tessera.organizations.models import Organization
from tessera.people import errors, queries
from tessera.people.names import folded, name_key
from tessera.people.types import CompanyStatus, CustomerStatus
from tests import make


@pytest.mark.parametrize(
    "ref",
    [
        "CUS-000001",
        "cus-000001",
        "external:crm 1",
        "email:ADA@example.org",
        "phone:+442079460000",
        "phone:020 7946 0000",
    ],
)
def test_a_customer_is_found_by_every_kind_of_reference(club: Organization, elsewhere: Organization, ref: str) -> None:
    details = {"emails": ["ada@example.org"], "phones": ["+442079460000"], "external_id": "crm 1"}
    ada = make.customer(club, **details)  # type: ignore[arg-type]
    make.customer(elsewhere, **details)  # type: ignore[arg-type]
    make.customer(club)

    assert queries.customer_by_ref(club, ref) == ada
    assert queries.customer_by_ref(club, ids.to_text(ids.Prefix.CUSTOMER, ada.pk)) == ada


@pytest.mark.parametrize(
    "ref",
    [
        "",
        " ",
        ":",
        "email:",
        "external:",
        "phone:x",
        "fax:1",
        "cus_1",
        "CUS-000009",
        "com_" + "0" * 26,
        "a\0b",
        "x" * 500,
    ],
)
def test_what_means_nobody_is_not_found(club: Organization, ref: str) -> None:
    make.customer(club, external_id="")
    make.company(club)

    with pytest.raises(errors.CustomerNotFound):
        queries.customer_by_ref(club, ref)
    with pytest.raises(errors.CompanyNotFound):
        queries.company_by_ref(club, ref)


def test_an_address_that_a_family_shares_means_nobody_in_particular(club: Organization) -> None:
    family = [make.customer(club, emails=["family@example.org"]) for _ in range(2)]

    with pytest.raises(errors.ReferenceAmbiguous) as refusal:
        queries.customer_by_ref(club, "email:family@example.org")

    assert set(refusal.value.extra["matches"]) == {ids.to_text(ids.Prefix.CUSTOMER, each.pk) for each in family}  # type: ignore[call-overload]


def test_old_references_lead_to_who_somebody_was_merged_into(club: Organization) -> None:
    survivor = make.customer(club, emails=["ada@example.org"])
    middle = make.customer(club, external_id="crm-2", merged_into=survivor)
    oldest = make.customer(club, emails=["ada@example.org"], merged_into=middle)

    for ref in (oldest.number, "external:crm-2", "email:ada@example.org"):
        assert queries.customer_by_ref(club, ref) == survivor
    assert set(queries.merged_ids(survivor)) == {middle.pk, oldest.pk}


def test_a_company_is_found_by_every_kind_of_reference(club: Organization, elsewhere: Organization) -> None:
    details = {"email": "office@acme.example", "phone": "+442079460000", "external_id": "crm-1"}
    acme = make.company(club, **details)  # type: ignore[arg-type]
    make.company(elsewhere, **details)  # type: ignore[arg-type]

    for ref in ("com-000001", "external:crm-1", "email:Office@acme.example", "phone:020 7946 0000"):
        assert queries.company_by_ref(club, ref) == acme
    assert queries.company_by_ref(club, ids.to_text(ids.Prefix.COMPANY, acme.pk)) == acme


def test_companies_that_share_an_address_are_ambiguous(club: Organization) -> None:
    for _ in range(2):
        make.company(club, email="office@acme.example")

    with pytest.raises(errors.ReferenceAmbiguous):
        queries.company_by_ref(club, "email:office@acme.example")


@pytest.mark.parametrize(
    "q",
    [
        "ada",
        "lovel",
        "lace",
        "ada@exa",
        "ad",
        "00",
        "794600",
        "000001",
        "LOVELACE ada",
        "zoe",
        "Ada@Exam",
        "0000",
        "7946 0000",
        "020 7946 0000",
        "CUS-000001",
        "1",
        "crm-1",
    ],
)
def test_searching_finds_names_addresses_phones_numbers_and_own_ids(
    club: Organization, elsewhere: Organization, q: str
) -> None:
    ada = make.customer(
        club,
        first_name="Ada",
        last_name="Lovelace",
        display_name="Zoë",
        emails=["ada@example.org"],
        phones=["+442079460000"],
        external_id="crm-1",
    )
    make.customer(club, first_name="Bob", last_name="Cole", emails=["bob@example.org"], phones=["+442079461111"])
    make.customer(elsewhere, first_name="Ada", last_name="Lovelace", emails=["ada@example.org"])

    assert [found.id for found in queries.customers(club, q=q).data] == [ada.pk]


@pytest.mark.parametrize(
    "q",
    ["ace lace x", "xample.com", "ada bob", "%", "_da", "00 9", "\0", "9" * 30, "ada@example.org x", "la"],
)
def test_searching_does_not_find_what_is_only_like_it(club: Organization, q: str) -> None:
    make.customer(club, first_name="Ada", last_name="Lovelace", emails=["ada@example.org"], phones=["+442079460000"])

    found = queries.customers(club, q=q).data

    assert len(found) == (1 if q == "\0" else 0), found


def test_people_are_listed_by_name_without_those_merged_away(club: Organization) -> None:
    zoe = make.customer(club, first_name="Zoe", last_name="A")
    adam = make.customer(club, first_name="ädam", last_name="B")
    make.customer(club, merged_into=zoe)

    assert [row.id for row in queries.customers(club, order="name").data] == [adam.pk, zoe.pk]
    assert [row.id for row in queries.customers(club).data] == [zoe.pk, adam.pk]


def test_a_list_can_be_of_one_status(club: Organization) -> None:
    make.customer(club)
    banned = make.customer(club, status=CustomerStatus.BANNED)
    make.company(club)
    archived = make.company(club, status=CompanyStatus.ARCHIVED)

    assert [row.id for row in queries.customers(club, status=CustomerStatus.BANNED).data] == [banned.pk]
    assert [row.id for row in queries.companies(club, status=CompanyStatus.ARCHIVED).data] == [archived.pk]


def test_pages_follow_each_other_without_gap_or_repeat(club: Organization) -> None:
    people = [make.customer(club, first_name="Same", last_name="Name").pk for _ in range(5)]

    seen, cursor = [], None
    while True:
        page = queries.customers(club, order="name", limit=2, cursor=cursor)
        seen += [row.id for row in page.data]
        if (cursor := page.next_cursor) is None:
            break

    assert seen == sorted(people)
    with pytest.raises(CursorInvalid):
        queries.customers(club, order="created", cursor=queries.customers(club, order="name", limit=1).next_cursor)


@pytest.mark.parametrize("q", ["acme", "holdings", "Office@acme", "COM-000001", "1", "crm-1"])
def test_companies_are_found_likewise(club: Organization, elsewhere: Organization, q: str) -> None:
    acme = make.company(club, "Acme Holdings", email="office@acme.example", external_id="crm-1")
    make.company(club, "Brown and Sons")
    make.company(elsewhere, "Acme Holdings")

    assert [row.id for row in queries.companies(club, q=q).data] == [acme.pk]


@pytest.mark.parametrize("rows", [1, 20])
def test_lists_cost_the_same_number_of_queries_however_long(
    club: Organization, django_assert_num_queries: DjangoAssertNumQueries, rows: int
) -> None:
    for place in range(rows):
        make.customer(club, emails=[f"a{place}@example.org"], phones=["+442079460000"])
        make.company(club)

    with django_assert_num_queries(2):
        assert len(queries.customers(club).data) == rows
    with django_assert_num_queries(3):
        assert len(queries.customers(club, q="+442079460000").data) == rows
    with django_assert_num_queries(1):
        assert len(queries.companies(club).data) == rows


def test_names_are_compared_without_case_accents_and_spaces() -> None:
    assert folded("  Zoë   ØSTBY ") == "zoe østby"
    assert name_key("Ada Lovelace", "Ada", "Lovelace") == "ada lovelace"
    assert name_key("Countess", "Ada", "Lovelace") == "countess ada lovelace"
    assert len(name_key("ß" * 400)) == 620

"""Files of companies, and of who belongs to them."""

from datetime import UTC, datetime

import pytest

from tessera.organizations.models import Organization
from tessera.people.models import Affiliation, Company
from tessera.people.types import Via
from tessera.transfer.types import Kind, Match
from tests import make
from tests.transfer.files import REFUSE, UPDATE, checked, counts, imported, table, why

pytestmark = pytest.mark.django_db


def test_everything_a_row_says_is_known_of_the_company(club: Organization) -> None:
    text = table(
        ("Firma", "Website", "E-Mail", "Telefon", "Domains", "Tags", "id"),
        ("Acme", "https://acme.example", "office@acme.example", "020 7946 0001", "acme.example;acme.test", "a|b", "c1"),
        ("", "", "", "", "", "", "c2"),
        ("Beta", "no address", "", "", "", "", "c3"),
    )  # fmt: skip
    facts = imported(club, text, Kind.COMPANIES)
    assert counts(facts) == {"created": 1, "refused": 2}
    assert why(facts) == [(3, "company_unnamed"), (4, "website_invalid")]
    acme = Company.objects.get()
    assert (acme.name, acme.number, acme.external_id) == ("Acme", "COM-000001", "c1")
    assert (acme.phone, acme.email_domains) == ("+442079460001", ["acme.example", "acme.test"])
    assert acme.tags == ["a", "b"]


def test_a_company_is_known_by_its_name_without_regard_to_case_and_accents(
    club: Organization, elsewhere: Organization
) -> None:
    acme = make.company(club, "Café Zoë")
    make.company(elsewhere, "Café Zoë")
    text = table(("name", "email"), ("cafe zoe", "office@zoe.example"), ("New", ""), ("new", ""))
    assert counts(checked(club, text, Kind.COMPANIES, policy=UPDATE)) == {"created": 1, "updated": 2}
    facts = imported(club, text, Kind.COMPANIES, policy=UPDATE, match=(Match.NAME,))
    assert counts(facts) == {"created": 1, "updated": 2}
    acme.refresh_from_db()
    assert (acme.email, acme.name) == ("office@zoe.example", "cafe zoe")


def test_people_are_linked_to_companies_however_both_are_called(club: Organization, elsewhere: Organization) -> None:
    acme, beta = make.company(club, "Acme"), make.company(club, "Beta", external_id="b")
    ada = make.customer(club, emails=["ada@example.org"], external_id="a-1", phones=["+442079460001"])
    make.customer(elsewhere, external_id="a-9")
    text = table(
        ("customer", "company", "title", "company_admin", "start", "last_day"),
        ("ada@example.org", "acme", "CTO", "yes", "2025-03-01", ""),
        ("a-1", "b", "", "", "2024-01-01", "2024-12-31"),
        (ada.number, "b", "", "", "2025-02-01", ""),
        ("+442079460001", beta.number, "", "", "", ""),
        ("a-9", "acme", "", "", "", ""),
        ("", "acme", "", "", "", ""),
        ("a-1", "Gamma", "", "", "", ""),
    )
    facts = imported(club, text, Kind.AFFILIATIONS)
    assert counts(facts) == {"created": 3, "skipped": 1, "refused": 3}
    assert why(facts) == [
        (5, "already_affiliated"),
        (6, "customer_not_found"),
        (7, "row_incomplete"),
        (8, "company_not_found"),
    ]
    first, second, _third = Affiliation.objects.order_by("company__name", "starts_at")
    assert (first.company, first.title, first.company_admin, first.via) == (acme, "CTO", True, Via.IMPORT)
    assert second.ends_at == datetime(2025, 1, 1, tzinfo=UTC)


def test_what_somebody_is_to_a_company_can_be_brought_up_to_date(club: Organization) -> None:
    acme = make.company(club, "Acme")
    ada = make.customer(club, external_id="a-1")
    row = make.affiliation(ada, acme, title="Clerk")
    text = table(("customer", "company", "title"), ("a-1", "Acme", "CEO"))
    assert counts(imported(club, text, Kind.AFFILIATIONS, policy=REFUSE)) == {"refused": 1}
    assert counts(imported(club, text, Kind.AFFILIATIONS, policy=UPDATE)) == {"updated": 1}
    row.refresh_from_db()
    assert row.title == "CEO"
    assert counts(imported(club, text, Kind.AFFILIATIONS, policy=UPDATE)) == {"skipped": 1}


def test_several_companies_of_one_name_are_not_guessed_between(club: Organization) -> None:
    make.company(club, "Acme")
    make.company(club, "ACME")
    make.customer(club, external_id="a-1")
    text = table(("customer", "company"), ("a-1", "acme"))
    assert why(imported(club, text, Kind.AFFILIATIONS)) == [(2, "reference_ambiguous")]
    assert why(imported(club, table(("name",), ("Acme",)), Kind.COMPANIES)) == [(2, "reference_ambiguous")]

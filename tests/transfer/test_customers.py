"""Files of people become customers, by the rules that everybody else's do."""

import pytest

from tessera.events.models import Event
from tessera.events.types import EventType
from tessera.organizations.models import Organization
from tessera.people.models import Customer, CustomerEmail, CustomerPhone
from tessera.people.types import Source
from tessera.transfer.types import DateOrder, ImportStatus, Match
from tests import make
from tests.transfer.files import REFUSE, SKIP, UPDATE, checked, counts, imported, table, why

pytestmark = pytest.mark.django_db

PEOPLE = table(
    ("Vorname", "Nachname", "E-Mail", "Telefon", "Geburtsdatum", "Kunden-ID", "Newsletter"),
    ("Ada", "Lovelace", "ada@example.org", "020 7946 0001", "10.12.1985", "a-1", "ja"),
    ("Zoë", "Østby", "zoe@example.org; z@example.org", "", "", "a-2", "nein"),
    ("Ada", "", "", "+44 20 7946 0002", "", "", ""),
)


def test_everything_a_row_says_is_known_of_the_customer(club: Organization) -> None:
    facts = imported(club, PEOPLE, dates=DateOrder.DAY_FIRST)

    assert facts.status is ImportStatus.DONE
    assert counts(facts) == {"created": 3}
    ada = Customer.objects.get(external_id="a-1")
    assert (ada.name, ada.number, ada.source) == ("Ada Lovelace", "CUS-000001", Source.IMPORT)
    assert (str(ada.birthday), ada.marketing_consent, ada.name_key) == ("1985-12-10", True, "ada lovelace")
    assert list(CustomerPhone.objects.filter(customer=ada).values_list("number", flat=True)) == ["+442079460001"]
    zoe = CustomerEmail.objects.filter(customer__external_id="a-2").order_by("position")
    assert list(zoe.values_list("address", "verified_at")) == [("zoe@example.org", None), ("z@example.org", None)]
    created = Event.objects.filter(type=EventType.CUSTOMER_CREATED)
    assert set(created.values_list("customer_id", flat=True)) == set(Customer.objects.values_list("pk", flat=True))
    assert {each.data["source"] for each in created} == {"import"}


def test_a_check_says_the_same_and_writes_nothing(club: Organization) -> None:
    facts = checked(club, PEOPLE, dates=DateOrder.DAY_FIRST)

    assert facts.status is ImportStatus.CHECKED
    assert counts(facts) == {"created": 3}
    assert not Customer.objects.exists()
    assert not Event.objects.filter(type=EventType.CUSTOMER_CREATED).exists()
    make.customer(club)
    assert Customer.objects.get().number == "CUS-000001"  # no number was used up


def test_rows_that_are_wrong_are_refused_each_with_its_reason(club: Organization) -> None:
    text = table(
        ("first_name", "last_name", "email", "phone", "birthday", "number", "locale"),
        ("Ada", "Lovelace", "", "", "", "", ""),
        ("Ada", "", "", "", "", "", ""),
        ("", "", "not an address", "", "", "", ""),
        ("Bo", "Li", "", "12", "", "", ""),
        ("Bo", "Li", "", "", "31.02.1990", "", ""),
        ("Bo", "Li", "", "", "2190-01-01", "", ""),
        ("Bo", "Li", "", "", "", "no such", ""),
        ("Bo", "Li", "", "", "", "", "klingon language"),
        ("Bo\x01", "Li", "", "", "", "", ""),
        ("B" * 300, "Li", "", "", "", "", ""),
    )
    facts = imported(club, text)

    assert counts(facts) == {"created": 1, "refused": 9}
    assert why(facts) == [
        (3, "customer_incomplete"),
        (4, "email_invalid"),
        (5, "phone_invalid"),
        (6, "cell_invalid"),
        (7, "birthday_invalid"),
        (8, "number_invalid"),
        (9, "locale_invalid"),
        (10, "text_invalid"),
        (11, "text_invalid"),
    ]
    assert Customer.objects.count() == 1


@pytest.mark.parametrize(
    ("policy", "outcome", "phones"),
    [(SKIP, "skipped", []), (REFUSE, "refused", []), (UPDATE, "updated", ["+442079460003"])],
)
def test_who_is_known_is_skipped_refused_or_updated(
    club: Organization, elsewhere: Organization, policy: str, outcome: str, phones: list[str]
) -> None:
    ada = make.customer(club, first_name="Ada", last_name="Byron", external_id="a-1", emails=["old@example.org"])
    stranger = make.customer(elsewhere, external_id="a-1", first_name="Ada", last_name="Other")
    text = table(
        ("external_id", "last_name", "email", "phone"), ("a-1", "Lovelace", "ada@example.org", "+442079460003")
    )
    facts = imported(club, text, policy=policy)

    assert counts(facts) == {outcome: 1}
    ada.refresh_from_db()
    stranger.refresh_from_db()
    assert ada.last_name == ("Lovelace" if policy == UPDATE else "Byron")
    assert stranger.last_name == "Other"
    assert list(ada.phones.values_list("number", flat=True)) == phones
    addresses = ["old@example.org", "ada@example.org"] if policy == UPDATE else ["old@example.org"]
    assert list(ada.emails.order_by("position").values_list("address", flat=True)) == addresses


def test_an_update_leaves_empty_cells_alone_and_what_is_verified_verified(club: Organization) -> None:
    ada = make.customer(
        club, first_name="Ada", last_name="Byron", external_id="a-1", verified_emails=["ada@example.org"]
    )
    text = table(("external_id", "first_name", "last_name", "email"), ("a-1", "", "Lovelace", "ADA@example.org"))
    assert counts(imported(club, text, policy=UPDATE)) == {"updated": 1}
    ada.refresh_from_db()
    assert (ada.first_name, ada.last_name) == ("Ada", "Lovelace")
    assert ada.emails.get().verified_at is not None

    again = imported(club, text, policy=UPDATE)
    assert counts(again) == {"skipped": 1}
    assert why(again) == [(2, "unchanged")]


def test_several_that_match_are_never_guessed_between(club: Organization) -> None:
    make.customer(club, emails=["family@example.org"])
    make.customer(club, emails=["family@example.org"])
    make.customer(club, external_id="a-1")
    text = table(
        ("external_id", "first_name", "last_name", "email"),
        ("", "Ada", "Lovelace", "Family@example.org"),
        ("a-1", "Ada", "Lovelace", "family@example.org"),
    )
    facts = imported(club, text, policy=UPDATE, match=(Match.EXTERNAL_ID, Match.EMAIL))
    assert counts(facts) == {"refused": 2}
    assert {code for _, code in why(facts)} == {"reference_ambiguous"}


def test_only_verified_addresses_match_where_that_is_chosen(club: Organization) -> None:
    make.customer(club, emails=["shared@example.org"])
    make.customer(club, verified_emails=["ada@example.org"])
    text = table(
        ("first_name", "last_name", "email"),
        ("Bo", "Li", "shared@example.org"),
        ("Ada", "Lovelace", "ada@example.org"),
    )
    facts = imported(club, text, match=(Match.VERIFIED_EMAIL,))
    assert counts(facts) == {"created": 1, "skipped": 1}


def test_a_row_that_means_an_earlier_row_of_the_file_is_found_by_check_and_import(club: Organization) -> None:
    rows = [(f"a-{place % 700}", f"Person {place}", "Li") for place in range(1_000)]  # more than one block
    text = table(("external_id", "first_name", "last_name"), *rows)
    assert counts(checked(club, text)) == {"created": 700, "skipped": 300}
    assert counts(imported(club, text)) == {"created": 700, "skipped": 300}
    assert Customer.objects.count() == 700


def test_numbers_and_verified_addresses_that_are_taken_refuse_only_their_row(club: Organization) -> None:
    make.customer(club, number="VIP-1", verified_emails=["ada@example.org"])
    text = table(
        ("number", "first_name", "last_name", "email", "email_verified"),
        ("vip-1", "Bo", "Li", "", ""),
        ("VIP-2", "Ada", "Lovelace", "ada@example.org", "yes"),
        ("", "Ada", "Lovelace", "ada@example.org", ""),
        ("CUS-000900", "Cy", "Do", "", ""),
        ("", "Di", "Fu", "di@example.org", "yes"),
    )
    facts = imported(club, text, match=())
    assert why(facts) == [(2, "number_taken"), (3, "email_taken")]
    assert counts(facts) == {"created": 3, "refused": 2}
    assert CustomerEmail.objects.get(address="di@example.org").verified_at is not None
    assert Customer.objects.get(first_name="Di").number == "CUS-000902"


def test_who_was_merged_is_who_they_were_merged_into(club: Organization) -> None:
    now = make.customer(club, first_name="Ada", last_name="Now")
    make.customer(club, external_id="old-1", merged_into=now)
    text = table(("external_id", "last_name"), ("old-1", "Lovelace"))
    facts = imported(club, text, policy=UPDATE)
    assert counts(facts) == {"updated": 1}
    now.refresh_from_db()
    assert (now.last_name, now.external_id) == ("Lovelace", None)  # the old id stays with the old record
    assert counts(imported(club, text, policy=SKIP)) == {"skipped": 1}

"""Making people known, and changing what is known of them."""

from datetime import date
from typing import Any

import pytest

from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.organizations.errors import VersionStale
from tessera.organizations.models import Organization
from tessera.people import contacts, errors, services
from tessera.people.models import Customer, CustomerEmail
from tessera.people.types import CustomerStatus, Email
from tests import make

ACTOR = Actor.system("tests")


def known(club: Organization, **details: Any) -> Customer:
    """A customer made by the service."""
    return services.create_customer(organization=club, at=make.JAN_10, actor=ACTOR, **details)


def changed(customer: Customer, **details: Any) -> Customer:
    """The customer after a change by the service."""
    return services.update_customer(customer=customer, at=make.FEB_10, actor=ACTOR, **details)


def told(club: Organization) -> list[tuple[str, dict[str, Any]]]:
    """The club's events in order: type and data."""
    return list(Event.objects.filter(organization=club).order_by("sequence").values_list("type", "data"))


ENOUGH: list[dict[str, Any]] = [
    {"first_name": "Ada", "last_name": "Byron"},
    {"emails": [Email("ada@example.org")]},
    {"first_name": "Ada", "phones": ["+442079460000"]},
]
TOO_LITTLE: list[dict[str, Any]] = [
    {},
    {"first_name": "Ada"},
    {"last_name": "Byron"},
    {"display_name": "Ada"},
    {"phones": ["+442079460000"]},
    {"last_name": "Byron", "phones": ["+442079460000"]},
    {"first_name": "  ", "last_name": "Byron"},
]


@pytest.mark.parametrize("details", ENOUGH)
def test_a_name_or_an_address_or_a_first_name_and_a_phone_is_enough(
    club: Organization, details: dict[str, Any]
) -> None:
    assert known(club, **details).number == "CUS-000001"


@pytest.mark.parametrize("details", TOO_LITTLE)
def test_less_than_that_is_not(club: Organization, details: dict[str, Any]) -> None:
    with pytest.raises(errors.CustomerIncomplete):
        known(club, **details)

    assert not Customer.objects.exists() and not told(club)


def test_numbers_run_on_in_each_organization_by_itself(club: Organization, elsewhere: Organization) -> None:
    numbers = [known(club, first_name="Ada", last_name="Byron").number for _ in range(3)]

    assert numbers == ["CUS-000001", "CUS-000002", "CUS-000003"]
    assert known(elsewhere, first_name="Ada", last_name="Byron").number == "CUS-000001"


def test_a_number_that_was_chosen_is_never_given_out_again(club: Organization) -> None:
    chosen = known(club, emails=[Email("a@example.org")], number="cus-000007")
    others = known(club, emails=[Email("b@example.org")], number="OLD/17")

    assert (chosen.number, others.number) == ("CUS-000007", "OLD/17")
    assert known(club, emails=[Email("c@example.org")]).number == "CUS-000008"


@pytest.mark.parametrize(
    "chosen",
    [
        ["CUS-1000000000", "CUS-999999999"],
        ["CUS-999999999", "CUS-1000000000", "CUS-1000000001"],
        ["CUS-9999999999999999"],
        ["CUS-9999999999999999", "CUS-999999999", "CUS-1000000001"],
    ],
)
def test_no_chosen_number_keeps_the_series_from_going_on(club: Organization, chosen: list[str]) -> None:
    for place, number in enumerate(chosen):
        known(club, emails=[Email(f"{place}@example.org")], number=number)

    given_out = [known(club, first_name="Ada", last_name="Byron").number for _ in range(4)]

    assert len({*chosen, *given_out}) == len(chosen) + 4


def test_a_number_in_use_elsewhere_is_not_left_out(club: Organization, elsewhere: Organization) -> None:
    known(elsewhere, emails=[Email("a@example.org")], number="CUS-1000000000")
    known(club, emails=[Email("a@example.org")], number="CUS-999999999")

    assert known(club, first_name="Ada", last_name="Byron").number == "CUS-1000000000"


def test_a_number_belongs_to_one_customer(club: Organization, elsewhere: Organization) -> None:
    holder = known(club, emails=[Email("a@example.org")], number="M-1")

    with pytest.raises(errors.NumberTaken) as refusal:
        known(club, emails=[Email("b@example.org")], number="m-1")

    assert refusal.value.extra == {"holder": ids.to_text(ids.Prefix.CUSTOMER, holder.pk)}
    assert known(elsewhere, emails=[Email("b@example.org")], number="M-1").number == "M-1"


@pytest.mark.parametrize("number", ["", " ", "a b", "x" * 21, "cus_1", "email:1", "-1", "№1"])
def test_a_number_is_letters_digits_and_a_few_signs(club: Organization, number: str) -> None:
    with pytest.raises(errors.NumberInvalid):
        known(club, emails=[Email("a@example.org")], number=number)


def test_an_external_id_belongs_to_one_customer(club: Organization, elsewhere: Organization) -> None:
    holder = known(club, emails=[Email("a@example.org")], external_id="crm-1")

    with pytest.raises(errors.ExternalIdTaken) as refusal:
        known(club, emails=[Email("b@example.org")], external_id="crm-1")

    assert refusal.value.extra == {"holder": ids.to_text(ids.Prefix.CUSTOMER, holder.pk)}
    assert known(club, emails=[Email("b@example.org")], external_id="CRM-1").external_id == "CRM-1"
    assert known(elsewhere, emails=[Email("b@example.org")], external_id="crm-1").external_id == "crm-1"
    assert Customer.objects.filter(organization=club).count() == 2


def test_the_holder_of_a_merged_persons_id_is_who_they_were_merged_into(club: Organization) -> None:
    survivor = make.customer(club)
    make.customer(club, external_id="crm-1", merged_into=survivor)

    with pytest.raises(errors.ExternalIdTaken) as refusal:
        known(club, emails=[Email("b@example.org")], external_id="crm-1")

    assert refusal.value.extra == {"holder": ids.to_text(ids.Prefix.CUSTOMER, survivor.pk)}


def test_families_share_an_address_but_a_verified_one_is_one_persons(
    club: Organization, elsewhere: Organization
) -> None:
    mother = known(club, emails=[Email("Family@Example.org", verified=True)])
    child = known(club, first_name="Ida", last_name="Byron", emails=[Email("family@example.org")])

    with pytest.raises(errors.EmailTaken) as refusal:
        changed(child, emails=[Email("work@example.org"), Email("FAMILY@example.org", verified=True)])

    assert refusal.value.extra == {"holder": ids.to_text(ids.Prefix.CUSTOMER, mother.pk)}
    assert refusal.value.pointer == "/emails/1/address"
    assert contacts.emails_of(child) == [Email("family@example.org")]
    assert known(elsewhere, emails=[Email("family@example.org", verified=True)]).number == "CUS-000001"


def test_an_address_that_stays_verified_keeps_its_instant(club: Organization) -> None:
    ada = known(club, emails=[Email("ada@example.org", verified=True)])

    changed(ada, emails=[Email("new@example.org", verified=True), Email("Ada@example.org", verified=True)])

    verified = dict(CustomerEmail.objects.filter(customer=ada).values_list("key", "verified_at"))
    assert verified == {"new@example.org": make.FEB_10, "ada@example.org": make.JAN_10}


@pytest.mark.parametrize(
    ("given", "kept"),
    [("+44 20 7946 0000", "+442079460000"), ("020 7946 0000", "+442079460000"), ("+1 (212) 555-0123", "+12125550123")],
)
def test_phones_are_kept_in_the_form_that_can_be_dialled_from_anywhere(
    club: Organization, given: str, kept: str
) -> None:
    assert contacts.phones_of(known(club, first_name="Ada", phones=[given])) == [kept]


def test_a_phone_without_a_country_needs_an_organization_with_a_region(db: None) -> None:
    club = make.organization(locale="en")

    with pytest.raises(errors.PhoneInvalid, match="begin with"):
        known(club, first_name="Ada", phones=["020 7946 0000"])


WRONG: list[tuple[str, dict[str, Any], type[TesseraError]]] = [
    ("/emails/0/address", {"emails": [Email("ada")]}, errors.EmailInvalid),
    ("/emails/0/address", {"emails": [Email("ada@" + "x" * 250 + ".org")]}, errors.EmailInvalid),
    ("/emails/1", {"emails": [Email("a@b.org"), Email("A@B.org")]}, errors.TooMany),
    ("/emails", {"emails": [Email(f"a{n}@b.org") for n in range(11)]}, errors.TooMany),
    ("/phones/0", {"first_name": "Ada", "phones": ["telephone"]}, errors.PhoneInvalid),
    ("/phones/0", {"first_name": "Ada", "phones": ["+44 1"]}, errors.PhoneInvalid),
    ("/phones/0", {"first_name": "Ada", "phones": ["+442079460000 ext. 3"]}, errors.PhoneInvalid),
    ("/phones/1", {"first_name": "Ada", "phones": ["+442079460000", "020 7946 0000"]}, errors.TooMany),
    ("/first_name", {"first_name": "x" * 201, "last_name": "B"}, errors.TextInvalid),
    ("/last_name", {"first_name": "A", "last_name": "a\nb"}, errors.TextInvalid),
    ("/external_id", {**ENOUGH[0], "external_id": " "}, errors.TextInvalid),
    ("/birthday", {**ENOUGH[0], "birthday": date(2026, 1, 11)}, errors.BirthdayInvalid),
    ("/birthday", {**ENOUGH[0], "birthday": date(1899, 12, 31)}, errors.BirthdayInvalid),
    ("/locale", {**ENOUGH[0], "locale": "English"}, errors.LocaleInvalid),
]


@pytest.mark.parametrize(("pointer", "details", "error"), WRONG)
def test_what_cannot_be_understood_is_refused_by_name(
    club: Organization, pointer: str, details: dict[str, Any], error: type[TesseraError]
) -> None:
    with pytest.raises(error) as refusal:
        known(club, **details)

    assert refusal.value.pointer == pointer
    assert not Customer.objects.exists()


def test_a_change_is_recorded_by_the_names_of_fields_and_nothing_personal(club: Organization) -> None:
    bystander = make.customer(club)
    ada = known(club, **ENOUGH[0])

    ada = changed(ada, last_name="Lovelace", emails=[Email("ada@example.org")], first_name="Ada")

    assert (ada.name, ada.version, ada.name_key) == ("Ada Lovelace", 2, "ada lovelace")
    assert told(club) == [
        ("customer.created", {"source": "staff"}),
        ("customer.updated", {"fields": ["emails", "last_name"]}),
    ]
    bystander.refresh_from_db()
    assert bystander.version == 1


def test_a_change_that_changes_nothing_writes_nothing(club: Organization) -> None:
    ada = known(club, **ENOUGH[0], emails=[Email("ada@example.org")], phones=["+442079460000"])

    ada = changed(ada, first_name=" Ada ", emails=[Email("ada@example.org")], phones=["020 7946 0000"])

    assert ada.version == 1 and len(told(club)) == 1


def test_a_change_may_not_leave_too_little_to_tell_a_person_by(club: Organization) -> None:
    ada = known(club, **ENOUGH[1])

    with pytest.raises(errors.CustomerIncomplete):
        changed(ada, emails=[])

    assert contacts.emails_of(ada) == [Email("ada@example.org")]


def test_a_change_to_an_earlier_version_is_refused_with_the_present_one(club: Organization) -> None:
    ada = changed(known(club, **ENOUGH[0]), first_name="Augusta")

    with pytest.raises(VersionStale) as refusal:
        changed(ada, version=1, first_name="Ada")

    assert refusal.value.extra == {"version": 2}
    assert changed(ada, version=2, first_name="Ada").version == 3


def test_a_merged_person_is_not_changed(club: Organization) -> None:
    survivor = make.customer(club)
    merged = make.customer(club, merged_into=survivor)

    with pytest.raises(errors.CustomerMerged) as refusal:
        changed(merged, first_name="Ada")

    assert refusal.value.extra == {"into": ids.to_text(ids.Prefix.CUSTOMER, survivor.pk)}


def test_a_ban_needs_a_reason_which_stays_out_of_the_log(club: Organization) -> None:
    ada, bystander = make.customer(club), make.customer(club)

    with pytest.raises(errors.TextInvalid):
        services.ban_customer(customer=ada, reason=" ", at=make.JAN_10, actor=ACTOR)
    ada = services.ban_customer(customer=ada, reason="Shouted", at=make.JAN_10, actor=ACTOR)

    assert (ada.status, ada.ban_reason, ada.version) == (CustomerStatus.BANNED, "Shouted", 2)
    assert told(club) == [("customer.banned", {})]
    bystander.refresh_from_db()
    assert bystander.status == CustomerStatus.ACTIVE


def test_a_ban_is_laid_once_and_lifted_once(club: Organization) -> None:
    ada = make.customer(club)

    with pytest.raises(errors.NotBanned):
        services.lift_ban(customer=ada, at=make.JAN_10, actor=ACTOR)
    services.ban_customer(customer=ada, reason="Shouted", at=make.JAN_10, actor=ACTOR)
    with pytest.raises(errors.AlreadyBanned):
        services.ban_customer(customer=ada, reason="Again", at=make.JAN_10, actor=ACTOR)
    ada = services.lift_ban(customer=ada, at=make.FEB_10, actor=ACTOR)

    assert (ada.status, ada.ban_reason) == (CustomerStatus.ACTIVE, "")
    assert [kind for kind, _ in told(club)] == ["customer.banned", "customer.ban_lifted"]


def test_an_archived_customer_is_restored_before_a_ban(club: Organization) -> None:
    with pytest.raises(errors.CustomerArchived):
        services.ban_customer(
            customer=make.customer(club, status=CustomerStatus.ARCHIVED), reason="x", at=make.JAN_10, actor=ACTOR
        )

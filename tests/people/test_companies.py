"""Making companies known, and changing what is known of them."""

from typing import Any

import pytest

from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.organizations.errors import VersionStale
from tessera.organizations.models import Organization
from tessera.people import errors, services
from tessera.people.models import Company
from tests import make

ACTOR = Actor.system("tests")


def known(club: Organization, **details: Any) -> Company:
    """A company made by the service."""
    return services.create_company(organization=club, at=make.JAN_10, actor=ACTOR, **details)


def changed(company: Company, **details: Any) -> Company:
    """The company after a change by the service."""
    return services.update_company(company=company, at=make.FEB_10, actor=ACTOR, **details)


def test_a_trading_name_is_enough(club: Organization, elsewhere: Organization) -> None:
    acme = known(club, name=" Acme Ltd ")

    assert (acme.name, acme.number, acme.version) == ("Acme Ltd", "COM-000001", 1)
    assert known(elsewhere, name="Acme Ltd").number == "COM-000001"


def test_everything_is_kept_in_one_form(club: Organization) -> None:
    acme = known(
        club,
        name="Acme",
        legal_name="Acme Holdings",
        email="Office@Acme.example",
        phone="020 7946 0000",
        websites=["https://acme.example/en"],
        email_domains=["@Acme.Example", "bücher.example"],
        tags=["tenant", "2nd floor"],
    )

    assert acme.phone == "+442079460000"
    assert acme.email_domains == ["acme.example", "xn--bcher-kva.example"]
    assert acme.name_key == "acme acme holdings"


WRONG: list[tuple[str, dict[str, Any], type[TesseraError]]] = [
    ("/name", {"name": " "}, errors.CompanyUnnamed),
    ("/name", {"name": "x" * 201}, errors.TextInvalid),
    ("/email", {"email": "office"}, errors.EmailInvalid),
    ("/phone", {"phone": "12"}, errors.PhoneInvalid),
    ("/websites/0", {"websites": ["acme.example"]}, errors.WebsiteInvalid),
    ("/websites/0", {"websites": ["javascript:alert(1)"]}, errors.WebsiteInvalid),
    ("/websites/0", {"websites": ["https://[acme"]}, errors.WebsiteInvalid),
    ("/websites/0", {"websites": ["https://user:secret@acme.example"]}, errors.WebsiteInvalid),
    ("/websites", {"websites": [f"https://a{n}.example" for n in range(11)]}, errors.TooMany),
    ("/email_domains/0", {"email_domains": ["localhost"]}, errors.DomainInvalid),
    ("/email_domains/0", {"email_domains": ["10.0.0.1"]}, errors.DomainInvalid),
    ("/email_domains/0", {"email_domains": ["acme..example"]}, errors.DomainInvalid),
    ("/email_domains/1", {"email_domains": ["acme.example", "ACME.example"]}, errors.TooMany),
    ("/tags/0", {"tags": [""]}, errors.TextInvalid),
    ("/tags/1", {"tags": ["Tenant", "tenant"]}, errors.TooMany),
    ("/external_id", {"external_id": ""}, errors.TextInvalid),
]


@pytest.mark.parametrize(("pointer", "details", "error"), WRONG)
def test_what_cannot_be_understood_is_refused_by_name(
    club: Organization, pointer: str, details: dict[str, Any], error: type[TesseraError]
) -> None:
    with pytest.raises(error) as refusal:
        known(club, **{"name": "Acme", **details})

    assert refusal.value.pointer == pointer
    assert not Company.objects.exists()


def test_number_and_external_id_belong_to_one_company(club: Organization, elsewhere: Organization) -> None:
    acme = known(club, name="Acme", number="T-1", external_id="crm-1")
    holder = {"holder": ids.to_text(ids.Prefix.COMPANY, acme.pk)}

    with pytest.raises(errors.NumberTaken) as number:
        known(club, name="Other", number="T-1")
    with pytest.raises(errors.ExternalIdTaken) as external:
        changed(known(club, name="Other"), external_id="crm-1")

    assert number.value.extra == external.value.extra == holder
    assert known(elsewhere, name="Other", number="T-1", external_id="crm-1").number == "T-1"


def test_a_change_is_recorded_by_the_names_of_fields(club: Organization) -> None:
    acme, bystander = known(club, name="Acme", email="office@acme.example"), make.company(club)

    acme = changed(acme, name="Acme", email="", tags=["tenant"])
    same = changed(acme, tags=["tenant"])

    assert (acme.email, acme.tags, same.version) == ("", ["tenant"], 2)
    events = list(Event.objects.filter(organization=club).order_by("sequence").values_list("type", "data"))
    assert events == [("company.created", {}), ("company.updated", {"fields": ["email", "tags"]})]
    bystander.refresh_from_db()
    assert bystander.version == 1


def test_a_company_keeps_a_name_and_an_earlier_version_is_refused(club: Organization) -> None:
    acme = changed(known(club, name="Acme"), name="Acme Ltd")

    with pytest.raises(errors.CompanyUnnamed):
        changed(acme, name=" ")
    with pytest.raises(VersionStale) as refusal:
        changed(acme, version=1, name="Acme")

    assert refusal.value.extra == {"version": 2}
